//! Profiles: the form, and where others see the name and the status.

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{COMPOSER, ESCAPE, scenario};

const NAME: &str = "dialog[open] #field-display_name";

#[tokio::test]
async fn a_new_display_name_appears_everywhere_at_once() {
    scenario("profile", async |fixture| {
        let server = &fixture.server;
        for name in ["ada", "bob"] {
            server.create_account(name).await;
        }
        let general = server.create_room("ada", "general", "", &["ada", "bob"]).await;
        server.post_message("bob", general, "hello").await;
        let bob_id = server.request_ok(Method::GET, "/api/v1/users/me", "bob", Value::Null).await;
        let users = json!({ "users": [bob_id["id"]] });
        let direct = server.request_ok(Method::POST, "/api/v1/direct", "ada", users).await;
        let room = format!(".room-link[data-room=\"{}\"]", direct["id"]);
        server.post_message("ada", direct["id"].as_i64().unwrap(), "psst").await;
        let (ada, bob) = (fixture.open_browser("ada").await, fixture.open_browser("bob").await);
        for browser in [&ada, &bob] {
            browser.sign_in(&browser.name).await;
            browser.open_room(general, "general").await;
            browser.wait_message("hello").await;
        }
        ada.wait_text(&room, "bob").await;

        // Somebody else's name is refused beside its field.
        bob.choose_menu_item("account-menu", "Edit profile").await;
        bob.fill(NAME, "ADA").await;
        bob.click("dialog[open] button[type=submit]").await;
        bob.wait_text("dialog[open] .field-error", "is the name of somebody else").await;
        bob.fill(NAME, "Bob the Builder").await;
        bob.fill("dialog[open] #field-pronouns", "he/him").await;
        let preset = "[...document.querySelectorAll('dialog[open] .chip')]
            .find(e => e.textContent.includes('At lunch')).setAttribute('data-preset', '')";
        let _: Option<()> = bob.run_script(preset, vec![]).await;
        bob.click("[data-preset]").await;
        let mark = "document.querySelector('[data-testid=timeline]').isTheSame = true";
        let _: Option<()> = bob.run_script(mark, vec![]).await;
        bob.wait_until(
            "the preset fills in the end",
            "document.querySelector('dialog[open] #field-status-until').value == 'half-hour'",
        )
        .await;
        bob.click("dialog[open] button[type=submit]").await;
        bob.wait_hidden("dialog[open]").await;
        bob.wait_text("[data-testid=my-name]", "Bob the Builder").await;
        bob.wait_text("[data-testid=my-status]", "At lunch").await;
        // A new connection would have built the room again.
        let is_marked =
            "return document.querySelector('[data-testid=timeline]')?.isTheSame === true";
        assert!(bob.run_script::<bool>(is_marked, vec![]).await);

        // The message that is loaded, the direct room, and the card.
        ada.wait_text("[data-testid=timeline] .person-name", "Bob the Builder").await;
        ada.wait_text(&room, "Bob the Builder").await;
        bob.send_message("after").await;
        ada.wait_message("after").await;
        let authors: Vec<String> =
            ada.message_rows().await.into_iter().map(|row| row.author).collect();
        assert_eq!(authors, ["Bob the Builder"; 2]);
        ada.click("[data-testid=timeline] .person-name").await;
        ada.wait_text("dialog[open] h2", "Bob the Builder").await;
        for text in ["@bob", "he/him", "At lunch", "Member"] {
            ada.wait_text("[data-testid=person-card]", text).await;
        }

        // After a reload, the list of people has the status too.
        ada.reload().await;
        ada.wait_visible(COMPOSER).await;
        ada.wait_text("[data-member=bob]", "Bob the Builder").await;
        ada.wait_text("[data-member=bob] .member-status", "At lunch").await;
        bob.choose_menu_item("account-menu", "Edit profile").await;
        bob.fill(NAME, " ").await;
        bob.click("dialog[open] .chip:last-child").await;
        bob.click("dialog[open] button[type=submit]").await;
        bob.wait_text("[data-testid=my-status]", "Member").await;
        ada.wait_text("[data-testid=timeline] .person-name", "bob").await;
        assert_eq!(server.csp_reports().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_status_and_a_time_out_end_by_themselves() {
    scenario("status-end", async |fixture| {
        let server = &fixture.server;
        for name in ["ada", "bob"] {
            server.create_account(name).await;
        }
        let room = server.create_room("ada", "general", "", &["ada", "bob"]).await;
        let bob = fixture.open_browser("bob").await;
        bob.sign_in("bob").await;
        bob.open_room(room, "general").await;
        bob.wait_visible("[data-member=bob]").await;
        let me = server.request_ok(Method::GET, "/api/v1/users/me", "bob", Value::Null).await;
        let time_out = format!("/api/v1/rooms/{room}/members/{}/timeout", me["id"]);
        server.request_ok(Method::PUT, &time_out, "ada", json!({ "minutes": 1 })).await;
        bob.wait_text("[data-member=bob]", "Timed out").await;
        let until = Utc::now() + TimeDelta::seconds(20);
        let status = json!({ "text": "At lunch", "until": until });
        let profile = json!({ "status": status });
        server.request_ok(Method::PATCH, "/api/v1/users/me/profile", "bob", profile).await;
        bob.wait_text("[data-testid=my-status]", "At lunch").await;
        bob.reload().await;
        bob.wait_text("[data-member=bob]", "Timed out").await;
        bob.wait_text("[data-member=bob] .member-status", "At lunch").await;

        // The test sets the clock of the page, because the shortest time-out is a minute. The message
        // before each step keeps the connection from looking dead.
        for text in ["one", "two"] {
            server.post_message("ada", room, text).await;
            bob.wait_message(text).await;
            let step = "const now = Date.now; Date.now = () => now() + 28000";
            let _: Option<()> = bob.run_script(step, vec![]).await;
        }
        bob.wait_text("[data-testid=my-status]", "Member").await;
        bob.wait_hidden("[data-member=bob] .member-status").await;
        bob.wait_hidden("[data-member=bob] .tag").await;
        bob.choose_menu_item("account-menu", "Edit profile").await;
        bob.wait_visible("dialog[open] #field-status_text").await;
        let is_empty = "document.querySelector('dialog[open] #field-status_text').value == ''
            && document.querySelector('dialog[open] #field-status-until').value == 'never'";
        bob.wait_until("the form offers no status", is_empty).await;
        bob.type_keys("dialog[open] :focus", ESCAPE).await;
        assert_eq!(server.csp_reports().await, 0);
    })
    .await;
}
