//! Reading back: older pages come without a jump, and what is new does not pull the reader away.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{browser::Browser, stage::story};

const MESSAGES: usize = 300;

/// Scrolls so that the reader is near the top of what is loaded, chooses the row in the middle of
/// the view, and notes from now on how far it is ever from where it was. The observer is newer than
/// the page's own, so it looks after the page has settled and before the frame is painted; its first
/// look says where the row was, since a script may come between new rows and their settling.
const HOLD: &str = "
    const [to, done] = arguments;
    const view = document.querySelector('[data-testid=timeline]');
    if (to !== null) view.scrollTop = to;
    const top = () => view.getBoundingClientRect().top;
    let place, was;
    const choose = () => {
        const rows = [...view.querySelectorAll('[data-seq]')];
        const row = rows.find(r => r.getBoundingClientRect().top > top() + view.clientHeight / 2);
        const seq = row.dataset.seq;
        place = () => view.querySelector(`[data-seq=\"${seq}\"]`).getBoundingClientRect().top - top();
        was = place();
        done({ first: Number(rows[0].dataset.seq), top: view.scrollTop });
    };
    window.watch?.disconnect();
    window.drift = 0;
    window.look = () => {
        if (!place) choose();
        window.drift = Math.max(window.drift, Math.abs(place() - was));
    };
    window.watch = new ResizeObserver(look);
    window.watch.observe(view.firstElementChild);";

pub async fn hold(ada: &Browser, at: Value) -> Held {
    serde_json::from_value(ada.wait_for(HOLD, vec![at]).await).unwrap()
}

#[derive(Deserialize)]
pub struct Held {
    /// The first message that is loaded.
    pub first: i64,
    top: f64,
}

/// Counts the rows that are taken off the page and put back, each of which is laid out anew.
const COUNT_MOVED: &str = "
    const list = document.querySelector('.timeline-list');
    const known = new WeakSet(list.children);
    window.moved = 0;
    new MutationObserver(all => all.forEach(one => one.addedNodes.forEach(
        row => known.has(row) ? moved++ : known.add(row)
    ))).observe(list, { childList: true });";

#[tokio::test]
async fn older_messages_load_without_a_jump() {
    story("scroll", async |stage| {
        stage.hallway.account("ada").await;
        stage.hallway.account("bob").await;
        let room = stage.hallway.room("ada", "long", "", &["ada", "bob"]).await;
        for n in 1..=MESSAGES {
            // Rows of different heights: a jump of a page must not look like none.
            let text = format!("message {n} {}", "and more of it ".repeat(n * 7 % 23));
            stage.hallway.say("ada", room, &text).await;
        }
        let read = format!("/api/v1/rooms/{room}/read");
        stage.hallway.done(Method::PUT, &read, "ada", json!({ "seq": MESSAGES })).await;
        let ada = stage.browser("ada").await;
        ada.sign_in("ada").await;
        ada.go_to(room, "long").await;
        ada.hears(&format!("message {MESSAGES} ")).await;
        at_the_newest(&ada).await;
        back_to_the_beginning(&ada).await;
        new_ones_wait(&ada, async |text: &str| stage.hallway.say("bob", room, text).await).await;
    })
    .await;
}

pub async fn at_the_newest(ada: &Browser) {
    let view = "document.querySelector('[data-testid=timeline]')";
    let rest = format!("{view}.scrollHeight - {view}.scrollTop - {view}.clientHeight < 4");
    ada.until("the newest is in sight", &rest).await;
}

/// Page by page up to the first message; each time the row that the reader looks at stays, and no
/// row that was there is touched.
async fn back_to_the_beginning(ada: &Browser) {
    let _: Option<()> = ada.run(COUNT_MOVED, vec![]).await;
    let mut pages = 0;
    loop {
        let held = hold(ada, json!(30)).await;
        if held.first == 1 {
            break;
        }
        let older = format!("document.querySelector('[data-seq]').dataset.seq < {}", held.first);
        ada.until(&format!("what is before {} loads", held.first), &older).await;
        assert!(drift(ada).await <= 2.0, "a jump of {} px", drift(ada).await);
        pages += 1;
        assert!(pages < 20, "no end of pages");
    }
    assert!(pages >= 3, "{MESSAGES} messages came in {pages} pages");
    let moved: i64 = ada.run("return moved", vec![]).await;
    assert_eq!(moved, 0, "rows were put back that were there, in {pages} pages");
    ada.reads("[data-testid=timeline]", "This is the beginning of the room").await;
    let every =
        "[...document.querySelectorAll('[data-seq]')].every((r, n) => r.dataset.seq == n + 1)";
    ada.until("no message is left out", every).await;
}

/// How far the row has moved since, at worst, in CSS pixels; two frames later, when all is quiet.
pub async fn drift(ada: &Browser) -> f64 {
    let script = "const done = arguments[0];
        requestAnimationFrame(() => requestAnimationFrame(() => { look(); done(drift); }))";
    ada.wait_for(script, vec![]).await.as_f64().unwrap()
}

async fn new_ones_wait(ada: &Browser, say: impl AsyncFn(&str)) {
    let held = hold(ada, json!(400)).await;
    ada.sees("[data-testid=new-pill]").await;
    for text in ["are you there?", "it is urgent", "really"] {
        say(text).await;
    }
    ada.reads("[data-testid=new-pill]", "3 new").await;
    assert!(drift(ada).await <= 2.0, "what is new moves the reader by {} px", drift(ada).await);
    let now = hold(ada, json!(null)).await;
    assert_eq!(now.top, held.top);
    ada.click("[data-testid=new-pill]").await;
    ada.hears("really").await;
    at_the_newest(ada).await;
    ada.loses("[data-testid=new-pill]").await;
}

/// So little of a room is out of sight that the scrollbar is most of what changes: it may not come
/// and go with it.
#[tokio::test]
async fn a_room_that_is_a_little_too_long_can_be_read() {
    story("brim", async |stage| {
        stage.hallway.account("ada").await;
        let room = stage.hallway.room("ada", "brim", "", &["ada"]).await;
        for n in 1..=8 {
            let text = format!("message {n} {}", "and more of it ".repeat(n * 7 % 23));
            stage.hallway.say("ada", room, &text).await;
        }
        let ada = stage.browser("ada").await;
        ada.sign_in("ada").await;
        ada.go_to(room, "brim").await;
        ada.hears("message 8 ").await;
        let script = "const view = document.querySelector('[data-testid=timeline]');
            const rows = [...view.firstElementChild.children];
            const high = rows.at(-1).getBoundingClientRect().bottom - rows[0].getBoundingClientRect().top;
            return Math.round(innerHeight - view.clientHeight + high)";
        let height: i64 = ada.run(script, vec![]).await;
        let metrics = json!({ "width": 1280, "height": height, "deviceScaleFactor": 1, "mobile": false });
        ada.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        ada.sees("[data-testid=scrollbar]").await;
        at_the_newest(&ada).await;
        let top = "const done = arguments[0];
            const view = document.querySelector('[data-testid=timeline]');
            view.scrollTop = 0;
            let frames = 0;
            const next = () => frames++ < 9 ? requestAnimationFrame(next) : done(view.scrollTop);
            next()";
        assert_eq!(ada.wait_for(top, vec![]).await, json!(0));
    })
    .await;
}
