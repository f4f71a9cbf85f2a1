//! Promise 7: a client that does not read delays nobody, and misses nothing.

use std::time::{Duration, Instant};

use shared::{
    ids::{Rev, Seq},
    live::{ClientFrame, SUBPROTOCOL},
    paths,
    timeline::Timeline,
};

use super::name;
use crate::fixture::{Fixture, LiveSocket, Person, Reader, Socket, fresh, head};

const MESSAGE_COUNT: usize = 5_000;

/// A socket with a receive buffer of 4 KiB.
async fn open_with_small_buffer(person: &Person) -> LiveSocket {
    let authorization = format!("Bearer {}", person.token);
    let headers = [("authorization", &*authorization), ("sec-websocket-protocol", SUBPROTOCOL)];
    let socket = Socket::open_narrow(person.address, paths::LIVE, &headers).await.unwrap();
    LiveSocket::welcomed(socket).await.unwrap()
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
    let since = Instant::now();
    let speaker = tokio::spawn(async move { speak(&person, room).await });
    let last = Rev(5 + MESSAGE_COUNT as i64);
    assert!(fast.catch_up_to(last).await, "the fast reader was disconnected");
    let took = since.elapsed();
    speaker.await.unwrap();
    assert!(took < Duration::from_secs(90), "{took:?}");
    assert_eq!((fast.gaps, fast.skips), (0, 0), "the fast reader was delayed");
    // Now it reads again: it catches up from the database, or the server has closed it.
    let mut back = slow;
    let mut times = 0;
    while !back.catch_up_to(last).await {
        times += 1;
        assert!(times < 5, "the slow reader never catches up");
        back = Reader::resume(&fixture.member, fixture.room, back.disconnect()).await;
    }
    assert!(back.gaps + times > 0, "the slow reader never lagged, so the test proves nothing");
    assert_eq!(head(&fixture.admin, fixture.room).await, last);
    let now = fresh(&fixture.admin, fixture.room).await;
    assert_eq!(now.0.len(), MESSAGE_COUNT + 2);
    assert!(fast.shown() == now, "the fast reader misses a change");
    assert!(back.shown() == now, "the slow reader misses a change");
}

/// Posts enough to fill the kernel's socket buffers.
async fn speak(person: &Person, room: shared::ids::RoomId) {
    let mut live = LiveSocket::open(person).await;
    let text = "x".repeat(2_000);
    for _ in 0..MESSAGE_COUNT / 50 {
        let mut last = name();
        for _ in 0..50 {
            last = name();
            let (content, reply_to) = (text.clone(), None);
            let send = ClientFrame::Send { room, client_id: last, content, reply_to };
            live.socket.queue_text(&serde_json::to_string(&send).unwrap()).await;
        }
        live.socket.flush().await;
        live.wait_ack(last).await;
    }
}
