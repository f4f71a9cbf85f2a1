//! A host looks at what others may do in the room.

use serde_json::Value;

use crate::fixture::{Browser, scenario};

const ABILITY: &str = "[data-testid=permission-preview] .abilities li";

#[tokio::test]
async fn a_host_sees_what_others_may_do_in_the_room() {
    scenario("permission-preview", async |fixture| {
        fixture.server.create_account("ada").await;
        let room = fixture.server.create_room("ada", "plaza", "", &["ada"]).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "plaza").await;
        ada.choose_menu_item("room-menu", "Edit room").await;
        ada.click("dialog[open] [data-testid=permission-preview] summary").await;
        ada.wait_text(ABILITY, "Can: Post messages").await;
        ada.wait_text(ABILITY, "Can't: Delete messages of others").await;

        choose_perspective(&ada, "A reader").await;
        ada.wait_text(ABILITY, "Can't: Post messages").await;
        ada.wait_text(ABILITY, "Can: Read messages").await;
        choose_perspective(&ada, "A guest").await;
        ada.wait_text(ABILITY, "Can: Post messages").await;
        ada.wait_text(ABILITY, "Can't: Add people").await;
        choose_perspective(&ada, "Somebody outside").await;
        ada.wait_text(ABILITY, "Can: Find the room").await;
        ada.wait_text(ABILITY, "Can: Join without being added").await;

        // The list follows the form before anything is saved.
        let private = "const option = [...document.querySelectorAll('dialog[open] .option')]
            .find(option => option.textContent.includes('Private'));
            option.querySelector('input').click()";
        ada.run_script::<Value>(private, vec![]).await;
        ada.wait_text(ABILITY, "Can't: Find the room").await;
        ada.wait_text(ABILITY, "Can't: Join without being added").await;
        let nothing = format!(
            "[...document.querySelectorAll('{ABILITY}')].every(it => it.textContent.includes(\"Can't\"))"
        );
        ada.wait_until("somebody outside can do nothing", &nothing).await;
    })
    .await;
}

async fn choose_perspective(browser: &Browser, who: &str) {
    browser.click(&format!("#field-permission-preview option[value='{who}']")).await;
}
