//! The palette, which finds rooms, people and messages; and previews of links to messages.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{CTRL_K, DOWN, ENTER, ESCAPE, scenario};

const PALETTE: &str = "[data-testid=palette]";
const ACTIVE: &str = ".choice[aria-selected=true]";

#[tokio::test]
async fn the_palette_finds_rooms_people_and_messages() {
    scenario("palette", async |fixture| {
        for name in ["ada", "bob", "carla"] {
            fixture.server.create_account(name).await;
        }
        let room =
            fixture.server.create_room("ada", "deep attic", "", &["ada", "bob", "carla"]).await;
        let cellar = fixture.server.create_room("ada", "cellar", "", &["carla"]).await;
        fixture.server.post_message("carla", room, "there is a lantern in here").await;
        let bob = fixture.open_browser("bob").await;
        bob.sign_in("bob").await;

        bob.type_keys("body", CTRL_K).await;
        bob.type_keys(PALETTE, "att").await;
        bob.wait_text(ACTIVE, "deep attic").await;
        bob.type_keys(PALETTE, ENTER).await;
        bob.wait_hidden(PALETTE).await;
        bob.wait_text("h1", "deep attic").await;

        // A room that bob has not joined ranks before people.
        bob.type_keys("body", CTRL_K).await;
        bob.type_keys(PALETTE, "c").await;
        bob.wait_text(".choice", "carla").await;
        bob.fill(PALETTE, "cel").await;
        bob.wait_text(ACTIVE, "Not joined").await;
        bob.click(ACTIVE).await;
        bob.wait_text("main", "You're not in this room").await;
        assert_eq!(bob.path().await, format!("/ui/room/{cellar}"));

        bob.click("[data-testid=jump]").await;
        bob.type_keys(PALETTE, "carl").await;
        bob.wait_text(ACTIVE, "Direct message").await;
        bob.type_keys(PALETTE, DOWN).await;
        bob.wait_text(ACTIVE, "Their messages").await;
        bob.type_keys(PALETTE, ENTER).await;
        bob.wait_text("[data-testid=total]", "1 message").await;

        bob.click("[data-testid=jump]").await;
        bob.type_keys(PALETTE, "lantern").await;
        bob.wait_text(".choice .found", "lantern").await;
        bob.type_keys(PALETTE, DOWN).await;
        bob.wait_text(ACTIVE, "All messages with").await;
        bob.type_keys(PALETTE, DOWN).await;
        bob.wait_text(ACTIVE, "carla: there is a lantern").await;
        bob.type_keys(PALETTE, ENTER).await;
        bob.wait_text("[data-seq='1'] .found", "lantern").await;

        bob.type_keys("body", CTRL_K).await;
        bob.type_keys(PALETTE, ESCAPE).await;
        bob.wait_hidden(PALETTE).await;
    })
    .await;
}

#[tokio::test]
async fn a_link_to_a_message_shows_a_live_preview() {
    scenario("previews", async |fixture| {
        let server = &fixture.server;
        for name in ["ada", "bob"] {
            server.create_account(name).await;
        }
        let here = server.create_room("ada", "here", "", &["ada", "bob"]).await;
        let there = server.create_room("ada", "there", "", &["ada", "bob"]).await;
        let secret = server.create_room("ada", "secret", "", &["ada"]).await;
        server.post_message("ada", there, "the plan is good").await;
        server.post_message("ada", secret, "nobody knows").await;
        let origin = server.origin();
        let link = |room| format!("{origin}/ui/room/{room}/m/1");
        server
            .post_message("ada", here, &format!("see {} and {}", link(there), link(secret)))
            .await;
        let bob = fixture.open_browser("bob").await;
        bob.sign_in("bob").await;
        bob.open_room(here, "here").await;
        bob.wait_text("[data-testid=preview]", "in there").await;
        bob.wait_text("[data-testid=preview]", "the plan is good").await;
        let count: u64 = bob
            .run_script("return document.querySelectorAll('[data-testid=preview]').length", vec![])
            .await;
        assert_eq!(count, 1, "a message that bob may not read has no preview");

        // The preview follows edits and the deletion.
        let message = format!("/api/v1/rooms/{there}/messages/1");
        server
            .request_ok(Method::PATCH, &message, "ada", json!({ "content": "the plan is bad" }))
            .await;
        bob.wait_text("[data-testid=preview]", "the plan is bad").await;
        server.request_ok(Method::DELETE, &message, "ada", Value::Null).await;
        bob.wait_text("[data-testid=preview]", "Message deleted").await;
        bob.wait_until(
            "the deleted text is gone",
            "!document.body.textContent.includes('the plan')",
        )
        .await;

        // Leaving the room removes the preview.
        let membership = format!("/api/v1/rooms/{there}/membership");
        server.request_ok(Method::DELETE, &membership, "bob", Value::Null).await;
        bob.wait_hidden("[data-testid=preview]").await;
        let is_allowed = |line: &String| !line.contains(" 403 ") && !line.contains(" 404 ");
        let console = bob.take_console().await;
        assert!(
            console.iter().all(is_allowed),
            "the page requests messages that bob may not read: {console:?}"
        );
    })
    .await;
}
