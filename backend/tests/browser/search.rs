//! Finding what was said, going there, and going to a day.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{browser::Browser, people::COMPOSER, stage::story};

const MESSAGES: usize = 130;

const SEARCH: &str = "[data-testid=search]";
const HIT: &str = "[data-testid=hit]";
const TRAIL: &str = "[data-testid=trail]";
/// Ctrl A, Backspace.
const EMPTY_IT: &str = "\u{e009}a\u{e000}\u{e003}";
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
        walks_from_hit_to_hit(&ada, room).await;
        looks_on_where_time_ran_out(&ada, room).await;
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
    ada.click(&format!("li:last-of-type > {HIT}")).await;
    assert_eq!(ada.path().await, format!("/ui/room/{room}/m/7"));
    in_sight(ada, 7).await;
    ada.sees(".message-lit[data-seq='7']").await;
    // Longer than a look that counts as reading.
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    let _: Value = ada.run("history.back()", vec![]).await;
    ada.reads("[data-testid=total]", "3 messages").await;
}

/// In the room, as from one match to the next in a text.
async fn walks_from_hit_to_hit(ada: &Browser, room: i64) {
    ada.click(&format!("li:last-of-type > {HIT}")).await;
    ada.reads(TRAIL, "Hit 3 of 3 for “needle”").await;
    ada.reads("[data-seq='7'] .found", "needle").await;
    ada.until("the map has them all", &marks(".map-hit", 3)).await;
    ada.keys("body", "N").await;
    ada.reads(TRAIL, "Hit 2 of 3").await;
    in_sight(ada, 67).await;
    assert_eq!(ada.path().await, format!("/ui/room/{room}/m/67"));
    ada.click("[data-testid=trail] button:not(.trail-older)").await;
    ada.reads(TRAIL, "Hit 1 of 3").await;
    in_sight(ada, 127).await;
    ada.sees("[data-testid=trail] button:not(.trail-older):disabled").await;
    ada.keys("body", "n").await;
    in_sight(ada, 67).await;
    ada.sees(".found").await;
    ada.click("[aria-label='End the search']").await;
    ada.loses(TRAIL).await;
    ada.loses(".found").await;
    assert_eq!(ada.path().await, format!("/ui/room/{room}/m/67"));
    // In a field a letter is a letter.
    ada.click("[data-testid=timeline] [data-seq='67']").await;
    ada.keys("body", "/").await;
    ada.keys(".room-search input:focus", &format!("hay{ENTER}")).await;
    ada.until(
        "the room is named",
        &format!(
            "document.querySelector('[data-testid=search]')?.value.trim() === 'hay in:#{room}'"
        ),
    )
    .await;
    let _: Value = ada.run("history.back()", vec![]).await;
    ada.sees("[data-seq='67']").await;
    let _: Value = ada.run("history.go(-2)", vec![]).await;
    ada.reads("[data-testid=total]", "3 messages").await;
}

/// So many lines of a kind are on the map.
fn marks(path: &str, count: usize) -> String {
    format!("document.querySelector('{path}')?.getAttribute('d').split('M').length === {count} + 1")
}

/// Of a room that is longer than there is time for, an answer has what was found up to some place:
/// here the first three have nothing but where they began, and come when they are let.
const SHORT_OF_TIME: &str = "
    const fetch = window.fetch.bind(window);
    Object.assign(window, { parts: 0, hold: true });
    window.fetch = async request => {
        const url = new URL(request.url), asked = url.searchParams;
        const answer = await fetch(request);
        if (!url.pathname.endsWith('/messages') || !asked.has('q') || !asked.has('anchor')) return answer;
        while (hold && !asked.has('after')) await new Promise(done => setTimeout(done, 20));
        if (++parts > 3) return answer;
        const page = await answer.json(), at = page.anchor.seq;
        const kept = page.messages.flatMap((message, nth) => message.seq === at ? [nth] : []);
        page.messages = kept.map(nth => page.messages[nth]);
        page.ranges = kept.map(nth => page.ranges[nth]);
        page.older = at - 10;
        return new Response(JSON.stringify(page), { headers: answer.headers });
    };";

async fn looks_on_where_time_ran_out(ada: &Browser, room: i64) {
    let _: Option<()> = ada.run(SHORT_OF_TIME, vec![]).await;
    ada.click(&format!("li:first-of-type > {HIT}")).await;
    ada.reads(TRAIL, "Hit 1 of 1+").await;
    ada.keys("body", "n").await;
    ada.reads(TRAIL, "Searching…").await;
    ada.keys("body", "x").await;
    ada.reads(TRAIL, "Hit 1 of 1+").await;
    let _: Option<()> = ada.run("hold = false", vec![]).await;
    ada.sees(&format!("{TRAIL}[aria-busy=false]")).await;
    assert_eq!(ada.path().await, format!("/ui/room/{room}/m/127"), "whoever stops it stays");
    ada.keys("body", "n").await;
    ada.reads(TRAIL, "Hit 2 of 3").await;
    in_sight(ada, 67).await;
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
    // What is said now is on the map.
    ada.until("nothing of mine is there", &marks(".map-mine", 0)).await;
    ada.fill(COMPOSER, &format!("so that was it{ENTER}")).await;
    ada.until("it is on the map", &marks(".map-mine", 1)).await;
}

/// Chips narrow, results stand by room, keys walk through them, and searches are remembered.
#[tokio::test]
async fn a_search_is_narrowed_grouped_and_made_again() {
    story("results", async |stage| {
        let people = ["ada", "bob", "Cy Young"];
        for name in people {
            stage.hallway.account(name).await;
        }
        let attic = stage.hallway.room("ada", "attic", "", &people).await;
        let lobby = stage.hallway.room("ada", "lobby", "", &people).await;
        for (who, room) in [("bob", attic), ("Cy Young", lobby), ("ada", attic)] {
            stage.hallway.say(who, room, &format!("a needle of {who}")).await;
        }
        let ada = stage.browser("ada").await;
        ada.sign_in("ada").await;
        ada.open("/ui/search").await;
        ada.loses("[data-testid=recents]").await;
        ada.fill(SEARCH, &format!("needle from:bob from:\"Cy Young\"{ENTER}")).await;
        ada.reads("[data-testid=total]", "2 messages").await;
        stands_by_room(&ada).await;
        narrows(&ada).await;
        remembers(&ada).await;
    })
    .await;
}

async fn stands_by_room(ada: &Browser) {
    ada.click("[data-testid=by-room]").await;
    ada.until("the rooms stand", "document.querySelectorAll('.hits-room').length === 2").await;
    ada.reads(".hits-room:first-child + li", "Cy Young").await;
    ada.keys("body", "j").await;
    ada.until("the first has the focus", "document.activeElement.textContent.includes('Cy Young')")
        .await;
    ada.keys(&format!("{HIT}:focus"), "\u{e015}").await;
    ada.until("the next", "document.activeElement.textContent.includes('needle of bob')").await;
    ada.keys(&format!("{HIT}:focus"), "k").await;
    ada.until("and back", "document.activeElement.textContent.includes('Cy Young')").await;
    ada.keys(&format!("{HIT}:focus"), ENTER).await;
    ada.reads(TRAIL, "Hit 1 of 1").await;
    ada.click("[data-testid=trail] .button").await;
    ada.sees(".hits-room").await;
}

async fn narrows(ada: &Browser) {
    let chip = "[...document.querySelectorAll('.counts .chip')].find(c => c.textContent.startsWith('from:bob'))";
    ada.until("the people are counted", chip).await;
    let _: Value = ada.run(&format!("{chip}.click()"), vec![]).await;
    ada.reads("[data-testid=total]", "1 message").await;
    let asked: String =
        ada.run("return document.querySelector('[data-testid=search]').value", vec![]).await;
    assert_eq!(asked, "needle from:bob");
    ada.sees(".hits-room").await;
}

async fn remembers(ada: &Browser) {
    let recents =
        "[...document.querySelectorAll('.recent-again')].map(r => r.textContent).join('; ')";
    ada.keys(SEARCH, EMPTY_IT).await;
    ada.until(
        "both are there",
        &format!("{recents} === 'needle from:bob; needle from:bob from:\"Cy Young\"'"),
    )
    .await;
    ada.click("[aria-label='Forget needle from:bob']").await;
    ada.until("one is there", &format!("{recents} === 'needle from:bob from:\"Cy Young\"'")).await;
    ada.click(".recent-again").await;
    ada.reads("[data-testid=total]", "2 messages").await;
}
