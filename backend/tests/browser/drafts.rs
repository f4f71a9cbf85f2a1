//! Drafts and unsent messages survive a reload, a refusal and a closed page.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Browser, COMPOSER, Row, scenario};

#[tokio::test]
async fn a_draft_survives_a_reload_in_its_own_room() {
    scenario("draft", async |fixture| {
        fixture.server.create_account("ada").await;
        let one = fixture.server.create_room("ada", "one", "", &["ada"]).await;
        let two = fixture.server.create_room("ada", "two", "", &["ada"]).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(one, "one").await;
        ada.type_keys(COMPOSER, "for the first").await;
        ada.open_room(two, "two").await;
        ada.type_keys(COMPOSER, "for the second").await;
        ada.reload().await;
        ada.wait_visible(COMPOSER).await;
        let composer_has =
            |text: &str| format!("document.querySelector('#composer').value == '{text}'");
        ada.wait_until("the second draft", &composer_has("for the second")).await;
        ada.open_room(one, "one").await;
        ada.wait_until("the first draft", &composer_has("for the first")).await;
        ada.send_message(", sent").await;
        ada.wait_message("for the first, sent").await;
        ada.reload().await;
        ada.wait_until("the composer is empty", &composer_has("")).await;
    })
    .await;
}

/// Bob's page closes with unsent messages, and an admin removes him from the room. When the
/// page opens again, the server refuses the messages, and the page keeps them.
#[tokio::test]
async fn a_refused_message_offers_retry_and_edit() {
    scenario("refused", async |fixture| {
        fixture.server.create_account("ada").await;
        fixture.server.create_account("bob").await;
        let room = fixture.server.create_room("ada", "general", "", &["ada", "bob"]).await;
        let bob = fixture.open_browser("bob").await;
        bob.sign_in("bob").await;
        bob.open_room(room, "general").await;
        let _: Option<()> = bob.run_script("WebSocket.prototype.send = () => {}", vec![]).await;
        bob.send_message("first words").await;
        bob.send_message("second words").await;
        bob.wait_until(
            "two messages are pending",
            "document.querySelectorAll('[data-pending]').length == 2",
        )
        .await;
        bob.leave_page().await;
        let me =
            fixture.server.request_ok(Method::GET, "/api/v1/users/me", "bob", Value::Null).await;
        let member = format!("/api/v1/rooms/{room}/members/{}", me["id"]);
        fixture.server.request_ok(Method::DELETE, &member, "ada", Value::Null).await;

        bob.open(&format!("/ui/room/{room}")).await;
        bob.wait_text("main", "You're not in this room").await;
        bob.click("main button").await;
        bob.wait_text(".message-refused", "Not sent.").await;
        let refused = |row: &Row| row.refused;
        assert_eq!(bob.message_rows().await.into_iter().filter(refused).count(), 2);
        assert_eq!(fixture.server.message_log("ada", room).await, []);
        press_button(&bob, "first words", "Retry").await;
        bob.wait_message("first words").await;
        press_button(&bob, "second words", "Edit").await;
        bob.wait_until(
            "the composer has the text",
            "document.querySelector('#composer').value == 'second words'",
        )
        .await;
        bob.wait_hidden(".message-refused").await;
        bob.send_message(", better").await;
        bob.wait_message("second words, better").await;
        let expected = ["first words", "second words, better"].map(|t| ("bob".into(), t.into()));
        assert_eq!(fixture.server.message_log("ada", room).await, expected);
    })
    .await;
}

/// Clicks a button below a refused message.
async fn press_button(browser: &Browser, text: &str, button: &str) {
    let script = "[...document.querySelectorAll('.message-refused')]
        .find(row => row.textContent.includes(arguments[0])).querySelectorAll('button')
        .forEach(b => b.toggleAttribute('data-press', b.textContent == arguments[1]))";
    let _: Option<()> = browser.run_script(script, vec![text.into(), button.into()]).await;
    browser.click("[data-press]").await;
}

/// An IndexedDB that never answers, as in Chromium after a page unloads while it opens the database.
const HANGING_INDEXED_DB: &str = "
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = function () {
        const request = open.call(this, 'elsewhere', 1);
        request.addEventListener = () => {};
        for (const event of ['onsuccess', 'onerror', 'onblocked', 'onupgradeneeded'])
            Object.defineProperty(request, event, { set() {} });
        return request;
    };";

#[tokio::test]
async fn messages_are_sent_while_indexed_db_hangs() {
    scenario("hanging-indexed-db", async |fixture| {
        fixture.server.create_account("ada").await;
        let room = fixture.server.create_room("ada", "general", "", &["ada"]).await;
        let ada = fixture.open_browser("ada").await;
        let script = json!({ "source": HANGING_INDEXED_DB });
        ada.devtools("Page.addScriptToEvaluateOnNewDocument", script).await;
        ada.sign_in("ada").await;
        ada.open_room(room, "general").await;
        ada.send_message("nevertheless").await;
        ada.wait_message("nevertheless").await;
    })
    .await;
}
