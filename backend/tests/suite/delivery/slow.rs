//! A client that does not read delays no other client and misses no change.

use std::time::{Duration, Instant};

use shared::{
    ids::{Rev, Seq},
    live::{ClientFrame, SUBPROTOCOL},
    paths,
    timeline::Timeline,
};

use super::new_client_id;
use crate::fixture::{Fixture, LiveSocket, Person, Reader, Socket, last_rev, read_by_rest};

const MESSAGE_COUNT: usize = 5_000;

/// A socket with a receive buffer of 4 KiB.
async fn open_with_small_buffer(person: &Person) -> LiveSocket {
    let authorization = format!("Bearer {}", person.token);
    let headers = [("authorization", &*authorization), ("sec-websocket-protocol", SUBPROTOCOL)];
    let socket =
        Socket::open_with_small_buffer(person.address, paths::LIVE, &headers).await.unwrap();
    LiveSocket::wait_welcome(socket).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_delays_nobody_and_misses_nothing() {
    let fixture = Fixture::start().await;
    let timeline = Timeline::new(fixture.member.user.id, Seq(0), Rev(0));
    let live = open_with_small_buffer(&fixture.member).await;
    let mut slow = Reader::on_socket(&fixture.member, fixture.room, timeline, live).await;
    assert!(slow.catch_up_to(Rev(5)).await);
    let mut fast = Reader::open(&fixture.admin, fixture.room).await;
    let (person, room) = (fixture.admin.clone(), fixture.room);
    let start = Instant::now();
    let sender = tokio::spawn(async move { post_messages(&person, room).await });
    let last = Rev(5 + MESSAGE_COUNT as i64);
    assert!(fast.catch_up_to(last).await, "the fast reader was disconnected");
    let elapsed = start.elapsed();
    sender.await.unwrap();
    assert!(elapsed < Duration::from_secs(90), "{elapsed:?}");
    assert_eq!((fast.gaps, fast.resubscriptions), (0, 0), "the fast reader was delayed");
    // The slow reader reads again: it catches up from the database, or reconnects if the server has
    // closed its socket.
    let mut resumed = slow;
    let mut reconnections = 0;
    while !resumed.catch_up_to(last).await {
        reconnections += 1;
        assert!(reconnections < 5, "the slow reader never catches up");
        resumed = Reader::resume(&fixture.member, fixture.room, resumed.disconnect()).await;
    }
    assert!(
        resumed.gaps + reconnections > 0,
        "the slow reader never lagged, so the test proves nothing"
    );
    assert_eq!(last_rev(&fixture.admin, fixture.room).await, last);
    let expected = read_by_rest(&fixture.admin, fixture.room).await;
    assert_eq!(expected.0.len(), MESSAGE_COUNT + 2);
    assert!(fast.contents() == expected, "the fast reader misses a change");
    assert!(resumed.contents() == expected, "the slow reader misses a change");
}

/// Posts enough to fill the kernel's socket buffers.
async fn post_messages(person: &Person, room: shared::ids::RoomId) {
    let mut live = LiveSocket::open(person).await;
    let text = "x".repeat(2_000);
    for _ in 0..MESSAGE_COUNT / 50 {
        let mut last = new_client_id();
        for _ in 0..50 {
            last = new_client_id();
            let (content, reply_to) = (text.clone(), None);
            let send = ClientFrame::Send { room, client_id: last, content, format: None, reply_to };
            live.socket.queue_text(&serde_json::to_string(&send).unwrap()).await;
        }
        live.socket.flush().await;
        live.wait_ack(last).await;
    }
}
