//! From anywhere to a room, a person, a message; and what a link to a message shows.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    browser::{CTRL_K, ENTER, ESCAPE},
    stage::story,
};

const PALETTE: &str = "[data-testid=palette]";
const ACTIVE: &str = ".choice[aria-selected=true]";
const DOWN: &str = "\u{e015}";

#[tokio::test]
async fn a_few_letters_lead_anywhere() {
    story("palette", async |stage| {
        for name in ["ada", "bob", "carla"] {
            stage.hallway.account(name).await;
        }
        let room = stage.hallway.room("ada", "deep attic", "", &["ada", "bob", "carla"]).await;
        let cellar = stage.hallway.room("ada", "cellar", "", &["carla"]).await;
        stage.hallway.say("carla", room, "there is a lantern in here").await;
        let bob = stage.browser("bob").await;
        bob.sign_in("bob").await;

        bob.keys("body", CTRL_K).await;
        bob.keys(PALETTE, "att").await;
        bob.reads(ACTIVE, "deep attic").await;
        bob.keys(PALETTE, ENTER).await;
        bob.loses(PALETTE).await;
        bob.reads("h1", "deep attic").await;

        // A room that bob is not in, before a person, before everything.
        bob.keys("body", CTRL_K).await;
        bob.keys(PALETTE, "c").await;
        bob.reads(".choice", "carla").await;
        bob.fill(PALETTE, "cel").await;
        bob.reads(ACTIVE, "Not joined").await;
        bob.click(ACTIVE).await;
        bob.reads("main", "You're not in this room").await;
        assert_eq!(bob.path().await, format!("/ui/room/{cellar}"));

        bob.click("[data-testid=jump]").await;
        bob.keys(PALETTE, "carl").await;
        bob.reads(ACTIVE, "Their messages").await;
        bob.keys(PALETTE, ENTER).await;
        bob.reads("[data-testid=total]", "1 message").await;

        bob.click("[data-testid=jump]").await;
        bob.keys(PALETTE, "lantern").await;
        bob.reads(".choice .found", "lantern").await;
        bob.keys(PALETTE, DOWN).await;
        bob.reads(ACTIVE, "All messages with").await;
        bob.keys(PALETTE, DOWN).await;
        bob.reads(ACTIVE, "carla: there is a lantern").await;
        bob.keys(PALETTE, ENTER).await;
        bob.reads("[data-seq='1'] .found", "lantern").await;

        bob.keys("body", CTRL_K).await;
        bob.keys(PALETTE, ESCAPE).await;
        bob.loses(PALETTE).await;
    })
    .await;
}

#[tokio::test]
async fn a_link_shows_what_it_leads_to() {
    story("quotes", async |stage| {
        let hallway = &stage.hallway;
        for name in ["ada", "bob"] {
            hallway.account(name).await;
        }
        let here = hallway.room("ada", "here", "", &["ada", "bob"]).await;
        let there = hallway.room("ada", "there", "", &["ada", "bob"]).await;
        let secret = hallway.room("ada", "secret", "", &["ada"]).await;
        hallway.say("ada", there, "the plan is good").await;
        hallway.say("ada", secret, "nobody knows").await;
        let origin = hallway.origin();
        let link = |room| format!("{origin}/ui/room/{room}/m/1");
        hallway.say("ada", here, &format!("see {} and {}", link(there), link(secret))).await;
        let bob = stage.browser("bob").await;
        bob.sign_in("bob").await;
        bob.go_to(here, "here").await;
        bob.reads("[data-testid=preview]", "in there").await;
        bob.reads("[data-testid=preview]", "the plan is good").await;
        let count: u64 = bob
            .run("return document.querySelectorAll('[data-testid=preview]').length", vec![])
            .await;
        assert_eq!(count, 1, "what bob may not read is not shown");

        // What is said of it later is what it shows.
        let message = format!("/api/v1/rooms/{there}/messages/1");
        hallway.done(Method::PATCH, &message, "ada", json!({ "content": "the plan is bad" })).await;
        bob.reads("[data-testid=preview]", "the plan is bad").await;
        hallway.done(Method::DELETE, &message, "ada", Value::Null).await;
        bob.reads("[data-testid=preview]", "Message deleted").await;
        bob.until("its text is gone", "!document.body.textContent.includes('the plan')").await;

        // No longer in the room: nothing of it is left.
        let place = format!("/api/v1/rooms/{there}/membership");
        hallway.done(Method::DELETE, &place, "bob", Value::Null).await;
        bob.loses("[data-testid=preview]").await;
        let quiet = |line: &String| !line.contains(" 403 ") && !line.contains(" 404 ");
        let console = bob.console().await;
        assert!(console.iter().all(quiet), "the page asks for what it may not have: {console:?}");
    })
    .await;
}
