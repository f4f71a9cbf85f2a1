//! Who may do what, and what a page does when that changes under it.

use reqwest::Method;
use serde_json::Value;

use crate::{
    browser::Browser,
    people::COMPOSER,
    stage::{Stage, story},
};

#[tokio::test]
async fn a_member_sees_what_is_for_admins_and_why() {
    story("admins-only", async |stage| {
        let bob = guest(stage, "general").await;
        let new = "[data-testid=new-room]";
        bob.sees(&format!("{new}[aria-disabled=true][aria-label*='only admins']")).await;
        bob.click(new).await;
        for item in ["Edit name and topic", "Delete room"] {
            bob.choose("room-menu", item).await;
            let none: bool =
                bob.run("return !document.querySelector('dialog[open]')", vec![]).await;
            assert!(none, "{item} opens a dialog for a member");
        }
        bob.click("[data-testid=room-menu]").await;
        bob.reads("[role=menuitem][aria-disabled=true]", "Only admins can do this").await;
        // The page is polite; the server is firm.
        let path = bob.path().await.replace("/ui/room/", "/api/v1/rooms/");
        let script = "const done = arguments[1];
            fetch(arguments[0], { method: 'DELETE' }).then(answer => done(answer.status))";
        assert_eq!(bob.wait_for(script, vec![path.into()]).await, 403);
    })
    .await;
}

#[tokio::test]
async fn signing_out_in_one_tab_signs_out_the_other() {
    story("sign-out", async |stage| {
        let bob = guest(stage, "general").await;
        let first = bob.client.window().await.unwrap();
        let second = bob.client.new_window(true).await.unwrap().handle;
        bob.client.switch_to_window(second).await.unwrap();
        bob.open("/ui/rooms").await;
        bob.reads("[data-testid=my-name]", "bob").await;
        bob.choose("account-menu", "Sign out").await;
        bob.sees("#field-username").await;
        bob.client.switch_to_window(first).await.unwrap();
        bob.sees("#field-username").await;
        bob.loses(COMPOSER).await;
        assert_eq!(bob.path().await, "/ui/login");
    })
    .await;
}

#[tokio::test]
async fn a_session_that_ends_elsewhere_ends_here() {
    story("ended-elsewhere", async |stage| {
        let bob = guest(stage, "general").await;
        bob.keys(COMPOSER, "not yet said").await;
        let list = stage.hallway.done(Method::GET, "/api/v1/sessions", "bob", Value::Null).await;
        for session in list["sessions"].as_array().unwrap() {
            let path = format!("/api/v1/sessions/{}", session["id"].as_str().unwrap());
            stage.hallway.done(Method::DELETE, &path, "bob", Value::Null).await;
        }
        bob.reads("main", "Your session has ended").await;
        bob.sign_in("bob").await;
        bob.sees(COMPOSER).await;
        let kept = "document.querySelector('#composer').value == 'not yet said'";
        bob.until("the draft is kept", kept).await;
    })
    .await;
}

#[tokio::test]
async fn a_room_that_is_deleted_while_it_is_read_is_left() {
    story("room-deleted", async |stage| {
        let bob = guest(stage, "doomed").await;
        let ada = stage.browser("ada").await;
        ada.sign_in("ada").await;
        ada.open(&bob.path().await).await;
        ada.choose("room-menu", "Delete room").await;
        ada.click("dialog[open] [data-testid=confirm]").await;
        for browser in [&ada, &bob] {
            browser.reads("h1", "Rooms").await;
            browser.loses(".room-link").await;
            browser.reads(".toasts", "“doomed” was deleted.").await;
            assert_eq!(browser.path().await, "/ui/rooms");
        }
    })
    .await;
}

#[tokio::test]
async fn a_deep_link_leads_through_the_door_and_back() {
    story("deep-link", async |stage| {
        stage.hallway.account("ada").await;
        stage.hallway.account("bob").await;
        let room = stage.hallway.room("ada", "general", "", &["ada", "bob"]).await;
        let bob = stage.browser("bob").await;
        bob.open(&format!("/ui/room/{room}/")).await;
        bob.sees("#field-username").await;
        assert_eq!(bob.path().await, "/ui/login");
        bob.sign_in("bob").await;
        bob.sees(COMPOSER).await;
        assert_eq!(bob.path().await.trim_end_matches('/'), format!("/ui/room/{room}"));
        // A search, question and all.
        let ada = stage.browser("ada").await;
        ada.open("/ui/search?q=from:me%20%26%20%22a%20b%22%20100%25+%2541").await;
        ada.sees("#field-username").await;
        ada.sign_in("ada").await;
        let asked = "document.querySelector('[data-testid=search]')?.value";
        ada.until("the search is asked", &format!("{asked} === 'from:me & \"a b\" 100% %41'"))
            .await;
        // Another room, where he is not: the way in is offered, and taken.
        let other = stage.hallway.room("ada", "other", "", &["ada"]).await;
        bob.open(&format!("/ui/room/{other}")).await;
        bob.reads("main", "You're not in this room").await;
        bob.click("main button").await;
        bob.sees(COMPOSER).await;
    })
    .await;
}

/// Bob in a room that ada, the admin, has made.
async fn guest(stage: &Stage, room: &str) -> Browser {
    stage.hallway.account("ada").await;
    stage.hallway.account("bob").await;
    let id = stage.hallway.room("ada", room, "", &["ada", "bob"]).await;
    let bob = stage.browser("bob").await;
    bob.sign_in("bob").await;
    bob.go_to(id, room).await;
    bob
}
