//! People are suggested while a name is typed after an `@`, and emoji after a `:`.

use serde_json::json;

use crate::fixture::{Browser, COMPOSER, DOWN, ENTER, ESCAPE, UP, scenario};

const LIST: &str = "#suggestions";
const ACTIVE: &str = "#suggestions [aria-selected=true]";

#[tokio::test]
async fn a_name_is_completed_and_mentions_its_owner() {
    scenario("suggestions", async |fixture| {
        for name in ["ada", "bob", "grace hopper", "grace *x*", "zoe"] {
            fixture.server.create_account(name).await;
        }
        let members = ["ada", "bob", "grace hopper", "grace *x*"];
        let room = fixture.server.create_room("ada", "general", "", &members).await;
        let (ada, grace) = (fixture.open_browser("ada").await, fixture.open_browser("grace").await);
        ada.sign_in("ada").await;
        grace.sign_in("grace hopper").await;
        for browser in [&ada, &grace] {
            browser.open_room(room, "general").await;
        }
        grace.send_message("I wrote last").await;
        ada.wait_message("I wrote last").await;

        // The list begins with the last author, and has neither myself nor people outside of the room.
        ada.type_keys(COMPOSER, "hi @").await;
        ada.wait_text(ACTIVE, "grace hopper").await;
        wait_names(&ada, &["grace hopper", "bob", "grace *x*"]).await;
        ada.type_keys(COMPOSER, DOWN).await;
        ada.wait_text(ACTIVE, "bob").await;
        ada.type_keys(COMPOSER, UP).await;
        ada.wait_text(ACTIVE, "grace hopper").await;
        ada.type_keys(COMPOSER, ENTER).await;
        wait_value(&ada, "hi @grace hopper ").await;
        ada.wait_hidden(LIST).await;
        ada.type_keys(COMPOSER, &format!("there{ENTER}")).await;
        grace.wait_text(".message-text .mention", "@grace hopper").await;

        // Esc closes the list of this `@`, and Enter then sends.
        ada.type_keys(COMPOSER, "@grac").await;
        wait_names(&ada, &["grace hopper", "grace *x*"]).await;
        ada.type_keys(COMPOSER, ESCAPE).await;
        ada.wait_hidden(LIST).await;
        ada.type_keys(COMPOSER, &format!("e{ENTER}")).await;
        ada.wait_message("@grace").await;

        // A complete name needs no choice; a name that would be markup is escaped.
        ada.type_keys(COMPOSER, "@bo").await;
        wait_names(&ada, &["bob"]).await;
        ada.type_keys(COMPOSER, "b").await;
        ada.wait_hidden(LIST).await;
        ada.type_keys(COMPOSER, &format!("{ENTER}@grace *")).await;
        ada.wait_text(ACTIVE, "grace *x*").await;
        ada.click(ACTIVE).await;
        wait_value(&ada, "@grace \\*x\\* ").await;
        ada.wait_focus(COMPOSER).await;
        ada.type_keys(COMPOSER, ENTER).await;
        grace.wait_message("@grace *x*").await;

        // Emoji by their shortcodes.
        ada.type_keys(COMPOSER, "a :taco").await;
        ada.wait_text(ACTIVE, ":taco:").await;
        ada.type_keys(COMPOSER, ENTER).await;
        wait_value(&ada, "a 🌮 ").await;
        ada.type_keys(COMPOSER, "and :tada:").await;
        wait_value(&ada, "a 🌮 and 🎉 ").await;
        ada.type_keys(COMPOSER, "at 10:30: `:tada:`").await;
        wait_value(&ada, "a 🌮 and 🎉 at 10:30: `:tada:`").await;
        ada.type_keys(COMPOSER, ENTER).await;
        grace.wait_message("a 🌮 and 🎉 at 10:30: :tada:").await;

        // A cursor that moves behind a shortcode does not complete it.
        let insert = "const area = document.querySelector(arguments[0]); area.value = ':tada: x';
            area.dispatchEvent(new Event('input', { bubbles: true })); area.setSelectionRange(6, 6)";
        let _: Option<()> = ada.run_script(insert, vec![json!(COMPOSER)]).await;
        ada.type_keys(COMPOSER, "\u{E012}\u{E014}").await;
        wait_value(&ada, ":tada: x").await;
        ada.type_keys(COMPOSER, "\u{E009}a\u{E000}\u{E003}").await;
        wait_value(&ada, "").await;

        // The editor suggests too.
        ada.type_keys(COMPOSER, UP).await;
        ada.type_keys(".editor textarea", " and @bo").await;
        ada.wait_text(ACTIVE, "bob").await;
        ada.type_keys(".editor textarea", "\u{E004}").await;
        ada.type_keys(".editor textarea", ENTER).await;
        grace.wait_message("a 🌮 and 🎉 at 10:30: :tada: and @bob").await;
        let console = ada.take_console().await;
        assert!(!console.iter().any(|line| line.contains("Uncaught")), "{console:#?}");
    })
    .await;
}

async fn wait_names(browser: &Browser, names: &[&str]) {
    let names = json!(names);
    let found =
        "[...document.querySelectorAll('#suggestions .choice-text')].map(e => e.textContent)";
    browser
        .wait_until("the names are suggested", &format!("JSON.stringify({found}) == '{names}'"))
        .await;
}

async fn wait_value(browser: &Browser, value: &str) {
    let value = json!(value);
    let expression = format!("document.querySelector('{COMPOSER}').value == {value}");
    browser.wait_until("the composer has the text", &expression).await;
}
