//! Shortcuts on keyboards of other scripts, their list, and announcements to screen readers.

use serde_json::{Value, json};

use crate::fixture::{Browser, CTRL_K, DOWN, ENTER, ESCAPE, scenario};

const PALETTE: &str = "[data-testid=palette]";
const ACTIVE: &str = ".choice[aria-selected=true]";
const SHORTCUTS: &str = "[data-testid=shortcuts]";

/// Dispatches a key on the page, without a text field that has the focus.
async fn press(browser: &Browser, key: &str, code: &str, options: Value) {
    let script = "const [key, code, options] = arguments;
        document.activeElement.blur();
        document.body.dispatchEvent(new KeyboardEvent('keydown',
            { key, code, bubbles: true, cancelable: true, ...options }))";
    let _: Option<()> = browser.run_script(script, vec![json!(key), json!(code), options]).await;
}

#[tokio::test]
async fn shortcuts_work_on_a_cyrillic_keyboard_and_are_listed() {
    scenario("cyrillic", async |fixture| {
        fixture.server.create_account("ada").await;
        let room = fixture.server.create_room("ada", "general", "", &["ada"]).await;
        fixture.server.post_message("ada", room, "hello").await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "general").await;
        ada.wait_message("hello").await;

        press(&ada, "л", "KeyK", json!({ "ctrlKey": true, "isComposing": true })).await;
        press(&ada, "?", "Digit7", json!({ "shiftKey": true, "keyCode": 229 })).await;
        let is_closed = "return !document.querySelector('dialog[open]')";
        assert!(
            ada.run_script::<bool>(is_closed, vec![]).await,
            "a key that composes is no shortcut"
        );
        press(&ada, "л", "KeyK", json!({ "ctrlKey": true })).await;
        ada.wait_visible(PALETTE).await;
        ada.type_keys(PALETTE, ESCAPE).await;
        ada.wait_hidden("dialog[open]").await;
        press(&ada, "п", "KeyG", json!({})).await;
        press(&ada, "в", "KeyD", json!({})).await;
        ada.wait_visible("dialog[open] .calendar-day").await;
        ada.type_keys("dialog[open] :focus", ESCAPE).await;
        ada.wait_hidden("dialog[open]").await;

        press(&ada, "?", "Digit7", json!({ "shiftKey": true })).await;
        ada.wait_text(SHORTCUTS, "Jump to the oldest message").await;
        ada.type_keys("dialog[open] :focus", ESCAPE).await;
        ada.wait_hidden(SHORTCUTS).await;
        // In a text field it is a question mark.
        ada.type_keys("#composer", "?").await;
        ada.wait_until("it is typed", "document.querySelector('#composer').value == '?'").await;
        ada.choose_menu_item("account-menu", "Keyboard shortcuts").await;
        ada.wait_visible(SHORTCUTS).await;
    })
    .await;
}

#[tokio::test]
async fn the_palette_begins_with_unread_and_recent_rooms_and_knows_days() {
    scenario("palette-order", async |fixture| {
        let server = &fixture.server;
        for name in ["ada", "bob"] {
            server.create_account(name).await;
        }
        let mut rooms = Vec::new();
        for name in ["attic", "balcony", "cellar", "door", "entrance"] {
            rooms.push(server.create_room("ada", name, "", &["ada", "bob"]).await);
        }
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        for (room, name) in [(2, "cellar"), (3, "door"), (0, "attic")] {
            ada.open_room(rooms[room], name).await;
        }
        server.post_message("ada", rooms[0], "the only day").await;
        server.post_message("bob", rooms[4], "hello").await;
        ada.wait_visible("[data-testid=unread]").await;
        ada.type_keys("body", CTRL_K).await;
        let order = "[...document.querySelectorAll('.choice-text')].map(e => e.textContent).join()";
        let expected = "entrance,door,cellar,balcony,attic";
        ada.wait_until("the rooms are in order", &format!("{order} == '{expected}'")).await;
        ada.wait_text(ACTIVE, "1 unread").await;

        ada.type_keys(PALETTE, "yesterday").await;
        ada.wait_text(ACTIVE, "Day in this room").await;
        ada.wait_text(ACTIVE, "Yesterday").await;
        ada.type_keys(PALETTE, ENTER).await;
        ada.wait_text(".toast", "There are no messages on that day. This is the nearest: today.")
            .await;
        ada.wait_visible(".message-lit[data-seq='1']").await;
        ada.type_keys("body", CTRL_K).await;
        ada.type_keys(PALETTE, DOWN).await;
        ada.type_keys(PALETTE, ENTER).await;
        ada.wait_text("h1", "door").await;
    })
    .await;
}

#[tokio::test]
async fn equal_messages_are_announced_each() {
    scenario("announcer", async |fixture| {
        let server = &fixture.server;
        for name in ["ada", "bob"] {
            server.create_account(name).await;
        }
        let room = server.create_room("ada", "general", "", &["ada", "bob"]).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "general").await;
        let script = "const region = document.querySelector('[data-testid=announcer]');
            window.announced = [];
            new MutationObserver(() => announced.push(region.textContent.trim()))
                .observe(region, { childList: true, characterData: true, subtree: true })";
        let _: Option<()> = ada.run_script(script, vec![]).await;
        for count in 1..=3 {
            server.post_message("bob", room, "ok").await;
            let is_announced =
                format!("announced.length == {count} && announced.at(-1).endsWith('ok')");
            ada.wait_until("the message is announced", &is_announced).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_frame_of_a_newer_server_asks_for_a_reload() {
    scenario("unknown-frame", async |fixture| {
        fixture.server.create_account("ada").await;
        let room = fixture.server.create_room("ada", "general", "", &["ada"]).await;
        let ada = fixture.open_browser("ada").await;
        ada.expose_socket().await;
        ada.sign_in("ada").await;
        ada.open_room(room, "general").await;
        let receive = "socket.dispatchEvent(new MessageEvent('message',
            { data: JSON.stringify({ type: 'novelty' }) }))";
        let _: Option<bool> = ada.run_script(receive, vec![]).await;
        ada.wait_text(".toast", "Hallway was updated. Reload the page").await;
        // The connection goes on.
        ada.send_message("still here").await;
        ada.wait_message("still here").await;
    })
    .await;
}
