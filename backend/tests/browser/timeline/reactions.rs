//! Reactions: two people see them at once, and nothing of the page is lost by them.

use serde_json::json;

use crate::fixture::{Browser, ENTER, ESCAPE, scenario};

const PICKER: &str = "[data-testid=emoji-picker]";
const FIND: &str = "[data-testid=find-emoji]";

/// The reactions that a browser shows: emoji, count and whether it is the reader's own.
async fn wait_reactions(browser: &Browser, expected: &[(&str, &str, bool)]) {
    let expected = json!(expected);
    let found = "[...document.querySelectorAll('[data-testid=reaction]')].map(e => [
        e.dataset.emoji, e.querySelector('.reaction-count').textContent, e.ariaPressed == 'true'])";
    browser
        .wait_until("the reactions are shown", &format!("JSON.stringify({found}) == '{expected}'"))
        .await;
}

fn button(emoji: &str) -> String {
    format!("[data-testid=reaction][data-emoji='{emoji}']")
}

#[tokio::test]
async fn people_react_and_see_it_at_once() {
    scenario("reactions", async |fixture| {
        let (ada, bob) = (fixture.open_browser("ada").await, fixture.open_browser("bob").await);
        ada.register("ada").await;
        let room = ada.create_room("general", "").await;
        bob.register("bob").await;
        bob.join_room("gen", "general").await;
        fixture.server.post_message("ada", room, "Lunch?").await;
        for browser in [&ada, &bob] {
            browser.wait_message("Lunch?").await;
        }
        // By the key, with a search.
        bob.type_keys("article[data-seq]", "+").await;
        bob.wait_focus(FIND).await;
        bob.wait_visible(".emoji-grid [data-emoji='😀']").await;
        bob.type_keys(FIND, "taco").await;
        bob.wait_hidden(".emoji-grid [data-emoji='😀']").await;
        bob.type_keys(FIND, ENTER).await;
        bob.wait_hidden(PICKER).await;
        wait_reactions(&bob, &[("🌮", "1", true)]).await;
        wait_reactions(&ada, &[("🌮", "1", false)]).await;

        // A click adds mine and takes it back; the button keeps the focus, and the row is the same element.
        let mark = "document.querySelector('article[data-seq]').marked = true";
        let _: Option<()> = ada.run_script(mark, vec![]).await;
        ada.click(&button("🌮")).await;
        wait_reactions(&ada, &[("🌮", "2", true)]).await;
        wait_reactions(&bob, &[("🌮", "2", true)]).await;
        ada.wait_focus(&button("🌮")).await;
        ada.hover(&button("🌮")).await;
        ada.wait_visible(&format!("{}[title='You and bob']", button("🌮"))).await;
        ada.click(&button("🌮")).await;
        wait_reactions(&bob, &[("🌮", "1", true)]).await;
        ada.wait_until("the row stays", "document.querySelector('article[data-seq]').marked").await;

        // By the button after the others; what was used last is first.
        bob.click("[data-testid=add-reaction]").await;
        bob.wait_visible(".emoji-quick [data-emoji='🌮']:first-child").await;
        bob.click(".emoji-quick [data-emoji='🎉']").await;
        wait_reactions(&ada, &[("🌮", "1", false), ("🎉", "1", false)]).await;
        ada.hover("article[data-seq]").await;
        ada.click("[data-testid=react]").await;
        ada.wait_visible(PICKER).await;
        ada.type_keys(FIND, ESCAPE).await;
        ada.wait_hidden(PICKER).await;

        // Nothing of it is an edit, and all of it is there after a reload.
        assert!(!ada.message_texts().await.iter().any(|text| text.contains("edited")));
        ada.reload().await;
        wait_reactions(&ada, &[("🌮", "1", false), ("🎉", "1", false)]).await;
        bob.click(&button("🌮")).await;
        wait_reactions(&ada, &[("🎉", "1", false)]).await;
        assert_eq!(fixture.server.csp_reports().await, 0);
        let console = bob.take_console().await;
        assert!(!console.iter().any(|line| line.contains("Uncaught")), "{console:#?}");
    })
    .await;
}
