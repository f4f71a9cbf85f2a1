//! Scroll anchoring: older pages load without a jump, and new messages do not scroll the view.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fixture::{Browser, scenario};

const MESSAGE_COUNT: usize = 300;

/// Scrolls to an offset, chooses the row in the middle of the viewport, and from then on records the
/// largest distance of that row from its first position in the window. This ResizeObserver is newer than the
/// page's own, so it runs after the page has adjusted the offset and before the frame is painted.
/// Its first run records the position, because a script may run between the insertion of rows and
/// the adjustment.
const TRACK: &str = "
    const [to, done] = arguments;
    const view = document.querySelector('[data-testid=timeline]');
    if (to !== null) view.scrollTop = to;
    const top = () => view.getBoundingClientRect().top;
    let position, first;
    const choose = () => {
        const rows = [...view.querySelectorAll('[data-seq]')];
        // Not the first row, whose author line disappears when older rows are inserted above it.
        const row = rows.slice(1)
            .find(r => r.getBoundingClientRect().top > top() + view.clientHeight / 2);
        const seq = row.dataset.seq;
        position = () => view.querySelector(`[data-seq=\"${seq}\"]`).getBoundingClientRect().top;
        first = position();
        done({ first: Number(rows[0].dataset.seq), top: view.scrollTop });
    };
    window.watch?.disconnect();
    window.drift = 0;
    window.measure = () => {
        if (!position) choose();
        window.drift = Math.max(window.drift, Math.abs(position() - first));
    };
    window.watch = new ResizeObserver(measure);
    window.watch.observe(view.firstElementChild);";

/// Scrolls to `offset` unless it is null, then starts to track a row.
pub async fn track_row(ada: &Browser, offset: Value) -> Tracked {
    serde_json::from_value(ada.run_async_script(TRACK, vec![offset]).await).unwrap()
}

/// The state at the start of tracking.
#[derive(Deserialize)]
pub struct Tracked {
    /// The first loaded message.
    pub first: i64,
    /// The scroll offset in CSS pixels.
    top: f64,
}

/// Counts the rows that are removed and inserted again, because each of them costs a layout.
const COUNT_REINSERTED: &str = "
    const list = document.querySelector('.timeline-list');
    const known = new WeakSet(list.children);
    window.reinserted = 0;
    new MutationObserver(all => all.forEach(one => one.addedNodes.forEach(
        row => known.has(row) ? reinserted++ : known.add(row)
    ))).observe(list, { childList: true });";

#[tokio::test]
async fn older_messages_load_without_a_jump() {
    scenario("scroll", async |fixture| {
        fixture.server.create_account("ada").await;
        fixture.server.create_account("bob").await;
        let room = fixture.server.create_room("ada", "long", "", &["ada", "bob"]).await;
        for n in 1..=MESSAGE_COUNT {
            // Different heights, because a jump by whole equal rows would go unnoticed.
            let text = format!("message {n} {}", "and more of it ".repeat(n * 7 % 23));
            fixture.server.post_message("ada", room, &text).await;
        }
        let read = format!("/api/v1/rooms/{room}/read");
        fixture.server.request_ok(Method::PUT, &read, "ada", json!({ "seq": MESSAGE_COUNT })).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "long").await;
        ada.wait_message(&format!("message {MESSAGE_COUNT} ")).await;
        wait_at_newest(&ada).await;
        scroll_to_the_beginning(&ada).await;
        new_messages_do_not_scroll(&ada, async |text: &str| {
            fixture.server.post_message("bob", room, text).await
        })
        .await;
    })
    .await;
}

pub async fn wait_at_newest(ada: &Browser) {
    let view = "document.querySelector('[data-testid=timeline]')";
    let is_at_newest = format!("{view}.scrollHeight - {view}.scrollTop - {view}.clientHeight < 4");
    ada.wait_until("the newest message is in view", &is_at_newest).await;
}

/// Loads page after page up to the first message. The tracked row never moves, and no existing row is
/// reinserted.
async fn scroll_to_the_beginning(ada: &Browser) {
    let _: Option<()> = ada.run_script(COUNT_REINSERTED, vec![]).await;
    let mut pages = 0;
    loop {
        let tracked = track_row(ada, json!(30)).await;
        if tracked.first == 1 {
            break;
        }
        let older = format!("document.querySelector('[data-seq]').dataset.seq < {}", tracked.first);
        ada.wait_until(&format!("messages before {} load", tracked.first), &older).await;
        assert!(drift(ada).await <= 2.0, "a jump of {} px", drift(ada).await);
        pages += 1;
        assert!(pages < 20, "more than 20 pages");
    }
    assert!(pages >= 3, "{MESSAGE_COUNT} messages came in {pages} pages");
    let reinserted: i64 = ada.run_script("return reinserted", vec![]).await;
    assert_eq!(reinserted, 0, "{pages} pages reinserted rows");
    ada.wait_text("[data-testid=timeline]", "This is the beginning of the room").await;
    let is_dense =
        "[...document.querySelectorAll('[data-seq]')].every((r, n) => r.dataset.seq == n + 1)";
    ada.wait_until("no message is missing", is_dense).await;
}

/// The largest movement of the tracked row in CSS pixels, after two more frames.
pub async fn drift(ada: &Browser) -> f64 {
    let script = "const done = arguments[0];
        requestAnimationFrame(() => requestAnimationFrame(() => { measure(); done(drift); }))";
    ada.run_async_script(script, vec![]).await.as_f64().unwrap()
}

async fn new_messages_do_not_scroll(ada: &Browser, post: impl AsyncFn(&str)) {
    let tracked = track_row(ada, json!(400)).await;
    ada.wait_visible("[data-testid=new-pill]").await;
    for text in ["are you there?", "it is urgent", "really"] {
        post(text).await;
    }
    ada.wait_text("[data-testid=new-pill]", "3 new").await;
    assert!(drift(ada).await <= 2.0, "new messages move the reader by {} px", drift(ada).await);
    let after = track_row(ada, json!(null)).await;
    assert_eq!(after.top, tracked.top);
    ada.click("[data-testid=new-pill]").await;
    ada.wait_message("really").await;
    wait_at_newest(ada).await;
    ada.wait_hidden("[data-testid=new-pill]").await;
}

/// The room overflows the viewport by about the height of the scrollbar's own elements, so a
/// scrollbar that appears and disappears with the overflow would flicker.
#[tokio::test]
async fn a_slightly_overflowing_room_scrolls_to_the_top() {
    scenario("slight-overflow", async |fixture| {
        fixture.server.create_account("ada").await;
        let room = fixture.server.create_room("ada", "slight-overflow", "", &["ada"]).await;
        for n in 1..=8 {
            let text = format!("message {n} {}", "and more of it ".repeat(n * 7 % 23));
            fixture.server.post_message("ada", room, &text).await;
        }
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "slight-overflow").await;
        ada.wait_message("message 8 ").await;
        let script = "const view = document.querySelector('[data-testid=timeline]');
            const rows = [...view.firstElementChild.children];
            const high = rows.at(-1).getBoundingClientRect().bottom - rows[0].getBoundingClientRect().top;
            return Math.round(innerHeight - view.clientHeight + high)";
        let height: i64 = ada.run_script(script, vec![]).await;
        let metrics = json!({ "width": 1280, "height": height, "deviceScaleFactor": 1, "mobile": false });
        ada.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        ada.wait_visible("[data-testid=scrollbar]").await;
        wait_at_newest(&ada).await;
        let top = "const done = arguments[0];
            const view = document.querySelector('[data-testid=timeline]');
            view.scrollTop = 0;
            let frames = 0;
            const next = () => frames++ < 9 ? requestAnimationFrame(next) : done(view.scrollTop);
            next()";
        assert_eq!(ada.run_async_script(top, vec![]).await, json!(0));
    })
    .await;
}

/// Turns the clock of the page to the next day; the time of day stays.
const NEXT_DAY: &str = "
    const Clock = Date;
    window.Date = class extends Clock {
        constructor(...time) { super(...(time.length ? time : [Clock.now() + 86_400_000])); }
    };";

#[tokio::test]
async fn day_lines_change_their_names_at_midnight() {
    scenario("midnight", async |fixture| {
        let server = &fixture.server;
        server.create_account("ada").await;
        let room = server.create_room("ada", "general", "", &["ada"]).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "general").await;
        ada.send_message("before midnight").await;
        ada.wait_text("[data-testid=day]", "Today").await;
        let _: Option<()> = ada.run_script(NEXT_DAY, vec![]).await;
        ada.wait_text("[data-testid=day]", "Yesterday").await;
    })
    .await;
}
/// The newest message is several times as high as the view, the others are a line each.
#[tokio::test]
async fn the_thumb_reaches_each_part_of_a_high_newest_message() {
    scenario("high-newest", async |fixture| {
        fixture.server.create_account("ada").await;
        let room = fixture.server.create_room("ada", "high", "", &["ada"]).await;
        for n in 1..=9 {
            fixture.server.post_message("ada", room, &format!("message {n}")).await;
        }
        fixture.server.post_message("ada", room, &"high\n".repeat(150)).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "high").await;
        ada.wait_message("high").await;
        wait_at_newest(&ada).await;
        let at_bottom = thumb(&ada).await;
        assert!((at_bottom.offset - 1.0).abs() < 0.02, "{at_bottom:?}");
        let y = |offset: f64| at_bottom.top + at_bottom.height / 2.0 + offset * at_bottom.range;
        let mut y_before = y(at_bottom.offset);
        for offset in [0.97, 0.93, 0.3, 0.95] {
            ada.mouse_event("mousePressed", [at_bottom.x, y_before]).await;
            ada.mouse_event("mouseMoved", [at_bottom.x, y(offset)]).await;
            ada.mouse_event("mouseReleased", [at_bottom.x, y(offset)]).await;
            y_before = y(offset);
            let is_there = format!(
                "(() => {{ const box = css => document.querySelector(css).getBoundingClientRect();
                   const thumb = box('.bar-thumb');
                   return Math.abs(thumb.top + thumb.height / 2 - {y_before}) < 4
                       && Math.abs(thumb.height - {}) < 1; }})()",
                at_bottom.height
            );
            ada.wait_until(&format!("the thumb stays at {offset}"), &is_there).await;
        }
        let script = "const view = document.querySelector('[data-testid=timeline]');
            return view.scrollTop / (view.scrollHeight - view.clientHeight)";
        let scrolled: f64 = ada.run_script(script, vec![]).await;
        assert!((0.1..0.9).contains(&scrolled), "in the middle of the high message: {scrolled}");
    })
    .await;
}

/// The thumb of the scrollbar, in CSS pixels.
#[derive(Debug, Deserialize)]
struct Thumb {
    x: f64,
    /// The top of the scrollbar.
    top: f64,
    height: f64,
    /// How far the thumb can move.
    range: f64,
    /// Its position, from 0 to 1.
    offset: f64,
}

async fn thumb(ada: &Browser) -> Thumb {
    let script = "const box = css => document.querySelector(css).getBoundingClientRect();
        const [bar, thumb] = [box('.bar'), box('.bar-thumb')];
        const range = bar.height - thumb.height;
        return { x: thumb.x + thumb.width / 2, top: bar.top, height: thumb.height, range,
            offset: (thumb.top - bar.top) / range }";
    ada.run_script(script, vec![]).await
}
