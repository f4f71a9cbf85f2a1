//! Permissions and sessions: the actions that the page offers, and its reactions to changes of both.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Browser, COMPOSER, ESCAPE, Fixture, scenario};

#[tokio::test]
async fn a_member_sees_actions_of_hosts_disabled_with_the_reason() {
    scenario("hosts-only", async |fixture| {
        let bob = sign_in_member(fixture, "general").await;
        // A member creates private rooms.
        bob.click("[data-testid=new-room]").await;
        bob.wait_text("dialog[open] .option", "Only admins can create open rooms").await;
        bob.type_keys("dialog[open] :focus", ESCAPE).await;
        bob.wait_hidden("dialog[open]").await;
        for item in ["Edit room", "Delete room"] {
            bob.choose_menu_item("room-menu", item).await;
            let is_closed: bool =
                bob.run_script("return !document.querySelector('dialog[open]')", vec![]).await;
            assert!(is_closed, "{item} opens a dialog for a member");
        }
        bob.click("[data-testid=room-menu]").await;
        bob.wait_text("[role=menuitem][aria-disabled=true]", "Only hosts and admins can do this")
            .await;
        // The server refuses the request that the page does not offer.
        let path = bob.path().await.replace("/ui/room/", "/api/v1/rooms/");
        let script = "const done = arguments[1];
            fetch(arguments[0], { method: 'DELETE' }).then(response => done(response.status))";
        assert_eq!(bob.run_async_script(script, vec![path.into()]).await, 403);
    })
    .await;
}

#[tokio::test]
async fn signing_out_in_one_tab_signs_out_the_other() {
    scenario("sign-out", async |fixture| {
        let bob = sign_in_member(fixture, "general").await;
        let first = bob.client.window().await.unwrap();
        let second = bob.client.new_window(true).await.unwrap().handle;
        bob.client.switch_to_window(second).await.unwrap();
        bob.open("/ui/rooms").await;
        bob.wait_text("[data-testid=my-name]", "bob").await;
        bob.choose_menu_item("account-menu", "Sign out").await;
        bob.wait_visible("#field-username").await;
        bob.client.switch_to_window(first).await.unwrap();
        bob.wait_visible("#field-username").await;
        bob.wait_hidden(COMPOSER).await;
        assert_eq!(bob.path().await, "/ui/login");
    })
    .await;
}

#[tokio::test]
async fn a_revoked_session_leads_to_sign_in_and_keeps_the_draft() {
    scenario("ended-elsewhere", async |fixture| {
        let bob = sign_in_member(fixture, "general").await;
        bob.type_keys(COMPOSER, "a draft").await;
        let list =
            fixture.server.request_ok(Method::GET, "/api/v1/sessions", "bob", Value::Null).await;
        for session in list["sessions"].as_array().unwrap() {
            let path = format!("/api/v1/sessions/{}", session["id"].as_str().unwrap());
            fixture.server.request_ok(Method::DELETE, &path, "bob", Value::Null).await;
        }
        bob.wait_text("main", "Your session has ended").await;
        bob.sign_in("bob").await;
        bob.wait_visible(COMPOSER).await;
        let draft = "document.querySelector('#composer').value == 'a draft'";
        bob.wait_until("the draft is kept", draft).await;
    })
    .await;
}

#[tokio::test]
async fn a_deleted_room_closes_for_everyone_who_reads_it() {
    scenario("room-deleted", async |fixture| {
        let bob = sign_in_member(fixture, "doomed").await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open(&bob.path().await).await;
        ada.choose_menu_item("room-menu", "Delete room").await;
        ada.click("dialog[open] [data-testid=confirm]").await;
        for browser in [&ada, &bob] {
            browser.wait_text("h1", "Rooms").await;
            browser.wait_hidden(".room-link").await;
            browser.wait_text(".toasts", "“doomed” was deleted.").await;
            assert_eq!(browser.path().await, "/ui/rooms");
        }
    })
    .await;
}

#[tokio::test]
async fn an_admin_disables_somebody_and_sees_it_in_the_audit_log() {
    scenario("administration", async |fixture| {
        let bob = sign_in_member(fixture, "general").await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.choose_menu_item("account-menu", "Administration").await;
        let row = |id: u32| format!("[data-testid=accounts] tr[data-user='{id}']");
        let (my_row, bobs_row) = (row(1), row(2));
        ada.wait_text(&bobs_row, "Member").await;
        // My own account has no menu.
        ada.wait_hidden(&format!("{my_row} button")).await;
        ada.fill("main input[type=search]", "BO").await;
        ada.wait_hidden(&my_row).await;
        ada.choose_menu_item("account-actions", "Set new password").await;
        ada.click("dialog[open] [data-testid=confirm]").await;
        ada.wait_visible("dialog[open] [data-testid=new-password]").await;
        ada.click("dialog[open] .button-primary").await;
        bob.wait_visible("#field-username").await;
        ada.choose_menu_item("account-actions", "Disable account").await;
        ada.click("dialog[open] [data-testid=confirm]").await;
        ada.wait_text(&bobs_row, "Disabled").await;
        ada.choose_menu_item("account-actions", "Enable account").await;
        ada.type_keys("dialog[open] [data-testid=confirm]", ESCAPE).await;
        ada.wait_hidden("dialog[open]").await;
        ada.click(".admin-tabs a[href$=rooms]").await;
        ada.wait_text("[data-testid=admin-rooms] tbody tr", "general").await;
        ada.click(".admin-tabs a[href$=audit]").await;
        ada.wait_text("[data-testid=audit] tbody tr", "Disabled bob").await;
        ada.wait_text("[data-testid=audit] tbody tr:nth-child(2)", "Set a new password for bob")
            .await;
        assert_eq!(ada.path().await, "/ui/admin/audit");
    })
    .await;
}

#[tokio::test]
async fn a_deep_link_survives_sign_in() {
    scenario("deep-link", async |fixture| {
        fixture.server.create_account("ada").await;
        fixture.server.create_account("bob").await;
        let room = fixture.server.create_room("ada", "general", "", &["ada", "bob"]).await;
        let bob = fixture.open_browser("bob").await;
        bob.open(&format!("/ui/room/{room}/")).await;
        bob.wait_visible("#field-username").await;
        assert_eq!(bob.path().await, "/ui/login");
        bob.sign_in("bob").await;
        bob.wait_visible(COMPOSER).await;
        assert_eq!(bob.path().await.trim_end_matches('/'), format!("/ui/room/{room}"));
        // A search link with its query.
        let ada = fixture.open_browser("ada").await;
        ada.open("/ui/search?q=from:me%20%26%20%22a%20b%22%20100%25+%2541").await;
        ada.wait_visible("#field-username").await;
        ada.sign_in("ada").await;
        let query = "document.querySelector('[data-testid=search]')?.value";
        ada.wait_until(
            "the query is in the field",
            &format!("{query} === 'from:me & \"a b\" 100% %41'"),
        )
        .await;
        // A room that bob has not joined offers to join.
        let other = fixture.server.create_room("ada", "other", "", &["ada"]).await;
        bob.open(&format!("/ui/room/{other}")).await;
        bob.wait_text("main", "You're not in this room").await;
        bob.click("main button").await;
        bob.wait_visible(COMPOSER).await;
    })
    .await;
}

/// Others create, rename, join and delete rooms while bob looks at the list.
#[tokio::test]
async fn the_list_of_rooms_is_live() {
    scenario("rooms-live", async |fixture| {
        let server = &fixture.server;
        server.create_account("ada").await;
        server.create_account("bob").await;
        let bob = fixture.open_browser("bob").await;
        bob.sign_in("bob").await;
        bob.wait_text("main", "No rooms yet").await;
        let room = server.create_room("ada", "first", "", &["ada"]).await;
        let row = "[data-testid=all-rooms] li";
        bob.wait_text(row, "first1 person").await;
        let path = format!("/api/v1/rooms/{room}");
        server.create_account("cyd").await;
        let membership = format!("{path}/membership");
        server.request_ok(Method::PUT, &membership, "cyd", Value::Null).await;
        server.request_ok(Method::PATCH, &path, "ada", json!({ "name": "renamed" })).await;
        bob.wait_text(row, "renamed2 people").await;
        bob.wait_visible("[aria-label=\"Join renamed\"]").await;
        server.request(Method::DELETE, &path, "ada", Value::Null).await;
        bob.wait_text("main", "No rooms yet").await;
    })
    .await;
}

/// Signs bob in and opens a room that ada, the admin, has created.
async fn sign_in_member(fixture: &Fixture, room: &str) -> Browser {
    fixture.server.create_account("ada").await;
    fixture.server.create_account("bob").await;
    let id = fixture.server.create_room("ada", room, "", &["ada", "bob"]).await;
    let bob = fixture.open_browser("bob").await;
    bob.sign_in("bob").await;
    bob.open_room(id, room).await;
    bob
}
