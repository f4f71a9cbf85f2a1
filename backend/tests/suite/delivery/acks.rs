//! An ack is also the change of its message: the socket that posts gets one frame for one row.

use serde_json::json;
use shared::{
    ids::{ClientId, Rev, RoomId},
    live::ServerFrame,
    messages::{Change, Row},
    paths,
};

use super::new_client_id;
use crate::fixture::{DatabaseKind, Fixture, LiveSocket, Person};

/// The type of a frame, and its rev (0 for read marks); `None` for other frames, such as presence.
fn frame_type(frame: &ServerFrame) -> Option<(&'static str, i64)> {
    match frame {
        ServerFrame::Ack { message, .. } => Some(("ack", message.rev.0)),
        ServerFrame::Message { rev, .. } => Some(("message", rev.0)),
        ServerFrame::Read { .. } => Some(("read", 0)),
        _ => None,
    }
}

/// Receives the frames up to the change with this rev.
async fn frames_up_to(live: &mut LiveSocket, rev: i64) -> Vec<(&'static str, i64)> {
    let mut frames = Vec::new();
    while frames.last().is_none_or(|(_, last)| *last < rev) {
        frames.extend(frame_type(&live.next().await));
    }
    frames
}

#[tokio::test]
async fn the_posting_socket_gets_the_ack_only_and_other_devices_the_change_and_the_read_mark() {
    let fixture = Fixture::start().await;
    let mut phone = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let mut laptop = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let mut reader = LiveSocket::in_room(&fixture.admin, fixture.room).await;
    phone.send_message(fixture.room, new_client_id(), "from my phone").await;
    assert_eq!(reader.next_change().await.rev, Rev(6));
    fixture
        .admin
        .post(&fixture.path(paths::MESSAGES), json!({"content": "seen"}))
        .await
        .expect_status(201);
    assert_eq!(frames_up_to(&mut phone, 7).await, [("ack", 6), ("message", 7)]);
    assert_eq!(frames_up_to(&mut laptop, 7).await, [("message", 6), ("read", 0), ("message", 7)]);
}

#[tokio::test]
async fn each_retry_gets_an_ack() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let id = new_client_id();
    for _ in 0..3 {
        live.send_message(fixture.room, id, "once").await;
        assert_eq!(live.wait_ack(id).await.rev, Rev(6));
    }
    let mut reconnected = LiveSocket::open(&fixture.member).await;
    let missed = reconnected.subscribe(fixture.room, Some(Rev(5))).await;
    assert_eq!(missed.len(), 1);
    reconnected.send_message(fixture.room, id, "once").await;
    assert_eq!(reconnected.wait_ack(id).await.rev, Rev(6));
}

/// Posts `count` messages without waiting for acks, then receives the `total` changes of all sockets.
async fn post_and_read(person: Person, room: RoomId, count: usize, total: usize) -> Vec<ClientId> {
    let mut live = LiveSocket::in_room(&person, room).await;
    // Wait until the other sockets are subscribed, too.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let mut undelivered: Vec<_> = (0..count).map(|_| new_client_id()).collect();
    for (nth, id) in undelivered.iter().enumerate() {
        live.send_message(room, *id, &format!("{nth}")).await;
    }
    let (mut received, mut last) = (Vec::new(), Rev(5));
    while received.len() < total {
        let frame = live.next().await;
        let is_ack = matches!(frame, ServerFrame::Ack { .. });
        let Some((_, Change { rev, row: Row::Message(message), .. })) = frame.into_change() else {
            continue;
        };
        // With a shared database, the hub may read the change before the ledger publishes it. The
        // ack is then a second frame for the change.
        if is_ack && rev <= last && DatabaseKind::selected() != DatabaseKind::Sqlite {
            continue;
        }
        assert_eq!(rev, last.next());
        if message.user.id == person.user.id && DatabaseKind::selected() == DatabaseKind::Sqlite {
            assert!(is_ack, "{message:?} came without its ack");
        }
        last = rev;
        undelivered.retain(|id| *id != message.client_id);
        received.push(message.client_id);
    }
    assert!(undelivered.is_empty());
    received
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn acks_and_changes_come_in_one_order() {
    const COUNT: usize = 100;
    let fixture = Fixture::start().await;
    let sockets = [&fixture.admin, &fixture.member]
        .map(|person| tokio::spawn(post_and_read(person.clone(), fixture.room, COUNT, 2 * COUNT)));
    let [admin, member] = sockets;
    assert_eq!(admin.await.unwrap(), member.await.unwrap());
}
