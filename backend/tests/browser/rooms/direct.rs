//! Direct messages.

use tokio::join;

use crate::fixture::{COMPOSER, CTRL_K, ENTER, scenario};

#[tokio::test]
async fn two_people_start_a_direct_room_at_once_and_talk() {
    scenario("direct", async |fixture| {
        let server = &fixture.server;
        for name in ["ada", "bob", "cleo"] {
            server.create_account(name).await;
        }
        let general = server.create_room("ada", "general", "", &["ada", "bob", "cleo"]).await;
        server.post_message("ada", general, "hello").await;
        let (ada, bob) = (fixture.open_browser("ada").await, fixture.open_browser("bob").await);
        for browser in [&ada, &bob] {
            browser.sign_in(&browser.name).await;
            browser.open_room(general, "general").await;
        }

        // Ada by a command, bob by the card of her name.
        ada.type_keys(COMPOSER, "/dm @bob").await;
        bob.click("[data-testid=timeline] .person-name").await;
        let message = "[data-testid=person-card] .button";
        bob.wait_text(message, "Message").await;
        bob.wait_text("[data-testid=person-card]", "Owner").await;
        join!(ada.type_keys(COMPOSER, ENTER), bob.click(message));
        ada.wait_text("h1", "bob").await;
        bob.wait_text("h1", "ada").await;
        assert_eq!(ada.path().await, bob.path().await);
        let room: i64 = ada.path().await.rsplit('/').next().unwrap().parse().unwrap();
        ada.send_message("just us").await;
        bob.wait_message("just us").await;
        bob.send_message("nobody else").await;
        ada.wait_message("nobody else").await;
        // Whoever posts has read everything.
        ada.send_message("good").await;

        // The sidebar counts messages and shows who is online.
        let link = format!(".room-link[data-room=\"{room}\"]");
        ada.open_room(general, "general").await;
        bob.send_message("still there?").await;
        ada.wait_text(&format!("{link} .badge"), "1 unread").await;
        ada.wait_visible(&format!("{link} .dot-online")).await;
        ada.reload().await;
        ada.wait_visible(&format!("{link} .dot-online")).await;

        // Hidden until bob writes again, and there is no way to leave it.
        ada.open_room(room, "bob").await;
        ada.wait_message("still there?").await;
        ada.click("[data-testid=room-menu]").await;
        ada.wait_text("[role=menu]", "Add people").await;
        let items = "return document.querySelector('[role=menu]').textContent";
        let items: String = ada.run_script(items, vec![]).await;
        for absent in ["Leave", "Delete", "Edit"] {
            assert!(!items.contains(absent), "{items}");
        }
        ada.click("[data-testid=room-menu]").await;
        ada.choose_menu_item("room-menu", "Hide").await;
        ada.wait_hidden(&link).await;
        bob.send_message("come back").await;
        ada.wait_text(&format!("{link} .badge"), "1 unread").await;

        // The palette finds the room by the person, and a new one by another person.
        ada.type_keys("body", CTRL_K).await;
        ada.type_keys("[data-testid=palette]", "bob").await;
        ada.wait_text(".choice[aria-selected=true]", "unread").await;
        ada.type_keys("[data-testid=palette]", ENTER).await;
        ada.wait_message("come back").await;
        ada.click("[data-testid=new-direct]").await;
        ada.type_keys("[data-testid=find-people]", "cl").await;
        ada.click("dialog[open] .person").await;
        ada.wait_text("dialog[open] .chip", "cleo").await;
        ada.click("dialog[open] button[type=submit]").await;
        ada.wait_text("h1", "cleo").await;
        assert_eq!(server.csp_reports().await, 0);
    })
    .await;
}
