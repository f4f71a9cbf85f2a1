//! Unread messages: only messages in view become read, all devices agree, and readers can mark
//! messages unread again.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Browser, COMPOSER, ESCAPE, Fixture, SHIFT_ESCAPE, UP, scenario, wait_until};

pub const MESSAGE_COUNT: i64 = 130;
/// The seqs of the messages that mention ada. Their distances from each other and from the read mark
/// exceed the height of the view.
const MENTIONS: [i64; 2] = [80, 110];
const INITIAL_READ_SEQ: i64 = 40;
const TIMELINE: &str = "[data-testid=timeline]";
const UNREAD_BAR: &str = "[data-testid=since]";
/// Four times as long as a message must be in view to count as read.
const LONG_ENOUGH_TO_READ: Duration = Duration::from_millis(1_600);

/// Creates a room with many messages by bob. Ada has read them up to [`INITIAL_READ_SEQ`].
pub async fn create_long_room(fixture: &Fixture) -> i64 {
    fixture.server.create_account("bob").await;
    fixture.server.create_account("ada").await;
    let room = fixture.server.create_room("bob", "much", "", &["ada"]).await;
    for nth in 1..=MESSAGE_COUNT {
        let text = if MENTIONS.contains(&nth) { "@ada, look" } else { "and so on" };
        fixture.server.post_message("bob", room, &format!("{nth}: {text}")).await;
    }
    set_read_seq(fixture, room, INITIAL_READ_SEQ).await;
    room
}

pub async fn set_read_seq(fixture: &Fixture, room: i64, seq: i64) {
    let path = format!("/api/v1/rooms/{room}/read");
    fixture.server.request_ok(Method::PUT, &path, "ada", json!({ "seq": seq })).await;
}

/// Ada's read mark on the server.
async fn read_seq(fixture: &Fixture, room: i64) -> i64 {
    let path = format!("/api/v1/rooms/{room}/messages?anchor=newest&before=0");
    let page = fixture.server.request_ok(Method::GET, &path, "ada", Value::Null).await;
    page["read_seq"].as_i64().unwrap()
}

fn badge(room: i64) -> String {
    format!(".room-link[data-room=\"{room}\"] .badge")
}

/// Waits until the unread line is right above a message.
pub async fn wait_line_above(browser: &Browser, seq: i64) {
    let row_below = "document.querySelector('[data-testid=unread-line]')?.nextElementSibling";
    browser
        .wait_until(
            &format!("the unread line is above {seq}"),
            &format!("{row_below}?.dataset.seq == {seq}"),
        )
        .await;
}

#[tokio::test]
async fn only_messages_in_view_become_read() {
    scenario("unread-seen", async |fixture| {
        let room = create_long_room(fixture).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.wait_text(&badge(room), "90 unread, you are mentioned").await;
        ada.open_room(room, "much").await;
        wait_line_above(&ada, INITIAL_READ_SEQ + 1).await;
        wait_until("messages in view are read", async || {
            read_seq(fixture, room).await > INITIAL_READ_SEQ
        })
        .await;
        ada.wait_text(UNREAD_BAR, "2 mention you").await;
        tokio::time::sleep(LONG_ENOUGH_TO_READ).await;
        let seq_after_wait = read_seq(fixture, room).await;
        assert!(
            seq_after_wait < INITIAL_READ_SEQ + 40,
            "more messages are read than fit into the view: {seq_after_wait}"
        );
        ada.wait_text(
            UNREAD_BAR,
            &format!("{} new messages since ", MESSAGE_COUNT - seq_after_wait),
        )
        .await;
        wait_line_above(&ada, INITIAL_READ_SEQ + 1).await;
        skip_without_reading(fixture, &ada, room, seq_after_wait).await;
        scroll_and_read_all(fixture, &ada, room).await;
        wait_line_above(&ada, INITIAL_READ_SEQ + 1).await;
        assert_eq!(fixture.server.csp_reports().await, 0);
    })
    .await;
}

/// Waits until a message is in the upper half of the view, where the page puts the target of a jump.
async fn wait_at_target(browser: &Browser, seq: i64) {
    let is_in_upper_half = format!(
        "(() => {{
            const view = document.querySelector('{TIMELINE}').getBoundingClientRect();
            const row = document.querySelector('[data-seq=\"{seq}\"]')?.getBoundingClientRect();
            return row && row.top > view.top && row.top < view.top + view.height / 2;
        }})()"
    );
    browser.wait_until(&format!("{seq} is in the upper half of the view"), &is_in_upper_half).await;
}

/// Jumps to the mentions; messages that were skipped stay unread.
async fn skip_without_reading(fixture: &Fixture, ada: &Browser, room: i64, seq_after_wait: i64) {
    for mention in [MENTIONS[0], MENTIONS[1], MENTIONS[0]] {
        ada.click("[data-testid=next-mention]").await;
        wait_at_target(ada, mention).await;
    }
    tokio::time::sleep(LONG_ENOUGH_TO_READ).await;
    assert_eq!(read_seq(fixture, room).await, seq_after_wait, "skipped messages stay unread");
}

/// Scrolls from the first unread message to the end, half a view at a time.
async fn scroll_and_read_all(fixture: &Fixture, ada: &Browser, room: i64) {
    ada.click("[data-testid=first-unread]").await;
    let scroll_on = format!(
        "const view = document.querySelector('{TIMELINE}'); view.scrollTop += view.clientHeight / 2; return null"
    );
    let start = std::time::Instant::now();
    let mut before = read_seq(fixture, room).await;
    while before < MESSAGE_COUNT {
        assert!(start.elapsed() < Duration::from_secs(60), "stuck at {before}");
        wait_until("messages in view are read", async || read_seq(fixture, room).await > before)
            .await;
        before = read_seq(fixture, room).await;
        let _: Value = ada.run_script(&scroll_on, vec![]).await;
    }
    ada.wait_hidden(UNREAD_BAR).await;
    ada.wait_hidden(&badge(room)).await;
}

/// The selectors of a list that an element covers.
const OVERLAPS: &str = "const box = css => document.querySelector(css).getBoundingClientRect();
    const covers = (one, other) => one.bottom > other.top + 1 && one.top < other.bottom - 1
        && one.right > other.left && one.left < other.right;
    return arguments[0].filter(css => arguments[1].some(other => covers(box(css), box(other))))";

#[tokio::test]
async fn the_newest_message_reads_the_room() {
    scenario("unread-newest", async |fixture| {
        let room = create_long_room(fixture).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "much").await;
        wait_line_above(&ada, INITIAL_READ_SEQ + 1).await;
        // The unread bar and the pill cover neither messages nor what is typed.
        ada.click("[data-testid=first-unread]").await;
        ada.wait_visible("[data-testid=new-pill]").await;
        let (above, below) = (json!([UNREAD_BAR, ".pill"]), json!([TIMELINE, ".composer"]));
        // The pill moves into its place.
        let are_apart = async || {
            let elements = vec![above.clone(), below.clone()];
            ada.run_script::<Vec<String>>(OVERLAPS, elements).await.is_empty()
        };
        wait_until("nothing covers anything", are_apart).await;
        ada.click("[data-testid=new-pill]").await;
        ada.wait_message(&format!("{MESSAGE_COUNT}: ")).await;
        wait_until("the room is read", async || read_seq(fixture, room).await == MESSAGE_COUNT)
            .await;
        ada.wait_hidden(&badge(room)).await;
        ada.wait_hidden(UNREAD_BAR).await;
        // The divider stays above the skipped messages.
        ada.click("[data-testid=back]").await;
        wait_line_above(&ada, INITIAL_READ_SEQ + 1).await;
        // At the end, new messages are read as they come.
        ada.click("[data-testid=new-pill]").await;
        fixture.server.post_message("bob", room, "131: more").await;
        wait_until("the new message is read", async || read_seq(fixture, room).await == 131).await;
    })
    .await;
}

#[tokio::test]
async fn unread_counts_follow_edits_and_deletions() {
    scenario("unread-changes", async |fixture| {
        let server = &fixture.server;
        server.create_account("bob").await;
        server.create_account("ada").await;
        let room = server.create_room("bob", "much", "", &["ada"]).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        for text in ["one", "two", "@ada, three"] {
            server.post_message("bob", room, text).await;
        }
        ada.wait_text(&badge(room), "3 unread, you are mentioned").await;
        let path = |seq: i64| format!("/api/v1/rooms/{room}/messages/{seq}");
        server.request(Method::DELETE, &path(1), "bob", Value::Null).await;
        ada.wait_text(&badge(room), "2 unread, you are mentioned").await;
        server.request_ok(Method::PATCH, &path(3), "bob", json!({ "content": "three" })).await;
        let text = format!("document.querySelector({})?.textContent", json!(badge(room)));
        ada.wait_until("no mention is left", &format!("!{text}?.includes('mentioned')")).await;
        server.request_ok(Method::PATCH, &path(2), "bob", json!({ "content": "@ada" })).await;
        ada.wait_text(&badge(room), "2 unread, you are mentioned").await;
        server.request(Method::DELETE, &path(2), "bob", Value::Null).await;
        server.request(Method::DELETE, &path(3), "bob", Value::Null).await;
        ada.wait_hidden(&badge(room)).await;
    })
    .await;
}

#[tokio::test]
async fn opening_a_message_link_reads_nothing_before_it() {
    scenario("unread-link", async |fixture| {
        let room = create_long_room(fixture).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open(&format!("/ui/room/{room}/m/90")).await;
        ada.wait_message("90: ").await;
        tokio::time::sleep(LONG_ENOUGH_TO_READ).await;
        assert_eq!(read_seq(fixture, room).await, INITIAL_READ_SEQ);
        ada.wait_text(UNREAD_BAR, "90 new messages").await;
        ada.wait_text(UNREAD_BAR, "2 mention you").await;
        ada.click("[data-testid=first-unread]").await;
        wait_line_above(&ada, INITIAL_READ_SEQ + 1).await;
        ada.click("[data-testid=mark-read]").await;
        wait_until("all messages are read", async || {
            read_seq(fixture, room).await == MESSAGE_COUNT
        })
        .await;
        ada.wait_hidden(UNREAD_BAR).await;
        ada.wait_hidden(&badge(room)).await;
        wait_line_above(&ada, INITIAL_READ_SEQ + 1).await;
    })
    .await;
}

#[tokio::test]
async fn messages_marked_unread_stay_unread_on_all_devices() {
    scenario("unread-again", async |fixture| {
        let room = create_long_room(fixture).await;
        set_read_seq(fixture, room, MESSAGE_COUNT).await;
        let side = fixture.server.create_room("bob", "side", "", &["ada"]).await;
        let (desk, sofa) = (fixture.open_browser("desk").await, fixture.open_browser("sofa").await);
        for device in [&desk, &sofa] {
            device.sign_in("ada").await;
            device.open_room(room, "much").await;
            device.wait_message("130: ").await;
        }
        let row = "article[data-seq=\"125\"]";
        desk.hover(row).await;
        desk.click(&format!("{row} button[aria-label=\"Mark unread from here\"]")).await;
        for device in [&desk, &sofa] {
            device.wait_text(&badge(room), "6 unread").await;
            wait_line_above(device, 125).await;
        }
        tokio::time::sleep(LONG_ENOUGH_TO_READ).await;
        assert_eq!(
            read_seq(fixture, room).await,
            124,
            "no device marks its visible messages as read"
        );
        // New messages stay unread too, because everything before a read message is read.
        fixture.server.post_message("bob", room, "131: more").await;
        sofa.wait_text(&badge(room), "7 unread").await;
        mark_unread_by_key(fixture, &desk, room).await;
        returning_reads(fixture, &desk, &sofa, (room, side)).await;
    })
    .await;
}

/// ↑ selects the last message, and U marks it unread.
async fn mark_unread_by_key(fixture: &Fixture, desk: &Browser, room: i64) {
    desk.type_keys(TIMELINE, UP).await;
    desk.type_keys("article[data-seq=\"131\"]", UP).await;
    desk.type_keys("article[data-seq=\"130\"]", "u").await;
    desk.wait_text(&badge(room), "2 unread").await;
    wait_line_above(desk, 130).await;
    assert_eq!(read_seq(fixture, room).await, 129);
}

/// Opening the room again reads the messages, on the other device as well.
async fn returning_reads(
    fixture: &Fixture,
    desk: &Browser,
    sofa: &Browser,
    (room, side): (i64, i64),
) {
    sofa.wait_text(&badge(room), "2 unread").await;
    sofa.open_room(side, "side").await;
    sofa.wait_text(&badge(room), "2 unread").await;
    sofa.open_room(room, "much").await;
    for device in [desk, sofa] {
        device.wait_hidden(&badge(room)).await;
        wait_line_above(device, 130).await;
    }
    assert_eq!(read_seq(fixture, room).await, 131);
}

#[tokio::test]
async fn escape_marks_a_room_read_and_shift_escape_all_rooms() {
    scenario("unread-escape", async |fixture| {
        let room = create_long_room(fixture).await;
        let side = fixture.server.create_room("bob", "side", "", &["ada"]).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        for text in ["one", "two"] {
            fixture.server.post_message("bob", side, text).await;
        }
        ada.open_room(room, "much").await;
        ada.wait_visible(UNREAD_BAR).await;
        // An Esc that closes a menu or a reply does not mark the room as read.
        ada.click("[data-testid=room-menu]").await;
        ada.type_keys("[role=menuitem]", ESCAPE).await;
        ada.wait_hidden("[role=menu]").await;
        let row = format!("article[data-seq=\"{}\"]", INITIAL_READ_SEQ + 1);
        ada.hover(&row).await;
        ada.click(&format!("{row} button[aria-label=Reply]")).await;
        ada.wait_visible(".answering").await;
        ada.type_keys(COMPOSER, ESCAPE).await;
        ada.wait_text(".answering", "no longer a reply").await;
        ada.wait_visible(UNREAD_BAR).await;
        // Nor does one that empties the search field.
        let search_field = "input[aria-label=\"Search in this room\"]";
        ada.type_keys(search_field, "words").await;
        ada.type_keys(search_field, ESCAPE).await;
        tokio::time::sleep(LONG_ENOUGH_TO_READ).await;
        assert!(read_seq(fixture, room).await < MESSAGE_COUNT);
        ada.type_keys(COMPOSER, ESCAPE).await;
        ada.wait_hidden(&badge(room)).await;
        ada.wait_text(&badge(side), "2 unread").await;
        assert_eq!(read_seq(fixture, room).await, MESSAGE_COUNT);
        fixture.server.post_message("bob", side, "three").await;
        ada.wait_text(&badge(side), "3 unread").await;
        ada.wait_visible("[data-testid=all-read]").await;
        ada.type_keys(COMPOSER, SHIFT_ESCAPE).await;
        ada.wait_hidden(&badge(side)).await;
        ada.wait_hidden("[data-testid=all-read]").await;
        assert_eq!(read_seq(fixture, side).await, 3);
    })
    .await;
}
