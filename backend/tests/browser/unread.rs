//! What is unread: only what nobody saw, the same on every device, and as the reader wants it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    browser::{Browser, ESCAPE, SHIFT_ESCAPE, UP},
    people::COMPOSER,
    stage::{Stage, story, until},
};

const MESSAGES: i64 = 130;
/// Those that name ada: further apart, and from what she has read, than fits into a view.
const MENTIONS: [i64; 2] = [80, 110];
const READ: i64 = 40;
const TIMELINE: &str = "[data-testid=timeline]";
const SINCE: &str = "[data-testid=since]";
/// Several times as long as somebody has to look.
const A_WHILE: Duration = Duration::from_millis(1_600);

/// A room in which bob said a lot, of which ada has read the beginning.
async fn much_said(stage: &Stage) -> i64 {
    stage.hallway.account("bob").await;
    stage.hallway.account("ada").await;
    let room = stage.hallway.room("bob", "much", "", &["ada"]).await;
    for nth in 1..=MESSAGES {
        let text = if MENTIONS.contains(&nth) { "@ada, look" } else { "and so on" };
        stage.hallway.say("bob", room, &format!("{nth}: {text}")).await;
    }
    mark(stage, room, READ).await;
    room
}

async fn mark(stage: &Stage, room: i64, seq: i64) {
    let path = format!("/api/v1/rooms/{room}/read");
    stage.hallway.done(Method::PUT, &path, "ada", json!({ "seq": seq })).await;
}

/// How far ada has read, as the server has it.
async fn read_seq(stage: &Stage, room: i64) -> i64 {
    let path = format!("/api/v1/rooms/{room}/messages?anchor=newest&before=0");
    let page = stage.hallway.done(Method::GET, &path, "ada", Value::Null).await;
    page["read_seq"].as_i64().unwrap()
}

fn badge(room: i64) -> String {
    format!(".room-link[data-room=\"{room}\"] .badge")
}

/// Waits until the line stands right above a message.
async fn line_above(browser: &Browser, seq: i64) {
    let line = "document.querySelector('[data-testid=unread-line]')?.nextElementSibling";
    browser
        .until(&format!("the line is above {seq}"), &format!("{line}?.dataset.seq == {seq}"))
        .await;
}

#[tokio::test]
async fn what_was_seen_is_read_and_nothing_else() {
    story("unread-seen", async |stage| {
        let room = much_said(stage).await;
        let ada = stage.browser("ada").await;
        ada.sign_in("ada").await;
        ada.reads(&badge(room), "90 unread, you are mentioned").await;
        ada.go_to(room, "much").await;
        line_above(&ada, READ + 1).await;
        until("what is in sight is read", async || read_seq(stage, room).await > READ).await;
        ada.reads(SINCE, "2 mention you").await;
        tokio::time::sleep(A_WHILE).await;
        let seen = read_seq(stage, room).await;
        assert!(seen < READ + 40, "more is read than fits into the view: {seen}");
        ada.reads(SINCE, &format!("{} new messages since ", MESSAGES - seen)).await;
        line_above(&ada, READ + 1).await;
        skipping_reads_nothing(stage, &ada, room, seen).await;
        reading_on_reads_all(stage, &ada, room).await;
        line_above(&ada, READ + 1).await;
        assert_eq!(stage.hallway.csp_reports().await, 0);
    })
    .await;
}

/// Waits until a message is where the page puts one that was asked for: in the upper half.
async fn stands_at(browser: &Browser, seq: i64) {
    let place = format!(
        "(() => {{
            const view = document.querySelector('{TIMELINE}').getBoundingClientRect();
            const row = document.querySelector('[data-seq=\"{seq}\"]')?.getBoundingClientRect();
            return row && row.top > view.top && row.top < view.top + view.height / 2;
        }})()"
    );
    browser.until(&format!("{seq} is in the upper half of the view"), &place).await;
}

/// To the end by the pill, and to the mentions by their button.
async fn skipping_reads_nothing(stage: &Stage, ada: &Browser, room: i64, seen: i64) {
    ada.click("[data-testid=new-pill]").await;
    ada.hears(&format!("{MESSAGES}: ")).await;
    tokio::time::sleep(A_WHILE).await;
    for mention in [MENTIONS[0], MENTIONS[1], MENTIONS[0]] {
        ada.click("[data-testid=next-mention]").await;
        stands_at(ada, mention).await;
    }
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(read_seq(stage, room).await, seen, "what was skipped is read");
}

/// From the first unread on, half a view at a time.
async fn reading_on_reads_all(stage: &Stage, ada: &Browser, room: i64) {
    ada.click("[data-testid=first-unread]").await;
    let on = format!(
        "const view = document.querySelector('{TIMELINE}'); view.scrollTop += view.clientHeight / 2; return null"
    );
    let began = std::time::Instant::now();
    let mut before = read_seq(stage, room).await;
    while before < MESSAGES {
        assert!(began.elapsed() < Duration::from_secs(60), "stuck at {before}");
        until("what is in sight is read", async || read_seq(stage, room).await > before).await;
        before = read_seq(stage, room).await;
        let _: Value = ada.run(&on, vec![]).await;
    }
    ada.loses(SINCE).await;
    ada.loses(&badge(room)).await;
}

#[tokio::test]
async fn an_address_of_a_message_reads_nothing_before_it() {
    story("unread-address", async |stage| {
        let room = much_said(stage).await;
        let ada = stage.browser("ada").await;
        ada.sign_in("ada").await;
        ada.open(&format!("/ui/room/{room}/m/90")).await;
        ada.hears("90: ").await;
        tokio::time::sleep(A_WHILE).await;
        assert_eq!(read_seq(stage, room).await, READ);
        ada.reads(SINCE, "90 new messages").await;
        ada.reads(SINCE, "2 mention you").await;
        ada.click("[data-testid=first-unread]").await;
        line_above(&ada, READ + 1).await;
        ada.click("[data-testid=mark-read]").await;
        until("all is read", async || read_seq(stage, room).await == MESSAGES).await;
        ada.loses(SINCE).await;
        ada.loses(&badge(room)).await;
        line_above(&ada, READ + 1).await;
    })
    .await;
}

#[tokio::test]
async fn what_i_want_unread_stays_so_on_all_my_devices() {
    story("unread-again", async |stage| {
        let room = much_said(stage).await;
        mark(stage, room, MESSAGES).await;
        let side = stage.hallway.room("bob", "side", "", &["ada"]).await;
        let (desk, sofa) = (stage.browser("desk").await, stage.browser("sofa").await);
        for device in [&desk, &sofa] {
            device.sign_in("ada").await;
            device.go_to(room, "much").await;
            device.hears("130: ").await;
        }
        let row = "article[data-seq=\"125\"]";
        desk.point_at(row).await;
        desk.click(&format!("{row} button[aria-label=\"Mark unread from here\"]")).await;
        for device in [&desk, &sofa] {
            device.reads(&badge(room), "6 unread").await;
            line_above(device, 125).await;
        }
        tokio::time::sleep(A_WHILE).await;
        assert_eq!(read_seq(stage, room).await, 124, "a device has marked what it shows");
        // Nor is what comes then: only from where it begins can it be read.
        stage.hallway.say("bob", room, "131: more").await;
        sofa.reads(&badge(room), "7 unread").await;
        by_key(stage, &desk, room).await;
        coming_again_reads(stage, &desk, &sofa, (room, side)).await;
    })
    .await;
}

/// Up walks to the last message, and U marks it.
async fn by_key(stage: &Stage, desk: &Browser, room: i64) {
    desk.keys(TIMELINE, UP).await;
    desk.keys("article[data-seq=\"131\"]", UP).await;
    desk.keys("article[data-seq=\"130\"]", "u").await;
    desk.reads(&badge(room), "2 unread").await;
    line_above(desk, 130).await;
    assert_eq!(read_seq(stage, room).await, 129);
}

/// In one window the reader goes away and comes back: then they have seen it, in the other as well.
async fn coming_again_reads(
    stage: &Stage,
    desk: &Browser,
    sofa: &Browser,
    (room, side): (i64, i64),
) {
    sofa.reads(&badge(room), "2 unread").await;
    sofa.go_to(side, "side").await;
    sofa.reads(&badge(room), "2 unread").await;
    sofa.go_to(room, "much").await;
    for device in [desk, sofa] {
        device.loses(&badge(room)).await;
        line_above(device, 130).await;
    }
    assert_eq!(read_seq(stage, room).await, 131);
}

#[tokio::test]
async fn escape_reads_a_room_and_with_shift_all_of_them() {
    story("unread-escape", async |stage| {
        let room = much_said(stage).await;
        let side = stage.hallway.room("bob", "side", "", &["ada"]).await;
        let ada = stage.browser("ada").await;
        ada.sign_in("ada").await;
        for text in ["one", "two"] {
            stage.hallway.say("bob", side, text).await;
        }
        ada.go_to(room, "much").await;
        ada.sees(SINCE).await;
        // What Esc closes first is not read by it.
        ada.click("[data-testid=room-menu]").await;
        ada.keys("[role=menuitem]", ESCAPE).await;
        ada.loses("[role=menu]").await;
        let row = format!("article[data-seq=\"{}\"]", READ + 1);
        ada.point_at(&row).await;
        ada.click(&format!("{row} button[aria-label=Reply]")).await;
        ada.sees(".answering").await;
        ada.keys(COMPOSER, ESCAPE).await;
        ada.loses(".answering").await;
        ada.sees(SINCE).await;
        ada.keys(COMPOSER, ESCAPE).await;
        ada.loses(&badge(room)).await;
        ada.reads(&badge(side), "2 unread").await;
        assert_eq!(read_seq(stage, room).await, MESSAGES);
        stage.hallway.say("bob", side, "three").await;
        ada.reads(&badge(side), "3 unread").await;
        ada.sees("[data-testid=all-read]").await;
        ada.keys(COMPOSER, SHIFT_ESCAPE).await;
        ada.loses(&badge(side)).await;
        ada.loses("[data-testid=all-read]").await;
        assert_eq!(read_seq(stage, side).await, 3);
    })
    .await;
}
