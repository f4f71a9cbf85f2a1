//! What happened in a room, as lines between its messages.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Browser, HOME, scenario};

const EVENTS: &str = "[data-testid=events]";
/// The texts of the timeline from top to bottom: of events without their times, and of messages.
const TEXTS: &str = "return [...document.querySelectorAll(
    '[data-testid=timeline] .message-text, [data-testid=events] p')]
    .map(e => (e.querySelector('time') ? e.firstChild : e).textContent);";

async fn texts(browser: &Browser) -> Vec<String> {
    browser.run_script(TEXTS, vec![]).await
}

#[tokio::test]
async fn changes_are_lines_between_the_messages() {
    scenario("events", async |fixture| {
        let server = &fixture.server;
        let names = ["ada", "bob", "carla", "dan", "eve", "finn"];
        for name in names {
            server.create_account(name).await;
        }
        let room = server.create_room("ada", "lobby", "", &["bob"]).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "lobby").await;
        // Also in a room without messages.
        ada.wait_text(EVENTS, "bob joined").await;
        ada.wait_text("main h2", "No messages yet").await;
        ada.send_message("hello").await;
        ada.wait_message("hello").await;
        let path = format!("/api/v1/rooms/{room}");
        let change = json!({ "name": "hall", "topic": "Everything" });
        server.request_ok(Method::PATCH, &path, "ada", change).await;
        ada.wait_text("h1", "hall").await;
        ada.send_message("welcome").await;
        ada.wait_message("welcome").await;
        let expected = [
            "bob joined",
            "hello",
            "ada renamed the room from “lobby” to “hall”",
            "ada changed the topic",
            "welcome",
        ];
        let all = "document.querySelectorAll('[data-testid=events] p').length == 3";
        ada.wait_until("all lines are shown", all).await;
        assert_eq!(texts(&ada).await, expected);
        let times = "const time = document.querySelector('[data-testid=events] p time');
            return [time.textContent, time.title, time.dateTime]";
        let [clock, full, machine]: [String; 3] = ada.run_script(times, vec![]).await;
        assert!(clock.contains(':') && full.contains(':'), "{clock}, {full}");
        assert!(machine.contains('T'), "{machine}");
        ada.wait_visible("[data-testid=events] p time").await;
        // The next message names its author again.
        let heads = "return document.querySelectorAll('.message-head').length";
        assert_eq!(ada.run_script::<i64>(heads, vec![]).await, 2);

        // Many are one line, which opens.
        for name in &names[2..] {
            server.request_ok(Method::PUT, &format!("{path}/membership"), name, Value::Null).await;
        }
        ada.wait_text("[data-testid=events] summary", "carla, dan and 2 others joined").await;
        let line = "[data-testid=events] details p";
        ada.wait_hidden(line).await;
        ada.click("[data-testid=events] summary").await;
        ada.wait_visible(line).await;
        ada.wait_text(line, "carla joined").await;

        // Nothing of it is unread.
        let bob = fixture.open_browser("bob").await;
        bob.sign_in("bob").await;
        bob.wait_text(&format!(".room-link[data-room=\"{room}\"] .badge"), "2 unread").await;
        // After a reload the lines come with the page.
        ada.reload().await;
        ada.wait_text("[data-testid=events] summary", "2 others joined").await;
        assert_eq!(texts(&ada).await[..5], expected);
        ada.type_keys("#timeline", HOME).await;
        ada.wait_visible("[data-testid=timeline-start]").await;
        assert_eq!(server.csp_reports().await, 0);
    })
    .await;
}

/// A gap says that the page missed more changes than the server replays.
#[tokio::test]
async fn a_room_without_messages_has_its_events_after_a_gap() {
    scenario("events-gap", async |fixture| {
        let server = &fixture.server;
        for name in ["ada", "bob"] {
            server.create_account(name).await;
        }
        let room = server.create_room("ada", "lobby", "", &["bob"]).await;
        let ada = fixture.open_browser("ada").await;
        ada.expose_socket().await;
        ada.sign_in("ada").await;
        ada.open_room(room, "lobby").await;
        ada.wait_text(EVENTS, "bob joined").await;
        let gap = "const [path, room, done] = arguments;
            fetch(path).then(response => response.json()).then(page => {
                document.querySelector('[data-testid=events]').isOld = true;
                const frame =
                    { type: 'gap', room, from_rev: 0, to_rev: page.as_of_rev, last_seq: 0 };
                const data = JSON.stringify(frame);
                socket.dispatchEvent(new MessageEvent('message', { data }));
                done(true);
            })";
        let path = format!("/api/v1/rooms/{room}/messages");
        ada.run_async_script(gap, vec![path.into(), room.into()]).await;
        let is_new = "document.querySelector('[data-testid=events]')?.isOld === undefined
            && document.querySelector('[data-testid=events]')?.textContent.includes('bob joined')";
        ada.wait_until("the events are loaded again", is_new).await;
        assert_eq!(server.csp_reports().await, 0);
    })
    .await;
}
