//! Two users join a room and exchange messages; a crash of the server loses no message.

use tokio::join;

use crate::fixture::{
    BANNER, Browser, COMPOSER, ENTER, Fixture, Row, SHIFT_ENTER, UP, scenario, wait_until,
};

const ROOM: &str = "general";
/// The number of messages that ada sends while the server is killed.
const BURST: usize = 12;

#[tokio::test]
async fn two_people_talk_and_a_crash_loses_no_message() {
    scenario("talk", async |fixture| {
        let (ada, bob) = (fixture.open_browser("ada").await, fixture.open_browser("bob").await);
        let room = register_and_join(&ada, &bob).await;
        exchange_messages(&ada, &bob).await;
        count_unread(&ada, &bob, room).await;
        edit_and_delete(&ada, &bob).await;
        survive_crash(fixture, &ada, &bob, room).await;
        assert_eq!(fixture.server.csp_reports().await, 0);
    })
    .await;
}

/// The first account is the owner and creates a room; the second finds and joins it.
async fn register_and_join(ada: &Browser, bob: &Browser) -> i64 {
    ada.register("ada").await;
    ada.wait_text(".account", "Owner").await;
    ada.click("[data-testid=first-room]").await;
    ada.fill("dialog[open] #field-name", ROOM).await;
    ada.fill("dialog[open] #field-topic", "Everything and nothing").await;
    ada.click("dialog[open] button[type=submit]").await;
    ada.wait_text("h1", ROOM).await;
    ada.wait_visible(COMPOSER).await;
    let room = ada.path().await.rsplit('/').next().unwrap().parse().unwrap();
    bob.register("bob").await;
    bob.wait_text(".account", "Member").await;
    bob.join_room("GEN", ROOM).await;
    room
}

/// Both users see each message once and in order.
async fn exchange_messages(ada: &Browser, bob: &Browser) {
    let texts = ["hello", "hello ada", "is this <b>it</b>?", "it is: https://example.org/a?b=c&d"];
    for (number, text) in texts.iter().enumerate() {
        let (sender, receiver) = if number % 2 == 0 { (ada, bob) } else { (bob, ada) };
        sender.send_message(text).await;
        receiver.wait_message(text).await;
    }
    for browser in [ada, bob] {
        browser.wait_message(texts[3]).await;
        assert_eq!(browser.message_texts().await, texts, "on the page of {}", browser.name);
    }
    ada.wait_text("[data-testid=timeline] a[href='https://example.org/a?b=c&d']", "example.org")
        .await;
    // A screen reader announces the messages of others only.
    ada.wait_until("the announcer reads bob's message", "document.querySelector('[data-testid=announcer]').textContent == 'bob: it is: https://example.org/a?b=c&d'").await;
    // The page shows the other user's typing. Shift+Enter inserts a line break.
    wait_until("bob sees that ada types", async || {
        ada.type_keys(COMPOSER, ".").await;
        let typing = "[data-testid=typing]";
        bob.run_script::<String>(
            &format!("return document.querySelector('{typing}').textContent"),
            vec![],
        )
        .await
        .contains("ada")
    })
    .await;
    ada.fill(COMPOSER, &format!("one{SHIFT_ENTER}two{ENTER}")).await;
    bob.wait_message("one\ntwo").await;
}

/// A message in another room shows in the sidebar and in the tab's title.
async fn count_unread(ada: &Browser, bob: &Browser, room: i64) {
    let badge = format!(".room-link[data-room=\"{room}\"] .badge");
    let side = ada.create_room("side", "").await;
    // Wait until bob has read everything: a message counts as read after 400 ms in view.
    bob.wait_hidden(&badge).await;
    bob.join_room("side", "side").await;
    ada.open_room(room, ROOM).await;
    ada.send_message("@bob? are you there?").await;
    ada.send_message("hello?").await;
    bob.wait_text(&badge, "2 unread, you are mentioned").await;
    wait_until("bob's title shows the count", async || bob.title().await == "(2) side · Hallway")
        .await;
    assert_eq!(bob.path().await, format!("/ui/room/{side}"));
    bob.open_room(room, ROOM).await;
    bob.wait_message("hello?").await;
    bob.wait_visible("[data-testid=unread-line]").await;
    bob.wait_hidden(&badge).await;
    wait_until("bob's title shows no count", async || bob.title().await == "general · Hallway")
        .await;
}

/// ↑ edits the last message, a button deletes it; both pages show it.
async fn edit_and_delete(ada: &Browser, bob: &Browser) {
    ada.send_message("to be chnaged").await;
    bob.wait_message("to be chnaged").await;
    ada.wait_until("nothing is pending", "!document.querySelector('[data-pending]')").await;
    ada.type_keys(COMPOSER, UP).await;
    let editor = "textarea[aria-label='Edit message']";
    ada.fill(editor, &format!("to be changed{ENTER}")).await;
    for browser in [ada, bob] {
        browser.wait_message("to be changed").await;
        browser.wait_hidden(editor).await;
        let row = last_row(browser).await;
        assert!(row.edited && row.text.as_deref() == Some("to be changed"), "{row:?}");
    }
    let seq = last_row(ada).await.seq.unwrap();
    ada.hover(&format!("article[data-seq=\"{seq}\"]")).await;
    ada.click(&format!("article[data-seq=\"{seq}\"] button[aria-label=Delete]")).await;
    ada.click("dialog[open] [data-testid=confirm]").await;
    ada.wait_hidden("dialog[open]").await;
    for browser in [ada, bob] {
        browser.wait_visible(&format!("article[data-seq=\"{seq}\"] .tombstone")).await;
        let page = browser.client.source().await.unwrap();
        assert!(!page.contains("to be changed"), "the deleted text is still on {}", browser.name);
    }
}

async fn last_row(browser: &Browser) -> Row {
    browser.message_rows().await.pop().expect("the timeline has a row")
}

/// Kills the server while ada sends messages. Ada's page stays open. Bob's page closes while the server
/// is down, so his message exists only in his browser's outbox.
async fn survive_crash(fixture: &Fixture, ada: &Browser, bob: &Browser, room: i64) {
    let burst: Vec<String> = (0..BURST).map(|n| format!("burst {n}")).collect();
    let send_burst = async {
        for text in &burst {
            ada.send_message(text).await;
        }
    };
    let kill = async {
        bob.wait_message("burst 2").await;
        fixture.server.kill();
    };
    join!(send_burst, kill);
    ada.send_message("sent offline").await;
    bob.send_message("me too").await;
    ada.type_keys(COMPOSER, "a draft").await;
    for browser in [ada, bob] {
        browser.wait_visible(BANNER).await;
        let pending = browser.message_rows().await.iter().filter(|row| row.pending).count();
        assert!(pending > 0, "nothing is pending on the page of {}", browser.name);
    }
    bob.leave_page().await;
    fixture.server.restart().await;
    bob.open(&format!("/ui/room/{room}")).await;
    for browser in [ada, bob] {
        browser.wait_hidden(BANNER).await;
        browser.wait_message("sent offline").await;
        browser.wait_message("me too").await;
        browser.wait_until("nothing is pending", "!document.querySelector('[data-pending]')").await;
    }
    ada.wait_until("the draft is kept", "document.querySelector('#composer').value == 'a draft'")
        .await;
    check_nothing_lost(fixture, ada, bob, room, &burst).await;
}

/// The server, ada and bob have the same messages, and each message exactly once.
async fn check_nothing_lost(
    fixture: &Fixture,
    ada: &Browser,
    bob: &Browser,
    room: i64,
    burst: &[String],
) {
    let log: Vec<String> =
        fixture.server.message_log("bob", room).await.into_iter().map(|(_, text)| text).collect();
    let log: Vec<&String> = log.iter().filter(|text| !text.is_empty()).collect();
    for browser in [ada, bob] {
        let texts = browser.message_texts().await;
        assert_eq!(texts.iter().collect::<Vec<_>>(), log, "on the page of {}", browser.name);
    }
    let offline = ["sent offline".to_owned(), "me too".to_owned()];
    for text in burst.iter().chain(&offline) {
        let count = log.iter().filter(|logged| **logged == text).count();
        assert_eq!(count, 1, "{text:?} exists {count} times");
    }
    let logged_burst = log.iter().filter(|text| text.starts_with("burst"));
    assert!(logged_burst.eq(burst.iter().collect::<Vec<_>>().iter()), "{log:?}");
}
