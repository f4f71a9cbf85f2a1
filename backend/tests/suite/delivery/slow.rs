//! Promise 7: whoever does not read slows nobody, and misses nothing.

use std::time::{Duration, Instant};

use shared::{
    ids::{Rev, Seq},
    live::{ClientFrame, SUBPROTOCOL},
    paths,
    timeline::Timeline,
};

use super::name;
use crate::actors::{Cast, LiveSocket, Person, Reader, Socket, fresh, head};

const WORDS: usize = 5_000;

/// A socket that takes next to nothing unless it is read.
async fn narrow(person: &Person) -> LiveSocket {
    let authorization = format!("Bearer {}", person.token);
    let headers = [("authorization", &*authorization), ("sec-websocket-protocol", SUBPROTOCOL)];
    let socket = Socket::open_narrow(person.address, paths::LIVE, &headers).await.unwrap();
    LiveSocket::welcomed(socket).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_stops_reading_slows_nobody_and_misses_nothing() {
    let cast = Cast::assemble().await;
    let timeline = Timeline::new(cast.member.user.id, Seq(0), Rev(0));
    let live = narrow(&cast.member).await;
    let mut slow = Reader::over(&cast.member, cast.room, timeline, live).await;
    assert!(slow.reach(Rev(5)).await);
    let mut fast = Reader::open(&cast.admin, cast.room).await;
    let (person, room) = (cast.admin.clone(), cast.room);
    let since = Instant::now();
    let speaker = tokio::spawn(async move { speak(&person, room).await });
    let last = Rev(5 + WORDS as i64);
    assert!(fast.reach(last).await, "the fast one was sent away");
    let took = since.elapsed();
    speaker.await.unwrap();
    assert!(took < Duration::from_secs(90), "{took:?}");
    assert_eq!((fast.gaps, fast.skips), (0, 0), "the fast one was held up");
    // Only now it reads on: refilled from the database, or sent away to come back.
    let mut back = slow;
    let mut times = 0;
    while !back.reach(last).await {
        times += 1;
        assert!(times < 5, "sent away again and again");
        back = Reader::resume(&cast.member, cast.room, back.hang_up()).await;
    }
    assert!(back.gaps + times > 0, "it was never behind: this proves nothing");
    assert_eq!(head(&cast.admin, cast.room).await, last);
    let now = fresh(&cast.admin, cast.room).await;
    assert_eq!(now.0.len(), WORDS + 2);
    assert!(fast.shown() == now, "the fast one misses something");
    assert!(back.shown() == now, "the slow one misses something");
}

/// Enough to fill what the kernel keeps for a socket.
async fn speak(person: &Person, room: shared::ids::RoomId) {
    let mut live = LiveSocket::open(person).await;
    let text = "x".repeat(2_000);
    for _ in 0..WORDS / 50 {
        let mut last = name();
        for _ in 0..50 {
            last = name();
            let (content, reply_to) = (text.clone(), None);
            let send = ClientFrame::Send { room, client_id: last, content, reply_to };
            live.socket.feed(&serde_json::to_string(&send).unwrap()).await;
        }
        live.socket.push().await;
        live.ack(last).await;
    }
}
