//! What somebody has written stays theirs: through a reload, a refusal, a page that was closed.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    people::{COMPOSER, Row},
    stage::story,
};

#[tokio::test]
async fn a_draft_survives_a_reload_in_its_own_room() {
    story("draft", async |stage| {
        stage.hallway.account("ada").await;
        let one = stage.hallway.room("ada", "one", "", &["ada"]).await;
        let two = stage.hallway.room("ada", "two", "", &["ada"]).await;
        let ada = stage.browser("ada").await;
        ada.sign_in("ada").await;
        ada.go_to(one, "one").await;
        ada.keys(COMPOSER, "for the first").await;
        ada.go_to(two, "two").await;
        ada.keys(COMPOSER, "for the second").await;
        ada.reload().await;
        ada.sees(COMPOSER).await;
        let holds = |text: &str| format!("document.querySelector('#composer').value == '{text}'");
        ada.until("the second draft", &holds("for the second")).await;
        ada.go_to(one, "one").await;
        ada.until("the first draft", &holds("for the first")).await;
        ada.say(", sent").await;
        ada.hears("for the first, sent").await;
        ada.reload().await;
        ada.until("nothing is left of it", &holds("")).await;
    })
    .await;
}

/// Bob's words do not get out, his page closes, and an admin takes him out of the room: what he said
/// is refused then, and it is still his.
#[tokio::test]
async fn a_refused_message_offers_to_try_again() {
    story("refused", async |stage| {
        stage.hallway.account("ada").await;
        stage.hallway.account("bob").await;
        let room = stage.hallway.room("ada", "general", "", &["ada", "bob"]).await;
        let bob = stage.browser("bob").await;
        bob.sign_in("bob").await;
        bob.go_to(room, "general").await;
        let _: Option<()> = bob.run("WebSocket.prototype.send = () => {}", vec![]).await;
        bob.say("first words").await;
        bob.say("second words").await;
        bob.until("two wait", "document.querySelectorAll('[data-pending]').length == 2").await;
        bob.leave().await;
        let me = stage.hallway.done(Method::GET, "/api/v1/users/me", "bob", Value::Null).await;
        let place = format!("/api/v1/rooms/{room}/members/{}", me["id"]);
        stage.hallway.done(Method::DELETE, &place, "ada", Value::Null).await;

        bob.open(&format!("/ui/room/{room}")).await;
        bob.reads("main", "You are not in this room").await;
        bob.click("main button").await;
        bob.reads(".message-refused", "Not sent.").await;
        let refused = |row: &Row| row.refused;
        assert_eq!(bob.rows().await.into_iter().filter(refused).count(), 2);
        assert_eq!(stage.hallway.record("ada", room).await, []);
        press(&bob, "first words", "Retry").await;
        bob.hears("first words").await;
        press(&bob, "second words", "Edit").await;
        bob.until(
            "it can be edited",
            "document.querySelector('#composer').value == 'second words'",
        )
        .await;
        bob.loses(".message-refused").await;
        bob.say(", better").await;
        bob.hears("second words, better").await;
        let said = ["first words", "second words, better"].map(|t| ("bob".into(), t.into()));
        assert_eq!(stage.hallway.record("ada", room).await, said);
    })
    .await;
}

/// One of the buttons below a refused message.
async fn press(bob: &crate::browser::Browser, text: &str, button: &str) {
    let script = "[...document.querySelectorAll('.message-refused')]
        .find(row => row.textContent.includes(arguments[0])).querySelectorAll('button')
        .forEach(b => b.toggleAttribute('data-press', b.textContent == arguments[1]))";
    let _: Option<()> = bob.run(script, vec![text.into(), button.into()]).await;
    bob.click("[data-press]").await;
}

/// IndexedDB as it is in Chromium after a page was left while it opened it: no answer, ever.
const NO_DISK: &str = "
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = function () {
        const request = open.call(this, 'elsewhere', 1);
        request.addEventListener = () => {};
        for (const event of ['onsuccess', 'onerror', 'onblocked', 'onupgradeneeded'])
            Object.defineProperty(request, event, { set() {} });
        return request;
    };";

#[tokio::test]
async fn a_disk_that_hangs_keeps_nobody_from_talking() {
    story("no-disk", async |stage| {
        stage.hallway.account("ada").await;
        let room = stage.hallway.room("ada", "general", "", &["ada"]).await;
        let ada = stage.browser("ada").await;
        let script = json!({ "source": NO_DISK });
        ada.devtools("Page.addScriptToEvaluateOnNewDocument", script).await;
        ada.sign_in("ada").await;
        ada.go_to(room, "general").await;
        ada.say("nevertheless").await;
        ada.hears("nevertheless").await;
    })
    .await;
}
