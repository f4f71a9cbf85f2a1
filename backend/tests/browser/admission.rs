//! Who comes in: setting up a server, and an invitation.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{COMPOSER, scenario};

/// Ada sets up an empty server and founds a private room; a guest comes by a link, and lands in the room.
#[tokio::test]
async fn a_server_is_set_up_and_a_guest_comes_by_a_link() {
    scenario("admission", async |fixture| {
        let ada = fixture.open_browser("ada").await;
        ada.open("/ui/").await;
        ada.wait_text("h1", "Set up").await;
        ada.fill("#field-name", "Harbour").await;
        ada.set_up("ada").await;
        ada.wait_until("the title has the name", "document.title.endsWith('Harbour')").await;
        let first: String =
            ada.run_script("return document.querySelector('#invitation-link').value", vec![]).await;
        assert!(first.starts_with(&fixture.server.origin()) && first.contains("/ui/invite#"));
        ada.wait_until("the code is drawn", "document.querySelector('.qr').naturalWidth > 0").await;
        ada.click("[data-testid=to-rooms]").await;
        ada.wait_text(".brand", "Harbour").await;
        let room = json!({"name": "den", "kind": "private"});
        let room =
            fixture.server.request_ok(Method::POST, "/api/v1/rooms", "ada", room).await["id"]
                .clone();
        let id = room.as_i64().unwrap();
        ada.open_room(id, "den").await;
        ada.choose_menu_item("room-menu", "Invite people").await;
        ada.wait_visible("dialog[open] #field-uses").await;
        ada.click("dialog[open] input[name=rank][aria-describedby=choice-rank-1]").await;
        ada.click("dialog[open] button[type=submit]").await;
        ada.wait_visible("[data-testid=invitation-link]").await;
        let link: String =
            ada.run_script("return document.querySelector('#invitation-link').value", vec![]).await;
        let path = link.strip_prefix(&fixture.server.origin()).unwrap();

        let gil = fixture.open_browser("gil").await;
        gil.open(path).await;
        gil.wait_text("[data-testid=invited-by]", "ada invites you to Harbour.").await;
        gil.fill("#field-username", "gil").await;
        gil.fill("#field-password", "open sesame, please").await;
        gil.click("main button[type=submit]").await;
        gil.wait_visible(COMPOSER).await;
        assert_eq!(gil.path().await, format!("/ui/room/{id}"));
        let me = fixture.server.request_ok(Method::GET, "/api/v1/users/me", "gil", Value::Null);
        assert_eq!(me.await["rank"], "guest");

        // The link has been used, and the list says by whom.
        let eve = fixture.open_browser("eve").await;
        eve.open(path).await;
        eve.wait_text("main", "isn't valid any more").await;
        ada.click("dialog[open] [aria-label=Close]").await;
        ada.choose_menu_item("account-menu", "Invite people").await;
        ada.wait_text("[data-testid=invitations]", "Used upgil").await;
        assert_eq!(fixture.server.csp_reports().await, 0);
    })
    .await;
}
