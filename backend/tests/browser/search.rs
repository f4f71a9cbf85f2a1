//! Finding what was said, going there, and going to a day.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{browser::Browser, stage::story};

const MESSAGES: usize = 130;

const SEARCH: &str = "[data-testid=search]";
const HIT: &str = "[data-testid=hit]";
const ENTER: &str = "\u{e007}";

#[tokio::test]
async fn what_was_said_long_ago_is_found_in_its_place() {
    story("search", async |stage| {
        stage.hallway.account("ada").await;
        stage.hallway.account("bob").await;
        let room = stage.hallway.room("ada", "long", "", &["ada", "bob"]).await;
        for n in 1..=MESSAGES {
            let text =
                if n % 60 == 7 { format!("a needle, number {n}") } else { format!("hay {n}") };
            stage.hallway.say("bob", room, &text).await;
        }
        let ada = stage.browser("ada").await;
        ada.sign_in("ada").await;
        finds(&ada).await;
        takes_it_along(&ada).await;
        goes_there(&ada, room).await;
        let page = format!("/api/v1/rooms/{room}/messages?before=0");
        let page = stage.hallway.done(Method::GET, &page, "ada", Value::Null).await;
        assert_eq!(page["read_seq"], json!(0), "who looks something up has not read all before it");
        reads_from_the_beginning(&ada).await;
        is_told_what_was_meant(&ada).await;
        goes_to_a_day(&ada, room).await;
        // Every link of the page leads to a page.
        ada.click("a.brand").await;
        ada.reads("h1", "Rooms").await;
        assert_eq!(ada.path().await, "/ui/rooms");
    })
    .await;
}

async fn finds(ada: &Browser) {
    ada.click(".sidebar a[href='/ui/search']").await;
    ada.fill(SEARCH, &format!("needle from:bob{ENTER}")).await;
    ada.reads("[data-testid=total]", "3 messages").await;
    ada.until("the marks are shown", "document.querySelectorAll('.hit mark').length === 3").await;
    ada.click("[aria-label='Without from:bob']").await;
    ada.until("the chip is gone", "!document.querySelector('.chip')").await;
    ada.reads("[data-testid=total]", "3 messages").await;
}

/// A file of what was found, as the browser fetches it.
async fn takes_it_along(ada: &Browser) {
    ada.click("[data-testid=export]").await;
    ada.sees("dialog[open] a[download]").await;
    let fetch = "const done = arguments[0];
        const link = document.querySelector('dialog[open] a[href*=\"format=jsonl\"]');
        fetch(link.href).then(a => a.text()).then(done, e => done(String(e)));";
    let file = ada.wait_for(fetch, vec![]).await;
    let lines: Vec<&str> = file.as_str().unwrap().lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.iter().all(|line| line.contains("a needle")), "{lines:?}");
    ada.keys("dialog[open] :focus", "\u{e00c}").await;
    ada.loses("dialog[open]").await;
}

async fn goes_there(ada: &Browser, room: i64) {
    ada.click(&format!("li:last-child > {HIT}")).await;
    assert_eq!(ada.path().await, format!("/ui/room/{room}/m/7"));
    in_sight(ada, 7).await;
    ada.sees(".message-lit[data-seq='7']").await;
    // Longer than a look that counts as reading.
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    let _: Value = ada.run("history.back()", vec![]).await;
    ada.reads("[data-testid=total]", "3 messages").await;
}

async fn in_sight(ada: &Browser, seq: i64) {
    let row = format!("document.querySelector('[data-seq=\"{seq}\"]')");
    let view = "document.querySelector('[data-testid=timeline]')";
    let inside = format!(
        "{row} && {row}.getBoundingClientRect().top >= {view}.getBoundingClientRect().top - 1 \
         && {row}.getBoundingClientRect().bottom <= {view}.getBoundingClientRect().bottom + 1"
    );
    ada.until(&format!("message {seq} is in sight"), &inside).await;
}

/// The oldest first, and on from there.
async fn reads_from_the_beginning(ada: &Browser) {
    ada.fill(SEARCH, &format!("hay sort:old{ENTER}")).await;
    ada.reads(&format!("li:first-child > {HIT}"), "hay 1").await;
    ada.until("fifty are shown", "document.querySelectorAll('.hit').length === 50").await;
    ada.click("[data-testid=more]").await;
    ada.until("more are shown", "document.querySelectorAll('.hit').length === 100").await;
}

async fn is_told_what_was_meant(ada: &Browser) {
    ada.fill(SEARCH, &format!("needle form:bob{ENTER}")).await;
    ada.reads("[data-testid=mistake]", "no operator form:").await;
    ada.click("[data-testid=mistake] button").await;
    ada.reads("[data-testid=total]", "3 messages").await;
}

async fn goes_to_a_day(ada: &Browser, room: i64) {
    ada.go_to(room, "long").await;
    ada.sees("[data-seq]").await;
    ada.click("[data-testid=people]").await;
    ada.click("[data-testid=people]").await;
    let _: Value =
        ada.run("document.querySelector('[data-testid=timeline]').scrollTop = 0", vec![]).await;
    ada.until("the first day is loaded", "document.querySelector('[data-seq=\"1\"]')").await;
    ada.click("[data-testid=day]").await;
    ada.sees("dialog[open] .calendar-4").await;
    ada.click("dialog[open] .calendar-4").await;
    ada.loses("dialog[open]").await;
    in_sight(ada, 1).await;
}
