//! A room that nobody reads from end to end: any place in it is near, a part of it is on the page,
//! and from wherever one goes there is a way back.

use std::time::Duration;

use reqwest::Method;
use rig::load::seed::History;
use serde_json::json;
use shared::ids::RoomId;

use crate::{
    browser::{ALT_LEFT, Browser, ENTER, ESCAPE, HOME},
    people::COMPOSER,
    scroll::{at_the_newest, drift, hold},
    stage::{Stage, story},
};

/// As many as any machine makes in no time, over a year and a half. By hand it may be a million:
/// `HALLWAY_TEST_MESSAGES=1000000 cargo test -p hallway --test browser any_place`.
const MESSAGES: i64 = 20_000;
const APART: Duration = Duration::from_mins(40);
const BAR: &str = "[data-testid=scrollbar]";
const BACK: &str = "[data-testid=back]";

/// Counts the rows that are ever there at once.
const COUNT: &str = "
    const list = document.querySelector('.timeline-list');
    const count = () => window.most = Math.max(window.most ?? 0, list.children.length);
    new MutationObserver(count).observe(list, { childList: true });
    count();";

/// The first message in sight; 0 if there is none.
const FIRST: &str = "
    const view = document.querySelector('[data-testid=timeline]').getBoundingClientRect();
    const row = [...document.querySelectorAll('[data-seq]')]
        .find(row => row.getBoundingClientRect().bottom > view.top + 1);
    return row && row.getBoundingClientRect().top < view.bottom ? Number(row.dataset.seq) : 0";

/// The same, when everything has settled.
const AFTER_FRAMES: &str = "
    const done = arguments[0];
    requestAnimationFrame(() => requestAnimationFrame(() => done((() => { FIRST })())))";

#[tokio::test]
async fn any_place_in_a_long_room_is_near() {
    story("long", async |stage| {
        stage.hallway.account("ada").await;
        stage.hallway.account("bob").await;
        let room = stage.hallway.room("ada", "long", "", &["ada", "bob"]).await;
        let text = |n: usize| format!("message {n} {}", "and more of it ".repeat(n * 7 % 23));
        let count = count();
        let every = APART * MESSAGES as u32 / count as u32;
        let history = History { room: RoomId(room), count, every, text: &text };
        stage.hallway.seed(&history).await;
        let read = format!("/api/v1/rooms/{room}/read");
        stage.hallway.done(Method::PUT, &read, "ada", json!({ "seq": count })).await;
        let ada = stage.browser("ada").await;
        ada.sign_in("ada").await;
        ada.go_to(room, "long").await;
        ada.hears(&format!("message {count} ")).await;
        at_the_newest(&ada).await;
        let _: Option<()> = ada.run(COUNT, vec![]).await;

        to_the_middle_and_back(&ada, count).await;
        up_without_a_jump(&ada).await;
        whatever_happens_above(stage, &ada, room).await;
        by_keys(&ada).await;
        by_words(&ada, count).await;
        by_the_calendar(&ada).await;
        let most: i64 = ada.run("return window.most", vec![]).await;
        assert!((100..=300).contains(&most), "{most} rows at once");
        assert_eq!(stage.hallway.csp_reports().await, 0);
    })
    .await;
}

/// How many messages there are.
fn count() -> i64 {
    let asked = std::env::var("HALLWAY_TEST_MESSAGES").ok();
    let count = asked.map_or(MESSAGES, |count| count.parse().expect("a number of messages"));
    assert!((MESSAGES..=10_000_000).contains(&count), "at least {MESSAGES}: places are named");
    count
}

/// "20,000"
fn written(count: i64) -> String {
    let digits = count.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap());
    groups.collect::<Vec<_>>().join(",")
}

async fn first(ada: &Browser) -> i64 {
    ada.run(FIRST, vec![]).await
}

/// Waits until the first message in sight, and the scrollbar with it, is near a number.
async fn arrives(ada: &Browser, seq: i64, within: i64) {
    let near = format!(
        "(() => {{ const near = n => n > 0 && Math.abs(n - {seq}) <= {within};
           const first = (() => {{ {FIRST} }})();
           return near(first) && near(document.querySelector('{BAR}').ariaValueNow); }})()"
    );
    ada.until(&format!("message {seq} is in sight"), &near).await;
}

/// The middle of the scrollbar, and of its thumb.
async fn places(ada: &Browser) -> [[f64; 2]; 2] {
    let script = "return [...document.querySelectorAll('.bar, .bar-thumb')].map(e => {
        const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })";
    ada.run(script, vec![]).await
}

async fn to_the_middle_and_back(ada: &Browser, count: i64) {
    ada.until(
        "the bar knows the room",
        &format!("document.querySelector('{BAR}').ariaValueMax == {count}"),
    )
    .await;
    // Ada has said every other one: one in each thousandth of the room is marked.
    let mine = "document.querySelector('.map-mine').getAttribute('d').split('M').length > 990";
    ada.until("the map has all that is hers", mine).await;
    let [middle, thumb] = places(ada).await;
    ada.mouse("mousePressed", thumb).await;
    for step in 1..=10 {
        let y = thumb[1] + (middle[1] - thumb[1]) * f64::from(step) / 10.0;
        ada.mouse("mouseMoved", [middle[0], y]).await;
    }
    ada.reads("[data-testid=bubble]", &format!("of {}", written(count))).await;
    ada.mouse("mouseReleased", middle).await;
    // A pixel of the bar may be thousands of messages.
    arrives(ada, count / 2, 150.max(count / 300)).await;
    ada.loses("[data-testid=bubble]").await;
    let seq = first(ada).await;
    ada.hears(&format!("message {seq} ")).await;
    // A press beside the thumb brings it there.
    let [[x, y], _] = places(ada).await;
    ada.mouse("mousePressed", [x, y / 2.0]).await;
    ada.mouse("mouseReleased", [x, y / 2.0]).await;
    let elsewhere = format!("document.querySelector('{BAR}').ariaValueNow < {}", count * 9 / 20);
    ada.until("it is elsewhere", &elsewhere).await;
    ada.click(BACK).await;
    arrives(ada, seq, 0).await;
    ada.click(BACK).await;
    at_the_newest(ada).await;
    ada.loses(BACK).await;
}

/// From a place in the middle up through more than the page holds at once.
async fn up_without_a_jump(ada: &Browser) {
    goto(ada, "12345").await;
    arrives(ada, 12_345, 30).await;
    for _ in 0..12 {
        let held = hold(ada, json!(30)).await;
        let older = format!("document.querySelector('[data-seq]').dataset.seq < {}", held.first);
        ada.until(&format!("what is before {} is there", held.first), &older).await;
        let drift = drift(ada).await;
        assert!(drift <= 2.0, "a jump of {drift} px before {}", held.first);
    }
    let seq = first(ada).await;
    assert!(seq < 12_000, "only up to {seq}");
    let dense = "[...document.querySelectorAll('[data-seq]')].every((row, nth, rows) =>
        nth == 0 || row.dataset.seq - rows[nth - 1].dataset.seq == 1)";
    ada.until("no message is left out", dense).await;
    ada.click(BACK).await;
    at_the_newest(ada).await;
}

/// A message above the view becomes longer, and the window narrower: the reader stays with theirs.
async fn whatever_happens_above(stage: &Stage, ada: &Browser, room: i64) {
    goto(ada, "5000").await;
    arrives(ada, 5_000, 30).await;
    hold(ada, json!(null)).await;
    let above = first(ada).await - 5;
    let longer = json!({ "content": "longer than it was ".repeat(40) });
    let path = format!("/api/v1/rooms/{room}/messages/{above}");
    // They spoke in turn.
    for who in ["ada", "bob"] {
        stage.hallway.call(Method::PATCH, &path, who, longer.clone()).await;
    }
    ada.reads(&format!("[data-seq='{above}']"), "longer than it was").await;
    let moved = drift(ada).await;
    assert!(moved <= 2.0, "an edit moves the reader by {moved} px");
    let seq = first(ada).await;
    for width in [700, 1_280] {
        let metrics =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        ada.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        ada.until("the page is as wide", &format!("innerWidth == {width}")).await;
        let now = ada.wait_for(&AFTER_FRAMES.replace("FIRST", FIRST), vec![]).await;
        assert_eq!(now, json!(seq), "at {width} px");
    }
    ada.click(BACK).await;
    at_the_newest(ada).await;
}

async fn by_keys(ada: &Browser) {
    ada.keys(BAR, HOME).await;
    arrives(ada, 1, 0).await;
    ada.reads("[data-testid=timeline]", "This is the beginning of the room").await;
    ada.keys(BAR, ALT_LEFT).await;
    at_the_newest(ada).await;
    ada.keys("[data-testid=timeline]", "gg").await;
    arrives(ada, 1, 0).await;
    ada.keys("[data-testid=timeline]", "G").await;
    at_the_newest(ada).await;
    for _ in 0..2 {
        ada.keys("[data-testid=timeline]", ALT_LEFT).await;
    }
    at_the_newest(ada).await;
    ada.loses(BACK).await;
}

async fn goto(ada: &Browser, place: &str) {
    ada.fill(COMPOSER, &format!("/goto {place}{ENTER}")).await;
}

async fn by_words(ada: &Browser, count: i64) {
    goto(ada, "1234").await;
    arrives(ada, 1_234, 30).await;
    ada.sees("[data-seq='1234']").await;
    ada.until("nothing was said", "document.querySelector('#composer').value == ''").await;
    goto(ada, "the moon").await;
    ada.reads(".toast-error", "“the moon” is not a day or a message").await;
    ada.until("it can be mended", "document.querySelector('#composer').value == '/goto the moon'")
        .await;
    goto(ada, &(count + 1).to_string()).await;
    ada.reads(".toast-error", &format!("The newest one here is {}", written(count))).await;
    goto(ada, "2020-02-02").await;
    ada.reads(".toast", "There are no messages on that day").await;
    ada.sees("[data-seq='1']").await;
    goto(ada, "yesterday").await;
    ada.reads("[data-testid=day]", "Yesterday").await;
}

async fn by_the_calendar(ada: &Browser) {
    ada.keys("[data-testid=timeline]", "gd").await;
    let earlier = "dialog[open] button[aria-label=Earlier]";
    ada.sees(".calendar-day").await;
    let month = "[data-testid=calendar-month]";
    let name = format!("return document.querySelector('{month}').textContent");
    let before: String = ada.run(&name, vec![]).await;
    ada.keys(earlier, ENTER).await;
    ada.until(
        "it is another month",
        &format!("document.querySelector('{month}').textContent != '{before}'"),
    )
    .await;
    ada.until(
        "the focus stays",
        &format!("document.activeElement == document.querySelector('{earlier}')"),
    )
    .await;
    ada.keys("dialog[open] :focus", ESCAPE).await;
    ada.loses("dialog[open]").await;
}
