//! The first evening: two people find each other, talk, and lose nothing to a crash.

use tokio::join;

use crate::{
    browser::{Browser, ENTER, SHIFT_ENTER, UP},
    people::{BANNER, COMPOSER, Row},
    stage::{Stage, story, until},
};

const ROOM: &str = "general";
/// Messages that are written while the server dies.
const STORM: usize = 12;

#[tokio::test]
async fn two_people_talk_and_a_crash_loses_nothing() {
    story("talk", async |stage| {
        let (ada, bob) = (stage.browser("ada").await, stage.browser("bob").await);
        let room = meet(&ada, &bob).await;
        talk(&ada, &bob).await;
        unread(&ada, &bob, room).await;
        change(&ada, &bob).await;
        crash(stage, &ada, &bob, room).await;
        assert_eq!(stage.hallway.csp_reports().await, 0);
    })
    .await;
}

/// The first to come is the admin and makes a room; the second finds it.
async fn meet(ada: &Browser, bob: &Browser) -> i64 {
    ada.register("ada").await;
    ada.reads(".account", "Admin").await;
    ada.click("[data-testid=first-room]").await;
    ada.fill("dialog[open] #field-name", ROOM).await;
    ada.fill("dialog[open] #field-topic", "Everything and nothing").await;
    ada.click("dialog[open] button[type=submit]").await;
    ada.reads("h1", ROOM).await;
    ada.sees(COMPOSER).await;
    let room = ada.path().await.rsplit('/').next().unwrap().parse().unwrap();
    bob.register("bob").await;
    bob.reads(".account", "Member").await;
    bob.join_room("GEN", ROOM).await;
    room
}

/// Each sees the other's words, once and in the order in which they were said.
async fn talk(ada: &Browser, bob: &Browser) {
    let said = ["hello", "hello ada", "is this <b>it</b>?", "it is: https://example.org/a?b=c&d"];
    for (number, text) in said.iter().enumerate() {
        let (speaker, listener) = if number % 2 == 0 { (ada, bob) } else { (bob, ada) };
        speaker.say(text).await;
        listener.hears(text).await;
    }
    for browser in [ada, bob] {
        browser.hears(said[3]).await;
        assert_eq!(browser.texts().await, said, "on the page of {}", browser.name);
    }
    ada.reads("[data-testid=timeline] a[href='https://example.org/a?b=c&d']", "example.org").await;
    // Whoever cannot see the page is told what the other says, not what they say themselves.
    ada.until("ada hears bob", "document.querySelector('[data-testid=announcer]').textContent == 'bob: it is: https://example.org/a?b=c&d'").await;
    // Whoever types is seen, and Shift with Enter breaks the line.
    until("bob sees that ada types", async || {
        ada.keys(COMPOSER, ".").await;
        let typing = "[data-testid=typing]";
        bob.run::<String>(&format!("return document.querySelector('{typing}').textContent"), vec![])
            .await
            .contains("ada")
    })
    .await;
    ada.fill(COMPOSER, &format!("one{SHIFT_ENTER}two{ENTER}")).await;
    bob.hears("one\ntwo").await;
}

/// Whoever is in another room sees that something was said, in the sidebar and on the tab.
async fn unread(ada: &Browser, bob: &Browser, room: i64) {
    let badge = format!(".room-link[data-room=\"{room}\"] .badge");
    let side = ada.create_room("side", "").await;
    // Whoever leaves within a moment has not read what came last.
    bob.loses(&badge).await;
    bob.join_room("side", "side").await;
    ada.go_to(room, ROOM).await;
    ada.say("@bob? are you there?").await;
    ada.say("hello?").await;
    bob.reads(&badge, "2 unread, you are mentioned").await;
    until("bob's tab counts", async || bob.title().await == "(2) side · Hallway").await;
    assert_eq!(bob.path().await, format!("/ui/room/{side}"));
    bob.go_to(room, ROOM).await;
    bob.hears("hello?").await;
    bob.sees("[data-testid=unread-line]").await;
    bob.loses(&badge).await;
    until("bob's tab is quiet", async || bob.title().await == "general · Hallway").await;
}

/// The last message is changed by ↑ and deleted by its button; both see both.
async fn change(ada: &Browser, bob: &Browser) {
    ada.say("to be chnaged").await;
    bob.hears("to be chnaged").await;
    ada.until("it is sent", "!document.querySelector('[data-pending]')").await;
    ada.keys(COMPOSER, UP).await;
    let editor = "textarea[aria-label='Edit message']";
    ada.fill(editor, &format!("to be changed{ENTER}")).await;
    for browser in [ada, bob] {
        browser.hears("to be changed").await;
        browser.loses(editor).await;
        let row = last(browser).await;
        assert!(row.edited && row.text.as_deref() == Some("to be changed"), "{row:?}");
    }
    let seq = last(ada).await.seq.unwrap();
    ada.point_at(&format!("article[data-seq=\"{seq}\"]")).await;
    ada.click(&format!("article[data-seq=\"{seq}\"] button[aria-label=Delete]")).await;
    ada.click("dialog[open] [data-testid=confirm]").await;
    ada.loses("dialog[open]").await;
    for browser in [ada, bob] {
        browser.sees(&format!("article[data-seq=\"{seq}\"] .tombstone")).await;
        let page = browser.client.source().await.unwrap();
        assert!(!page.contains("to be changed"), "what is deleted is still on {}", browser.name);
    }
}

async fn last(browser: &Browser) -> Row {
    browser.rows().await.pop().expect("something was said")
}

/// kill -9 in the middle of a sentence. Ada's page lives through it; bob's is closed while the
/// server is away, so that what he said is in his outbox and nowhere else.
async fn crash(stage: &Stage, ada: &Browser, bob: &Browser, room: i64) {
    let storm: Vec<String> = (0..STORM).map(|n| format!("storm {n}")).collect();
    let typing = async {
        for text in &storm {
            ada.say(text).await;
        }
    };
    let death = async {
        bob.hears("storm 2").await;
        stage.hallway.kill();
    };
    join!(typing, death);
    ada.say("in the dark").await;
    bob.say("me too").await;
    ada.keys(COMPOSER, "half a sente").await;
    for browser in [ada, bob] {
        browser.sees(BANNER).await;
        let waits = browser.rows().await.iter().filter(|row| row.pending).count();
        assert!(waits > 0, "nothing waits on the page of {}", browser.name);
    }
    bob.leave().await;
    stage.hallway.again().await;
    bob.open(&format!("/ui/room/{room}")).await;
    for browser in [ada, bob] {
        browser.loses(BANNER).await;
        browser.hears("in the dark").await;
        browser.hears("me too").await;
        browser.until("all is sent", "!document.querySelector('[data-pending]')").await;
    }
    ada.until("the draft is there", "document.querySelector('#composer').value == 'half a sente'")
        .await;
    nothing_lost(stage, ada, bob, room, &storm).await;
}

/// The server, ada and bob have the same list, and in it everything that was said, once.
async fn nothing_lost(stage: &Stage, ada: &Browser, bob: &Browser, room: i64, storm: &[String]) {
    let record: Vec<String> =
        stage.hallway.record("bob", room).await.into_iter().map(|(_, text)| text).collect();
    let record: Vec<&String> = record.iter().filter(|text| !text.is_empty()).collect();
    for browser in [ada, bob] {
        let texts = browser.texts().await;
        assert_eq!(texts.iter().collect::<Vec<_>>(), record, "on the page of {}", browser.name);
    }
    let both = ["in the dark".to_owned(), "me too".to_owned()];
    for text in storm.iter().chain(&both) {
        let times = record.iter().filter(|said| **said == text).count();
        assert_eq!(times, 1, "{text:?} is there {times} times");
    }
    let in_order = record.iter().filter(|text| text.starts_with("storm"));
    assert!(in_order.eq(storm.iter().collect::<Vec<_>>().iter()), "{record:?}");
}
