//! Blocking somebody: their messages are collapsed, and neither can write to the other.

use crate::fixture::{Browser, COMPOSER, scenario};

const BLOCK: &str = "[data-testid=block]";
const CLOSE: &str = "dialog[open] .dialog-head button";
const CLOSED: &str = "[data-testid=composer-closed]";
const COLLAPSED: &str = "[data-testid=collapsed]";

#[tokio::test]
async fn messages_of_a_blocked_person_are_collapsed_and_neither_can_write() {
    scenario("blocked", async |fixture| {
        let server = &fixture.server;
        for name in ["ada", "bob"] {
            server.create_account(name).await;
        }
        let general = server.create_room("ada", "general", "", &["ada", "bob"]).await;
        server.post_message("ada", general, "welcome").await;
        server.post_message("bob", general, "what a day").await;
        let (ada, bob) = (fixture.open_browser("ada").await, fixture.open_browser("bob").await);
        for browser in [&ada, &bob] {
            browser.sign_in(&browser.name).await;
            browser.open_room(general, "general").await;
        }
        bob.click("[data-testid=timeline] .person-name").await;
        bob.click("[data-testid=person-card] .button-primary").await;
        bob.wait_text("h1", "ada").await;
        bob.send_message("psst").await;
        bob.wait_message("psst").await;
        let direct: i64 = bob.path().await.rsplit('/').next().unwrap().parse().unwrap();

        block_bob(&ada).await;
        ada.wait_text(COLLAPSED, "Message from someone you blocked").await;
        assert_eq!(ada.message_texts().await, ["welcome"]);
        ada.click(&format!("{COLLAPSED} button")).await;
        ada.wait_message("what a day").await;
        ada.wait_focus("article[data-seq=\"2\"]").await;

        expect_silence(&ada, &bob, (general, direct)).await;
        unblock_bob(&ada).await;
        ada.wait_visible(COMPOSER).await;
        ada.send_message("here I am").await;
        bob.click(&link(direct)).await;
        bob.wait_message("here I am").await;
        assert_eq!(server.csp_reports().await, 0);
    })
    .await;
}

/// Blocks bob, from the card that his message opens.
async fn block_bob(ada: &Browser) {
    ada.click("article[data-seq=\"2\"] .person-name").await;
    ada.wait_text("dialog[open]", "bob").await;
    ada.wait_text(BLOCK, "Block").await;
    ada.click(BLOCK).await;
    ada.wait_text("dialog[open]", "They won't be told.").await;
    ada.wait_focus("[data-testid=confirm]").await;
    ada.click("dialog[open] [data-testid=confirm]").await;
    ada.wait_text(BLOCK, "Unblock").await;
    ada.wait_focus(BLOCK).await;
    ada.click(CLOSE).await;
    ada.wait_hidden("dialog[open]").await;
}

/// Unblocks the only person in the list of the account menu.
async fn unblock_bob(ada: &Browser) {
    ada.choose_menu_item("account-menu", "Blocked people").await;
    ada.wait_text("[data-testid=blocked]", "bob").await;
    ada.click("[data-testid=blocked] button").await;
    ada.wait_text("dialog[open]", "You haven't blocked anybody").await;
    ada.wait_focus(CLOSE).await;
    ada.click(CLOSE).await;
    ada.wait_hidden("dialog[open]").await;
}

fn link(room: i64) -> String {
    format!(".room-link[data-room=\"{room}\"]")
}

async fn expect_silence(ada: &Browser, bob: &Browser, (general, direct): (i64, i64)) {
    // Neither writes in the direct room, and bob does not learn why.
    ada.click(&link(direct)).await;
    ada.wait_text(CLOSED, "You blocked this person").await;
    ada.wait_hidden(COMPOSER).await;
    bob.send_message("are you there?").await;
    bob.wait_text(".refused", "You can't write to this person.").await;

    // In a room he can, but his mention does not count.
    bob.open_room(general, "general").await;
    bob.send_message("@ada are you there?").await;
    let badge = format!("{} .badge", link(general));
    ada.wait_text(&badge, "1 unread").await;
    let badge = format!("return document.querySelector('{badge}').textContent");
    let badge: String = ada.run_script(&badge, vec![]).await;
    assert!(!badge.contains("mentioned"), "{badge}");
}
