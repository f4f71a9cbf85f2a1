//! From anywhere to a room, a person, a message.

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
        bob.reads("main", "You are not in this room").await;
        assert_eq!(bob.path().await, format!("/ui/room/{cellar}"));

        bob.click("[data-testid=jump]").await;
        bob.keys(PALETTE, "carl").await;
        bob.reads(ACTIVE, "What they said").await;
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
