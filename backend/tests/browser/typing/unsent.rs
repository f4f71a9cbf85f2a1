//! Unsent texts: one draft in all tabs, unfinished edits and replies, rooms that one is no longer in,
//! and signing out.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Browser, COMPOSER, ESCAPE, Fixture, scenario, wait_until};

const EDITOR: &str = "textarea[aria-label='Edit message']";

/// Creates ada, bob and a room; bob's browser shows the room.
async fn open_room_as_bob(fixture: &Fixture) -> (i64, Browser) {
    fixture.server.create_account("ada").await;
    fixture.server.create_account("bob").await;
    let room = fixture.server.create_room("ada", "general", "", &["ada", "bob"]).await;
    let bob = fixture.open_browser("bob").await;
    bob.sign_in("bob").await;
    bob.open_room(room, "general").await;
    (room, bob)
}

async fn wait_draft(browser: &Browser, text: &str) {
    let has_text = format!("document.querySelector('#composer')?.value === {}", json!(text));
    browser.wait_until(&format!("the draft is {text:?}"), &has_text).await;
}

#[tokio::test]
async fn a_draft_is_one_in_all_tabs_and_is_sent_once() {
    scenario("tabs", async |fixture| {
        let (room, bob) = open_room_as_bob(fixture).await;
        let first = bob.client.window().await.unwrap();
        let tab = bob.client.new_window(true).await.unwrap();
        let second = tab.handle;
        bob.client.switch_to_window(second.clone()).await.unwrap();
        bob.open(&format!("/ui/room/{room}")).await;
        bob.wait_visible(COMPOSER).await;

        bob.client.switch_to_window(first.clone()).await.unwrap();
        bob.type_keys(COMPOSER, "typed here").await;
        bob.client.switch_to_window(second.clone()).await.unwrap();
        wait_draft(&bob, "typed here").await;
        bob.type_keys(COMPOSER, " and there").await;
        bob.client.switch_to_window(first).await.unwrap();
        wait_draft(&bob, "typed here and there").await;
        bob.send_message("").await;
        bob.wait_message("typed here and there").await;
        bob.client.switch_to_window(second).await.unwrap();
        wait_draft(&bob, "").await;
        // Enter in the second tab finds nothing to send.
        bob.send_message("").await;
        bob.send_message("the end").await;
        bob.wait_message("the end").await;
        let log = fixture.server.message_log("ada", room).await;
        assert_eq!(
            log.iter().map(|(_, text)| text).collect::<Vec<_>>(),
            ["typed here and there", "the end"]
        );
    })
    .await;
}

#[tokio::test]
async fn an_unfinished_edit_and_a_reply_survive_escape_switching_and_a_reload() {
    scenario("unfinished", async |fixture| {
        let (room, bob) = open_room_as_bob(fixture).await;
        let other = fixture.server.create_room("ada", "other", "", &["bob"]).await;
        fixture.server.post_message("ada", room, "a question").await;
        bob.wait_message("a question").await;
        bob.send_message("my text").await;
        bob.wait_message("my text").await;
        bob.wait_until("nothing is pending", "!document.querySelector('[data-pending]')").await;
        press_action(&bob, 2, "Edit").await;
        bob.type_keys(EDITOR, ", changed").await;
        bob.type_keys(EDITOR, ESCAPE).await;
        let unsaved = "[data-testid=unsaved-edit]";
        bob.wait_text(unsaved, "my text, changed").await;

        press_action(&bob, 1, "Reply").await;
        bob.wait_text(".answering", "a question").await;
        bob.type_keys(COMPOSER, "an answer").await;
        bob.open_room(other, "other").await;
        wait_draft(&bob, "").await;
        bob.wait_hidden(".answering").await;
        bob.open_room(room, "general").await;
        bob.reload().await;
        bob.wait_text(".answering", "a question").await;
        wait_draft(&bob, "an answer").await;
        bob.type_keys(COMPOSER, ESCAPE).await;
        bob.wait_text(".answering", "no longer a reply").await;
        bob.click(".answering .button").await;
        bob.wait_text(".answering", "a question").await;
        bob.send_message("").await;
        bob.wait_text("[data-seq='3'] .quote", "a question").await;

        bob.wait_text(unsaved, "my text, changed").await;
        bob.click(&format!("{unsaved} button")).await;
        bob.wait_visible(EDITOR).await;
        bob.send_to(EDITOR, ", saved").await;
        bob.wait_message("my text, changed, saved").await;
        bob.wait_hidden(unsaved).await;
        bob.reload().await;
        bob.wait_message("my text, changed, saved").await;
        bob.wait_hidden(&format!("{unsaved}, .answering")).await;
    })
    .await;
}

async fn press_action(browser: &Browser, seq: i64, action: &str) {
    let row = format!("article[data-seq='{seq}']");
    browser.hover(&row).await;
    browser.click(&format!("{row} button[aria-label='{action}']")).await;
}

#[tokio::test]
async fn unsent_texts_for_a_room_that_is_gone_are_shown() {
    scenario("stranded", async |fixture| {
        let (room, bob) = open_room_as_bob(fixture).await;
        let other = fixture.server.create_room("ada", "other", "", &["bob"]).await;
        bob.type_keys(COMPOSER, "half a sentence").await;
        bob.open_room(other, "other").await;
        let path = |room: i64| format!("/api/v1/rooms/{room}");
        fixture.server.request_ok(Method::DELETE, &path(room), "ada", Value::Null).await;
        bob.wait_text("dialog[open]", "half a sentence").await;
        bob.wait_text("dialog[open] h2", "Unsent messages").await;
        bob.type_keys("dialog[open] :focus", ESCAPE).await;
        bob.wait_hidden("dialog[open]").await;
        // Closing the dialog keeps the text.
        bob.reload().await;
        bob.wait_text("dialog[open]", "half a sentence").await;
        bob.click("dialog[open] .button-danger").await;
        bob.wait_hidden("dialog[open]").await;

        // The page of a room itself shows what was typed there.
        bob.wait_visible(COMPOSER).await;
        bob.type_keys(COMPOSER, "in this room").await;
        let me =
            fixture.server.request_ok(Method::GET, "/api/v1/users/me", "bob", Value::Null).await;
        let member = format!("{}/members/{}", path(other), me["id"]);
        fixture.server.request_ok(Method::DELETE, &member, "ada", Value::Null).await;
        bob.wait_text("main", "You're not in this room").await;
        bob.wait_text("[data-testid=stranded]", "in this room").await;
        bob.click("main .button-primary").await;
        bob.wait_visible(COMPOSER).await;
        wait_draft(&bob, "in this room").await;
    })
    .await;
}

#[tokio::test]
async fn signing_out_asks_and_erases_what_is_unsent() {
    scenario("erase", async |fixture| {
        let (room, bob) = open_room_as_bob(fixture).await;
        bob.type_keys(COMPOSER, "a secret draft").await;
        bob.choose_menu_item("account-menu", "Sign out").await;
        bob.wait_text("dialog[open]", "Signing out deletes them").await;
        bob.type_keys("dialog[open] :focus", ESCAPE).await;
        bob.wait_hidden("dialog[open]").await;
        wait_draft(&bob, "a secret draft").await;
        bob.choose_menu_item("account-menu", "Sign out").await;
        bob.click("dialog[open] [data-testid=confirm]").await;
        bob.wait_visible("#field-password").await;
        let stored = "return JSON.stringify(localStorage)";
        wait_until("nothing of bob's is stored", async || {
            let stored: String = bob.run_script(stored, vec![]).await;
            !stored.contains("secret") && !stored.contains("hallway.rooms")
        })
        .await;
        bob.sign_in("bob").await;
        bob.open_room(room, "general").await;
        wait_draft(&bob, "").await;
    })
    .await;
}
