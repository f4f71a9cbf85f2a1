//! Catching up after a disconnection.

use serde_json::{Value, json};
use shared::{
    ids::{NUMBER_MAX, Rev, RoomId, Seq},
    live::{ClientFrame, RemovedReason, ServerFrame, Subscription},
    paths,
    problem::Code,
    rooms::Room,
    rules::{self, CHANGES_MAX},
    timeline::Timeline,
};

use super::new_client_id;
use crate::fixture::{Fixture, LiveSocket, Reader, changes, last_rev, read_by_rest};

/// Makes every kind of change in the room.
async fn make_every_change(fixture: &Fixture) {
    let (messages, membership) = (fixture.path(paths::MESSAGES), fixture.path(paths::MEMBERSHIP));
    let content = |text: &str| json!({"content": text});
    fixture.outsider.put(&membership, Value::Null).await.expect_status(200);
    for text in ["one", "two", "three"] {
        fixture.admin.post(&messages, content(text)).await.expect_status(201);
        fixture.outsider.post(&messages, content(text)).await.expect_status(201);
    }
    fixture
        .member
        .patch(&fixture.message_path(1), content("first, edited"))
        .await
        .expect_status(200);
    fixture.admin.patch(&fixture.message_path(3), content("one, edited")).await.expect_status(200);
    fixture
        .admin
        .patch(&fixture.message_path(3), content("one, edited twice"))
        .await
        .expect_status(200);
    fixture.outsider.delete(&fixture.message_path(4)).await.expect_status(204);
    fixture.admin.delete(&fixture.message_path(2)).await.expect_status(204);
    fixture
        .admin
        .patch(&fixture.path(paths::ROOM), json!({"topic": "Changed"}))
        .await
        .expect_status(200);
    fixture.outsider.delete(&membership).await.expect_status(204);
    fixture.admin.post(&messages, content("four")).await.expect_status(201);
}

#[tokio::test]
async fn a_reconnected_reader_catches_up() {
    let fixture = Fixture::start().await;
    let mut connected = Reader::open(&fixture.admin, fixture.room).await;
    let mut disconnecting = Reader::open(&fixture.member, fixture.room).await;
    assert!(connected.catch_up_to(Rev(5)).await && disconnecting.catch_up_to(Rev(5)).await);
    let old_timeline = disconnecting.disconnect();
    make_every_change(&fixture).await;
    let last_rev = last_rev(&fixture.admin, fixture.room).await;
    let mut reconnected = Reader::resume(&fixture.member, fixture.room, old_timeline).await;
    assert!(connected.catch_up_to(last_rev).await && reconnected.catch_up_to(last_rev).await);
    let expected = read_by_rest(&fixture.admin, fixture.room).await;
    assert_eq!((expected.0.len(), expected.1.len()), (9, 2));
    assert_eq!(connected.contents(), expected, "the reader that stayed connected");
    assert_eq!(reconnected.contents(), expected, "the reader that reconnected");
    assert_eq!((connected.resubscriptions, connected.gaps, reconnected.gaps), (0, 0, 0));
    for reader in [&connected, &reconnected] {
        assert_eq!(reader.timeline.room().map(|room| &*room.topic), Some("Changed"));
    }
    // Live changes follow.
    fixture
        .member
        .post(&fixture.path(paths::MESSAGES), json!({"content": "five"}))
        .await
        .expect_status(201);
    assert!(
        connected.catch_up_to(last_rev.next()).await
            && reconnected.catch_up_to(last_rev.next()).await
    );
    assert_eq!(connected.contents(), reconnected.contents());
}

/// Resumes from each rev, as after a disconnection at that point.
#[tokio::test]
async fn a_disconnection_after_any_frame_leaves_no_gap() {
    let fixture = Fixture::start().await;
    make_every_change(&fixture).await;
    let expected = read_by_rest(&fixture.admin, fixture.room).await;
    let last_rev = last_rev(&fixture.admin, fixture.room).await;
    let all_changes = changes(&fixture.admin, fixture.room, 0).await;
    assert_eq!((all_changes.rev, all_changes.more), (last_rev, false));
    for after in 0..=last_rev.0 {
        let mut timeline = Timeline::new(fixture.admin.user.id, Seq(0), Rev(0));
        // The changes up to `after`, in their current state.
        let before = all_changes.changes.iter().filter(|change| change.rev.0 <= after).cloned();
        before.for_each(|change| {
            timeline.apply(change);
        });
        timeline.advance_rev(Rev(after));
        let mut reader = Reader::resume(&fixture.admin, fixture.room, timeline).await;
        assert!(reader.catch_up_to(last_rev).await);
        assert_eq!(reader.contents(), expected, "after {after}");
    }
}

/// Posts messages without waiting, except for the last ack.
async fn post_messages(fixture: &Fixture, count: u64) {
    let mut live = LiveSocket::open(&fixture.admin).await;
    let mut last = new_client_id();
    for nth in 0..count {
        last = new_client_id();
        live.send_message(fixture.room, last, &format!("word {nth}")).await;
    }
    live.wait_ack(last).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_missed_changes_become_a_gap_that_rest_fills() {
    let fixture = Fixture::start().await;
    let mut reader = Reader::open(&fixture.member, fixture.room).await;
    assert!(reader.catch_up_to(Rev(5)).await);
    let old_timeline = reader.disconnect();
    post_messages(&fixture, CHANGES_MAX).await;
    // The largest number of changes without a gap.
    let missed =
        LiveSocket::open(&fixture.member).await.subscribe(fixture.room, Some(Rev(5))).await;
    assert_eq!(missed.len() as u64, CHANGES_MAX);
    assert!(missed.windows(2).all(|pair| pair[1].rev == pair[0].rev.next()));
    post_messages(&fixture, 1).await;
    let last_rev = last_rev(&fixture.admin, fixture.room).await;
    let mut live = LiveSocket::open(&fixture.member).await;
    let after_rev = Some(Rev(5));
    live.send(&shared::live::ClientFrame::Subscribe { room: fixture.room, after_rev }).await;
    let gap = live.expect(|frame| match frame {
        ServerFrame::Gap { from_rev, to_rev, last_seq, .. } => {
            Some((*from_rev, *to_rev, *last_seq))
        }
        frame => frame.clone().into_change().map(|change| panic!("{change:?} before the gap")),
    });
    assert_eq!(gap.await, (Rev(5), last_rev, Seq(1_003)));
    let mut reconnected = Reader::resume(&fixture.member, fixture.room, old_timeline).await;
    assert!(reconnected.catch_up_to(last_rev).await);
    assert_eq!(reconnected.gaps, 1);
    assert_eq!(reconnected.contents(), read_by_rest(&fixture.admin, fixture.room).await);
    // Live changes follow the end of the gap.
    post_messages(&fixture, 1).await;
    assert!(reconnected.catch_up_to(last_rev.next()).await);
    assert_eq!((reconnected.gaps, reconnected.resubscriptions), (1, 0));
    // REST returns the same changes in pages.
    let first_page = changes(&fixture.member, fixture.room, 5).await;
    assert_eq!((first_page.changes.len() as u64, first_page.more), (CHANGES_MAX, true));
    let second_page = changes(&fixture.member, fixture.room, first_page.rev.0).await;
    assert_eq!((second_page.changes.len(), second_page.more), (2, false));
}

/// After a restore from a backup, clients may have a rev that the server has not reached.
#[tokio::test]
async fn a_client_with_a_rev_beyond_the_last_starts_over() {
    let fixture = Fixture::start().await;
    make_every_change(&fixture).await;
    let last_rev = last_rev(&fixture.admin, fixture.room).await;
    let beyond = changes(&fixture.admin, fixture.room, last_rev.0 + 7).await;
    assert_eq!((beyond.rev, beyond.changes.len(), beyond.more), (last_rev, 0, true));
    let mut timeline = Timeline::new(fixture.admin.user.id, Seq(0), Rev(0));
    timeline.advance_rev(Rev(last_rev.0 + 7));
    let mut reader = Reader::resume(&fixture.admin, fixture.room, timeline).await;
    fixture
        .member
        .post(&fixture.path(paths::MESSAGES), json!({"content": "five"}))
        .await
        .expect_status(201);
    assert!(reader.catch_up_to(last_rev.next()).await);
    assert_eq!((reader.gaps, reader.timeline.rev()), (1, last_rev.next()));
    assert_eq!(reader.contents(), read_by_rest(&fixture.admin, fixture.room).await);
    let mut live = LiveSocket::open(&fixture.member).await;
    live.send(&ClientFrame::Subscribe { room: fixture.room, after_rev: Some(Rev(NUMBER_MAX)) })
        .await;
    let to_rev = loop {
        if let ServerFrame::Gap { to_rev, .. } = live.next().await {
            break to_rev;
        }
    };
    assert_eq!(to_rev, last_rev.next());
}

/// One frame for many rooms: those that missed something, those that are up to date, one that the user is
/// not in, and one that does not exist.
#[tokio::test]
async fn many_rooms_are_subscribed_in_one_frame() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, outsider, .. } = &fixture;
    let mut rooms = Vec::new();
    for nth in 0..70 {
        let new = json!({"name": format!("Room {nth}"), "kind": "private"});
        let room: Room = member.post(paths::ROOMS, new).await.expect_json(201);
        member.post_message(room.id, "before").await;
        rooms.push(room.id);
    }
    let hidden = json!({"name": "Cellar", "kind": "private"});
    let hidden: Room = admin.post(paths::ROOMS, hidden).await.expect_json(201);
    let mut live = LiveSocket::open(member).await;
    let (missed, current) = (Some(Rev(2)), None);
    let after = |nth: usize| if nth.is_multiple_of(2) { missed } else { current };
    let subscription =
        |(nth, room): (usize, &RoomId)| Subscription { room: *room, after_rev: after(nth) };
    let mut subscriptions: Vec<_> = rooms.iter().enumerate().map(subscription).collect();
    for room in [hidden.id, RoomId(4_711)] {
        subscriptions.push(Subscription { room, after_rev: Some(Rev(0)) });
    }
    live.send(&ClientFrame::SubscribeAll { rooms: subscriptions }).await;
    let (mut subscribed, mut changes, mut removed) = (0, 0, Vec::new());
    while subscribed < rooms.len() || removed.len() < 2 {
        match live.next().await {
            ServerFrame::Subscribed { rev, .. } => {
                assert_eq!(rev, Rev(3));
                subscribed += 1;
            }
            ServerFrame::Message { message, .. } => {
                assert_eq!(message.content, "before");
                changes += 1;
            }
            ServerFrame::Error { problem } => assert_eq!(problem.code, Code::NotFound),
            ServerFrame::Removed { room, reason } => removed.push((room, reason)),
            frame => panic!("{frame:?}"),
        }
    }
    assert_eq!(changes, rooms.len() / 2);
    let gone = RemovedReason::RoomDeleted;
    assert_eq!(removed, [(hidden.id, gone), (RoomId(4_711), gone)], "they look the same");
    member.post_message(rooms[69], "after").await;
    assert_eq!(live.next_change().await.rev, Rev(4));
    let many =
        (0..=rules::FRAME_MAX_ITEMS).map(|_| Subscription { room: rooms[0], after_rev: None });
    let mut other = LiveSocket::open(outsider).await;
    other.send(&ClientFrame::SubscribeAll { rooms: many.collect() }).await;
    let ServerFrame::Error { problem } = other.next().await else { panic!("an error") };
    assert!(problem.detail.contains("at most 2000 rooms, but this to 2001"), "{}", problem.detail);
}
