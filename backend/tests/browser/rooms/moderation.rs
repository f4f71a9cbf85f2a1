//! What hosts have against disturbance: reports, time-outs, bans and slow mode.

use reqwest::Method;
use serde_json::{Value, json};

use super::private_rooms::{choose_for_bob, open_bobs_menu};
use crate::fixture::{Browser, COMPOSER, ESCAPE, Fixture, scenario};

const CLOSED: &str = "[data-testid=composer-closed]";
const REPORTS: &str = "[data-testid=reports]";
const BANS: &str = "[data-testid=bans]";
const SLOW_MODE: &str = "[data-testid=slow-mode]";

#[tokio::test]
async fn a_message_is_reported_and_the_host_deletes_it() {
    scenario("report", async |fixture| {
        let (ada, bob, room) = open_room(fixture).await;
        fixture.server.post_message("carla", room, "a rude word").await;
        bob.wait_message("a rude word").await;
        bob.hover("[data-seq='1']").await;
        bob.click("[data-seq='1'] button[aria-label='Report…']").await;
        bob.wait_text("dialog[open]", "a rude word").await;
        bob.type_keys("dialog[open] textarea", "spam").await;
        bob.click("dialog[open] button[type=submit]").await;
        bob.wait_text(".toasts", "The hosts of this room will look at it").await;
        bob.wait_hidden("dialog[open]").await;

        ada.click("[data-testid=room-menu]").await;
        let is_counted = "[...document.querySelectorAll('[role=menuitem]')]
            .some(item => item.textContent.startsWith('Reports (1)'))";
        ada.wait_until("the menu counts the report", is_counted).await;
        ada.type_keys("[role=menu] :focus", ESCAPE).await;
        ada.choose_menu_item("room-menu", "Reports").await;
        ada.wait_text(REPORTS, "a rude word").await;
        ada.wait_text(REPORTS, "spam").await;
        ada.click(&format!("{REPORTS} .button-danger")).await;
        let confirm = format!("{REPORTS} [data-testid=confirm]");
        ada.wait_focus(&confirm).await;
        ada.click(&format!("{REPORTS} [role=group] .button:not(.button-danger)")).await;
        ada.wait_hidden(&confirm).await;
        ada.wait_focus(&format!("{REPORTS} .button-danger")).await;
        ada.wait_text(REPORTS, "a rude word").await;
        ada.click(&format!("{REPORTS} .button-danger")).await;
        ada.click(&confirm).await;
        ada.wait_text("dialog[open]", "there are no open reports").await;
        ada.type_keys("dialog[open] :focus", ESCAPE).await;
        bob.wait_visible("[data-seq='1'] .tombstone").await;
    })
    .await;
}

#[tokio::test]
async fn a_member_is_timed_out_and_banned() {
    scenario("time-out", async |fixture| {
        let (ada, bob, room) = open_room(fixture).await;
        bob.type_keys(COMPOSER, "half a sentence").await;
        choose_for_bob(&ada, "Time out…").await;
        ada.click("dialog[open] .dialog-actions button:first-child").await;
        bob.wait_text(CLOSED, "not post here until").await;
        bob.wait_hidden(COMPOSER).await;
        ada.wait_hidden("dialog[open]").await;
        ada.wait_text(".member[data-member=bob]", "Timed out").await;
        choose_for_bob(&ada, "End time-out").await;
        bob.wait_visible(COMPOSER).await;
        let draft = "document.querySelector('#composer').value == 'half a sentence'";
        bob.wait_until("the draft is kept", draft).await;

        choose_for_bob(&ada, "Remove and ban").await;
        ada.wait_text("dialog[open]", "neither join nor be added").await;
        ada.click("dialog[open] [data-testid=confirm]").await;
        bob.wait_hidden(COMPOSER).await;
        let path = format!("/api/v1/rooms/{room}/membership");
        let join = "const done = arguments[1];
            fetch(arguments[0], { method: 'PUT' }).then(response => done(response.status))";
        assert_eq!(bob.run_async_script(join, vec![path.clone().into()]).await, 403);

        ada.wait_hidden("dialog[open]").await;
        ada.choose_menu_item("room-menu", "Edit room").await;
        ada.click(&format!("{BANS} summary")).await;
        ada.wait_text(BANS, "bob").await;
        ada.click(&format!("{BANS} button")).await;
        ada.wait_hidden(BANS).await;
        ada.wait_focus("dialog[open] .dialog-head button").await;
        fixture.server.request_ok(Method::PUT, &path, "bob", Value::Null).await;
    })
    .await;
}

#[tokio::test]
async fn the_open_menu_of_a_member_stays_open() {
    scenario("member-menu", async |fixture| {
        let (ada, _bob, room) = open_room(fixture).await;
        fixture.server.post_message("bob", room, "hello").await;
        ada.wait_message("hello").await;
        open_bobs_menu(&ada).await;
        let name = json!({ "display_name": "Zoe" });
        fixture.server.request_ok(Method::PATCH, "/api/v1/users/me/profile", "bob", name).await;
        ada.wait_text("[data-testid=timeline] .person-name", "Zoe").await;
        ada.wait_visible(".member[data-member=bob] [role=menu]").await;
        ada.type_keys("[role=menu] :focus", ESCAPE).await;
        ada.wait_text(".member[data-member=bob] .person-name", "Zoe").await;
    })
    .await;
}

#[tokio::test]
async fn slow_mode_is_a_countdown() {
    scenario("slow-mode", async |fixture| {
        let (ada, bob, _) = open_room(fixture).await;
        ada.choose_menu_item("room-menu", "Edit room").await;
        ada.click("dialog[open] .more-options summary").await;
        ada.wait_visible("#field-slow-mode").await;
        let choose = "const select = document.querySelector('#field-slow-mode');
            select.value = arguments[0];
            select.dispatchEvent(new Event('change', { bubbles: true }))";
        let _: Option<()> = ada.run_script(choose, vec![json!("300")]).await;
        ada.click("dialog[open] button[type=submit]").await;
        ada.wait_text(".toasts", "Room saved").await;

        bob.wait_text(SLOW_MODE, "one message every 5:00 min").await;
        bob.send_message("once").await;
        bob.wait_message("once").await;
        bob.wait_text(SLOW_MODE, "you can post again in 4:").await;
        bob.send_message("twice").await;
        let is_kept = "document.querySelector('#composer').value.startsWith('twice')
            && document.querySelector('.send-button').disabled";
        bob.wait_until("the second text waits", is_kept).await;
        assert_eq!(bob.message_texts().await, ["once"]);
        // Hosts do not wait.
        ada.send_message("one").await;
        ada.send_message("two").await;
        ada.wait_message("two").await;
    })
    .await;
}

/// An open room in which both are; ada is its host. Carla is in it too.
async fn open_room(fixture: &Fixture) -> (Browser, Browser, i64) {
    for name in ["ada", "bob", "carla"] {
        fixture.server.create_account(name).await;
    }
    let members = ["ada", "bob", "carla"];
    let room = fixture.server.create_room("ada", "general", "", &members).await;
    let open = async |name: &str| {
        let browser = fixture.open_browser(name).await;
        browser.sign_in(name).await;
        browser.open_room(room, "general").await;
        browser
    };
    (open("ada").await, open("bob").await, room)
}
