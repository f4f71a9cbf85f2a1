//! The place of the reader in a room survives switching rooms, Back, a reload and links inside the
//! room; links to messages that are gone say so.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    long_room::{BACK, first_in_view},
    scroll::wait_at_newest,
    unread::{MESSAGE_COUNT, create_long_room, set_read_seq, wait_line_above},
};
use crate::fixture::{Browser, Fixture, scenario};

/// Longer than the page waits before it stores a place.
const UNTIL_STORED: Duration = Duration::from_millis(700);

/// The parts of the place: the first message in view and its distance from the top, in CSS pixels.
async fn place(ada: &Browser) -> (i64, f64) {
    let script = "const seq = arguments[0];
        return document.querySelector(`[data-seq='${seq}']`).getBoundingClientRect().bottom";
    let seq = first_in_view(ada).await;
    (seq, ada.run_script(script, vec![json!(seq)]).await)
}

/// Waits until a message ends at a height of the window.
async fn wait_place(ada: &Browser, (seq, bottom): (i64, f64)) {
    let at = format!(
        "Math.abs(document.querySelector(\"[data-seq='{seq}']\")
            ?.getBoundingClientRect().bottom - {bottom}) < 3"
    );
    ada.wait_until(&format!("message {seq} ends at {bottom} px"), &at).await;
}

/// Clicks on a link to a path, as if a message had one.
async fn follow_link(ada: &Browser, path: &str) {
    let script = "const link = document.createElement('a');
        link.href = arguments[0];
        document.querySelector('#main').append(link);
        link.click();
        link.remove()";
    let _: Option<()> = ada.run_script(script, vec![json!(path)]).await;
}

async fn go(ada: &Browser, by: i32) {
    let _: Option<()> = ada.run_script(&format!("history.go({by})"), vec![]).await;
}

/// Opens a room that ada has read, beside another one.
async fn open_read_room(fixture: &Fixture) -> (i64, i64, Browser) {
    let room = create_long_room(fixture).await;
    set_read_seq(fixture, room, MESSAGE_COUNT).await;
    let side = fixture.server.create_room("bob", "side", "", &["ada"]).await;
    let ada = fixture.open_browser("ada").await;
    ada.sign_in("ada").await;
    ada.open_room(room, "much").await;
    ada.wait_message("130: ").await;
    wait_at_newest(&ada).await;
    (room, side, ada)
}

#[tokio::test]
async fn a_room_opens_where_the_reader_was() {
    scenario("place", async |fixture| {
        let (room, side, ada) = open_read_room(fixture).await;
        ada.open_room(side, "side").await;
        ada.open_room(room, "much").await;
        wait_at_newest(&ada).await;

        let up = "document.querySelector('[data-testid=timeline]').scrollTop -= 1234";
        let _: Option<()> = ada.run_script(up, vec![]).await;
        ada.wait_visible("[data-testid=new-pill]").await;
        tokio::time::sleep(UNTIL_STORED).await;
        let there = place(&ada).await;
        ada.open_room(side, "side").await;
        ada.open_room(room, "much").await;
        wait_place(&ada, there).await;
        ada.reload().await;
        wait_place(&ada, there).await;
        go(&ada, -1).await;
        ada.wait_text("h1", "side").await;
        go(&ada, 1).await;
        wait_place(&ada, there).await;

        // A link inside the room keeps the room open, with a way back by both buttons.
        follow_link(&ada, &format!("/ui/room/{room}/m/7")).await;
        ada.wait_visible(".message-lit[data-seq='7']").await;
        ada.wait_visible(BACK).await;
        assert_eq!(ada.path().await, format!("/ui/room/{room}/m/7"));
        go(&ada, -1).await;
        wait_place(&ada, there).await;
        go(&ada, 1).await;
        ada.wait_visible("[data-seq='7']").await;
        tokio::time::sleep(UNTIL_STORED).await;
        ada.reload().await;
        ada.wait_visible("[data-seq='7']").await;
        ada.wait_hidden(".message-lit").await;
        ada.click(BACK).await;
        wait_place(&ada, there).await;

        // Unread messages come before the place.
        ada.open_room(side, "side").await;
        fixture.server.post_message("bob", room, "131: news").await;
        ada.wait_text(&format!(".room-link[data-room='{room}'] .badge"), "1 unread").await;
        ada.open_room(room, "much").await;
        wait_line_above(&ada, 131).await;
        wait_at_newest(&ada).await;
    })
    .await;
}

/// A message that arrives after a jump used to move the reader to the bottom.
#[tokio::test]
async fn a_new_message_leaves_the_reader_of_a_link_there() {
    scenario("place-link", async |fixture| {
        let (room, _, ada) = open_read_room(fixture).await;
        ada.open(&format!("/ui/room/{room}/m/7")).await;
        ada.wait_visible(".message-lit[data-seq='7']").await;
        let there = place(&ada).await;
        fixture.server.post_message("bob", room, "131: news").await;
        ada.wait_text("[data-testid=new-pill]", "1 new").await;
        tokio::time::sleep(UNTIL_STORED).await;
        wait_place(&ada, there).await;
    })
    .await;
}

#[tokio::test]
async fn a_link_to_a_message_that_is_gone_highlights_nothing() {
    scenario("gone", async |fixture| {
        let (room, side, ada) = open_read_room(fixture).await;
        let path = format!("/api/v1/rooms/{room}/messages/50");
        fixture.server.request_ok(Method::DELETE, &path, "bob", Value::Null).await;
        ada.open(&format!("/ui/room/{room}/m/50")).await;
        ada.wait_text(".toast", "This message was deleted.").await;
        ada.wait_visible("[data-seq='50'] .tombstone").await;
        for number in ["131", "0", "x"] {
            ada.open(&format!("/ui/room/{room}/m/{number}")).await;
            ada.wait_text(".toast", "This message doesn't exist.").await;
            let end = if number == "131" { MESSAGE_COUNT } else { 1 };
            ada.wait_visible(&format!("[data-seq='{end}']")).await;
            let lit: i64 = ada
                .run_script("return document.querySelectorAll('.message-lit').length", vec![])
                .await;
            assert_eq!(lit, 0, "a link to message {number} highlights another one");
        }
        ada.open(&format!("/ui/room/{side}/m/1")).await;
        ada.wait_text(".toast", "This message doesn't exist.").await;
        ada.open(&format!("/ui/room/{room}/elsewhere")).await;
        ada.wait_text("h1", "Room not found").await;
    })
    .await;
}
