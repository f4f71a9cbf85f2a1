//! A long room: the scrollbar, `/goto`, keys and the calendar reach any message, the virtual list
//! keeps at most 300 rows, and every jump can be undone.

use std::time::Duration;

use reqwest::Method;
use rig::load::seed::SeedMessages;
use serde_json::json;
use shared::ids::RoomId;

use crate::{
    fixture::{ALT_LEFT, Browser, COMPOSER, ENTER, ESCAPE, Fixture, HOME, scenario},
    timeline::scroll::{drift, track_row, wait_at_newest},
};

/// The default number of messages, which any machine writes within seconds. They span a year and a
/// half. To test with more:
/// `HALLWAY_TEST_MESSAGES=1000000 cargo test -p hallway --test browser any_message`.
const DEFAULT_MESSAGE_COUNT: i64 = 20_000;
/// The time between two messages at the default count.
const INTERVAL: Duration = Duration::from_mins(40);
const SCROLLBAR: &str = "[data-testid=scrollbar]";
pub const BACK: &str = "[data-testid=back]";

/// Records the largest number of rows that exist at once.
const COUNT_ROWS: &str = "
    const list = document.querySelector('.timeline-list');
    const count = () => window.maxRows = Math.max(window.maxRows ?? 0, list.children.length);
    new MutationObserver(count).observe(list, { childList: true });
    count();";

/// A JS function body: the seq of the first message in view, or 0.
const FIRST_IN_VIEW: &str = "
    const view = document.querySelector('[data-testid=timeline]').getBoundingClientRect();
    const row = [...document.querySelectorAll('[data-seq]')]
        .find(row => row.getBoundingClientRect().bottom > view.top + 1);
    return row && row.getBoundingClientRect().top < view.bottom ? Number(row.dataset.seq) : 0";

/// [`FIRST_IN_VIEW`] after two frames. The test replaces `FIRST`.
const FIRST_AFTER_FRAMES: &str = "
    const done = arguments[0];
    requestAnimationFrame(() => requestAnimationFrame(() => done((() => { FIRST })())))";

#[tokio::test]
async fn any_message_of_a_long_room_is_reachable() {
    scenario("long", async |fixture| {
        fixture.server.create_account("ada").await;
        fixture.server.create_account("bob").await;
        let room = fixture.server.create_room("ada", "long", "", &["ada", "bob"]).await;
        let text = |n: usize| format!("message {n} {}", "and more of it ".repeat(n * 7 % 23));
        let count = message_count();
        let interval = INTERVAL * DEFAULT_MESSAGE_COUNT as u32 / count as u32;
        let messages = SeedMessages { room: RoomId(room), count, interval, text: &text };
        fixture.server.seed_messages(&messages).await;
        let read = format!("/api/v1/rooms/{room}/read");
        fixture.server.request_ok(Method::PUT, &read, "ada", json!({ "seq": count })).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "long").await;
        ada.wait_message(&format!("message {count} ")).await;
        wait_at_newest(&ada).await;
        let _: Option<()> = ada.run_script(COUNT_ROWS, vec![]).await;

        drag_to_the_middle_and_back(&ada, count).await;
        scroll_up_without_a_jump(&ada).await;
        changes_above_do_not_move(fixture, &ada, room).await;
        jump_by_keys(&ada).await;
        jump_by_command(&ada, count).await;
        open_the_calendar(&ada).await;
        open_the_calendar_at_the_first_message(&ada).await;
        let max_rows: i64 = ada.run_script("return window.maxRows", vec![]).await;
        assert!((100..=300).contains(&max_rows), "{max_rows} rows at once");
        ada.open("/ui/search?q=message").await;
        let total = "More than 1,000 messages; the counts below cover the newest 1,000";
        ada.wait_text("[data-testid=total]", total).await;
        assert_eq!(fixture.server.csp_reports().await, 0);
    })
    .await;
}

fn message_count() -> i64 {
    let count = std::env::var("HALLWAY_TEST_MESSAGES").ok();
    let count =
        count.map_or(DEFAULT_MESSAGE_COUNT, |count| count.parse().expect("a number of messages"));
    assert!(
        (DEFAULT_MESSAGE_COUNT..=10_000_000).contains(&count),
        "at least {DEFAULT_MESSAGE_COUNT}, because the test names messages"
    );
    count
}

/// Formats a number as the page does: "20,000".
fn with_commas(count: i64) -> String {
    let digits = count.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap());
    groups.collect::<Vec<_>>().join(",")
}

pub async fn first_in_view(ada: &Browser) -> i64 {
    ada.run_script(FIRST_IN_VIEW, vec![]).await
}

/// Waits until the first message in view and the scrollbar are within `tolerance` of `seq`.
async fn wait_near(ada: &Browser, seq: i64, tolerance: i64) {
    let near = format!(
        "(() => {{ const near = n => n > 0 && Math.abs(n - {seq}) <= {tolerance};
           const first = (() => {{ {FIRST_IN_VIEW} }})();
           return near(first) && near(document.querySelector('{SCROLLBAR}').ariaValueNow); }})()"
    );
    ada.wait_until(&format!("message {seq} is in view"), &near).await;
}

/// The centres of the scrollbar and of its thumb.
async fn scrollbar_centres(ada: &Browser) -> [[f64; 2]; 2] {
    let script = "return [...document.querySelectorAll('.bar, .bar-thumb')].map(e => {
        const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })";
    ada.run_script(script, vec![]).await
}

async fn drag_to_the_middle_and_back(ada: &Browser, count: i64) {
    ada.wait_until(
        "the scrollbar has the length of the room",
        &format!("document.querySelector('{SCROLLBAR}').ariaValueMax == {count}"),
    )
    .await;
    // Ada wrote every other message, so each thousandth of the room has a mark.
    let all_marks = "document.querySelector('.map-mine').getAttribute('d').split('M').length > 990";
    ada.wait_until("the map marks all of hers", all_marks).await;
    let [middle, thumb] = scrollbar_centres(ada).await;
    ada.mouse_event("mousePressed", thumb).await;
    for step in 1..=10 {
        let y = thumb[1] + (middle[1] - thumb[1]) * f64::from(step) / 10.0;
        ada.mouse_event("mouseMoved", [middle[0], y]).await;
    }
    ada.wait_text("[data-testid=bubble]", &format!("of {}", with_commas(count))).await;
    ada.mouse_event("mouseReleased", middle).await;
    // One pixel of the scrollbar may stand for thousands of messages.
    wait_near(ada, count / 2, 150.max(count / 300)).await;
    ada.wait_hidden("[data-testid=bubble]").await;
    let seq = first_in_view(ada).await;
    ada.wait_message(&format!("message {seq} ")).await;
    // A press beside the thumb moves the thumb there.
    let [[x, y], _] = scrollbar_centres(ada).await;
    ada.mouse_event("mousePressed", [x, y / 2.0]).await;
    ada.mouse_event("mouseReleased", [x, y / 2.0]).await;
    let has_moved =
        format!("document.querySelector('{SCROLLBAR}').ariaValueNow < {}", count * 9 / 20);
    ada.wait_until("the position changes", &has_moved).await;
    ada.click(BACK).await;
    wait_near(ada, seq, 0).await;
    ada.click(BACK).await;
    wait_at_newest(ada).await;
    ada.wait_hidden(BACK).await;
}

/// Scrolls up through more rows than the virtual list keeps.
async fn scroll_up_without_a_jump(ada: &Browser) {
    goto(ada, "12345").await;
    wait_near(ada, 12_345, 30).await;
    for _ in 0..12 {
        let tracked = track_row(ada, json!(30)).await;
        let older = format!("document.querySelector('[data-seq]').dataset.seq < {}", tracked.first);
        ada.wait_until(&format!("messages before {} load", tracked.first), &older).await;
        let drift = drift(ada).await;
        assert!(drift <= 2.0, "a jump of {drift} px before {}", tracked.first);
    }
    let seq = first_in_view(ada).await;
    assert!(seq < 12_000, "scrolled only up to {seq}");
    let is_dense = "[...document.querySelectorAll('[data-seq]')].every((row, nth, rows) =>
        nth == 0 || row.dataset.seq - rows[nth - 1].dataset.seq == 1)";
    ada.wait_until("no message is missing", is_dense).await;
    ada.click(BACK).await;
    wait_at_newest(ada).await;
}

/// The view stays in place while a message above it grows and while the window is resized.
async fn changes_above_do_not_move(fixture: &Fixture, ada: &Browser, room: i64) {
    goto(ada, "5000").await;
    wait_near(ada, 5_000, 30).await;
    track_row(ada, json!(null)).await;
    let above = first_in_view(ada).await - 5;
    let longer = json!({ "content": "longer than it was ".repeat(40) });
    let path = format!("/api/v1/rooms/{room}/messages/{above}");
    // Only the author's request succeeds.
    for user in ["ada", "bob"] {
        fixture.server.request(Method::PATCH, &path, user, longer.clone()).await;
    }
    ada.wait_text(&format!("[data-seq='{above}']"), "longer than it was").await;
    let moved = drift(ada).await;
    assert!(moved <= 2.0, "an edit moves the reader by {moved} px");
    let seq = first_in_view(ada).await;
    for width in [700, 1_280] {
        let metrics =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        ada.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        ada.wait_until("the window has its width", &format!("innerWidth == {width}")).await;
        let first =
            ada.run_async_script(&FIRST_AFTER_FRAMES.replace("FIRST", FIRST_IN_VIEW), vec![]).await;
        assert_eq!(first, json!(seq), "at {width} px");
    }
    ada.click(BACK).await;
    wait_at_newest(ada).await;
}

async fn jump_by_keys(ada: &Browser) {
    ada.type_keys(SCROLLBAR, HOME).await;
    wait_near(ada, 1, 0).await;
    ada.wait_text("[data-testid=timeline]", "This is the beginning of the room").await;
    ada.type_keys(SCROLLBAR, ALT_LEFT).await;
    wait_at_newest(ada).await;
    ada.type_keys("[data-testid=timeline]", "gg").await;
    wait_near(ada, 1, 0).await;
    ada.type_keys("[data-testid=timeline]", "G").await;
    wait_at_newest(ada).await;
    for _ in 0..2 {
        ada.type_keys("[data-testid=timeline]", ALT_LEFT).await;
    }
    wait_at_newest(ada).await;
    ada.wait_hidden(BACK).await;
}

/// Enters a `/goto` command.
async fn goto(ada: &Browser, target: &str) {
    ada.fill(COMPOSER, &format!("/goto {target}{ENTER}")).await;
}

async fn jump_by_command(ada: &Browser, count: i64) {
    goto(ada, "1234").await;
    wait_near(ada, 1_234, 30).await;
    ada.wait_visible("[data-seq='1234']").await;
    ada.wait_until("the composer is empty", "document.querySelector('#composer').value == ''")
        .await;
    goto(ada, "the moon").await;
    ada.wait_text(".toast-error", "“the moon” is not a day or a message").await;
    ada.wait_until(
        "the command can be corrected",
        "document.querySelector('#composer').value == '/goto the moon'",
    )
    .await;
    goto(ada, &(count + 1).to_string()).await;
    ada.wait_text(".toast-error", &format!("The newest one here is {}", with_commas(count))).await;
    goto(ada, "2020-02-02").await;
    ada.wait_text(".toast", "There are no messages on that day").await;
    ada.wait_visible("[data-seq='1']").await;
    goto(ada, "yesterday").await;
    ada.wait_text("[data-testid=day]", "Yesterday").await;
}

async fn open_the_calendar(ada: &Browser) {
    ada.type_keys("[data-testid=timeline]", "gd").await;
    let earlier = "dialog[open] button[aria-label=Earlier]";
    ada.wait_visible(".calendar-day").await;
    let month = "[data-testid=calendar-month]";
    let name = format!("return document.querySelector('{month}').textContent");
    let before: String = ada.run_script(&name, vec![]).await;
    ada.type_keys(earlier, ENTER).await;
    ada.wait_until(
        "the month changes",
        &format!("document.querySelector('{month}').textContent != '{before}'"),
    )
    .await;
    ada.wait_until(
        "the focus stays",
        &format!("document.activeElement == document.querySelector('{earlier}')"),
    )
    .await;
    ada.type_keys("dialog[open] :focus", ESCAPE).await;
    ada.wait_hidden("dialog[open]").await;
}

/// The calendar opens at the month of the messages in view.
async fn open_the_calendar_at_the_first_message(ada: &Browser) {
    goto(ada, "1").await;
    wait_near(ada, 1, 0).await;
    let month = "return new Date(document.querySelector(\"[data-seq='1'] time\").dateTime)
        .toLocaleDateString('en-US', { month: 'long', year: 'numeric' })";
    let month: String = ada.run_script(month, vec![]).await;
    ada.type_keys("[data-testid=timeline]", "gd").await;
    ada.wait_text("[data-testid=calendar-month]", &month).await;
    ada.wait_visible("dialog[open] button[aria-label=Earlier][aria-disabled=true]").await;
    ada.type_keys("dialog[open] :focus", ESCAPE).await;
    ada.wait_hidden("dialog[open]").await;
}
