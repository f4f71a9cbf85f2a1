//! Catching up after a disconnection.

use serde_json::{Value, json};
use shared::{
    ids::{Rev, Seq},
    live::{ClientFrame, ServerFrame},
    paths,
    rules::CHANGES_MAX,
    timeline::Timeline,
};

use super::name;
use crate::fixture::{Fixture, LiveSocket, Reader, changes, fresh, head};

/// Every kind of change of a room.
async fn busy(fixture: &Fixture) {
    let (messages, membership) = (fixture.path(paths::MESSAGES), fixture.path(paths::MEMBERSHIP));
    let word = |text: &str| json!({"content": text});
    fixture.outsider.put(&membership, Value::Null).await.expect_status(200);
    for text in ["one", "two", "three"] {
        fixture.admin.post(&messages, word(text)).await.expect_status(201);
        fixture.outsider.post(&messages, word(text)).await.expect_status(201);
    }
    fixture.member.patch(&fixture.message_path(1), word("first, edited")).await.expect_status(200);
    fixture.admin.patch(&fixture.message_path(3), word("one, edited")).await.expect_status(200);
    fixture
        .admin
        .patch(&fixture.message_path(3), word("one, edited twice"))
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
    fixture.admin.post(&messages, word("four")).await.expect_status(201);
}

#[tokio::test]
async fn a_reconnected_reader_catches_up() {
    let fixture = Fixture::start().await;
    let mut stays = Reader::open(&fixture.admin, fixture.room).await;
    let mut leaves = Reader::open(&fixture.member, fixture.room).await;
    assert!(stays.catch_up_to(Rev(5)).await && leaves.catch_up_to(Rev(5)).await);
    let held = leaves.disconnect();
    busy(&fixture).await;
    let head = head(&fixture.admin, fixture.room).await;
    let mut back = Reader::resume(&fixture.member, fixture.room, held).await;
    assert!(stays.catch_up_to(head).await && back.catch_up_to(head).await);
    let now = fresh(&fixture.admin, fixture.room).await;
    assert_eq!((now.0.len(), now.1.len()), (9, 2));
    assert_eq!(stays.shown(), now, "the reader that stayed");
    assert_eq!(back.shown(), now, "the reader that reconnected");
    assert_eq!((stays.skips, stays.gaps, back.gaps), (0, 0, 0));
    for reader in [&stays, &back] {
        assert_eq!(reader.timeline.room().map(|room| &*room.topic), Some("Changed"));
    }
    // Live changes follow.
    fixture
        .member
        .post(&fixture.path(paths::MESSAGES), json!({"content": "five"}))
        .await
        .expect_status(201);
    assert!(stays.catch_up_to(head.next()).await && back.catch_up_to(head.next()).await);
    assert_eq!(stays.shown(), back.shown());
}

/// Breaks the socket after each possible number of frames.
#[tokio::test]
async fn a_disconnection_after_any_frame_leaves_no_hole() {
    let fixture = Fixture::start().await;
    busy(&fixture).await;
    let now = fresh(&fixture.admin, fixture.room).await;
    let head = head(&fixture.admin, fixture.room).await;
    let by_rest = changes(&fixture.admin, fixture.room, 0).await;
    assert_eq!((by_rest.rev, by_rest.more), (head, false));
    for after in 0..=head.0 {
        let mut timeline = Timeline::new(fixture.admin.user.id, Seq(0), Rev(0));
        // The changes up to there, in their current state.
        let before = by_rest.changes.iter().filter(|change| change.rev.0 <= after).cloned();
        before.for_each(|change| {
            timeline.apply(change);
        });
        timeline.advance_rev(Rev(after));
        let mut reader = Reader::resume(&fixture.admin, fixture.room, timeline).await;
        assert!(reader.catch_up_to(head).await);
        assert_eq!(reader.shown(), now, "after {after}");
    }
}

/// Posts more messages than one catch-up holds.
async fn talk(fixture: &Fixture, words: u64) {
    let mut live = LiveSocket::open(&fixture.admin).await;
    let mut last = name();
    for nth in 0..words {
        last = name();
        live.send_message(fixture.room, last, &format!("word {nth}")).await;
    }
    live.wait_ack(last).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_missed_changes_become_a_gap_that_rest_fills() {
    let fixture = Fixture::start().await;
    let mut reader = Reader::open(&fixture.member, fixture.room).await;
    assert!(reader.catch_up_to(Rev(5)).await);
    let held = reader.disconnect();
    talk(&fixture, CHANGES_MAX).await;
    // Exactly as many as one catch-up holds: no gap.
    let missed =
        LiveSocket::open(&fixture.member).await.subscribe(fixture.room, Some(Rev(5))).await;
    assert_eq!(missed.len() as u64, CHANGES_MAX);
    assert!(missed.windows(2).all(|pair| pair[1].rev == pair[0].rev.next()));
    talk(&fixture, 1).await;
    let head = head(&fixture.admin, fixture.room).await;
    let mut live = LiveSocket::open(&fixture.member).await;
    let after_rev = Some(Rev(5));
    live.send(&shared::live::ClientFrame::Subscribe { room: fixture.room, after_rev }).await;
    let gap = live.expect(|frame| match frame {
        ServerFrame::Gap { from_rev, to_rev, last_seq, .. } => {
            Some((*from_rev, *to_rev, *last_seq))
        }
        frame => frame.clone().into_change().map(|change| panic!("{change:?} before the gap")),
    });
    assert_eq!(gap.await, (Rev(5), head, Seq(1_003)));
    let mut back = Reader::resume(&fixture.member, fixture.room, held).await;
    assert!(back.catch_up_to(head).await);
    assert_eq!(back.gaps, 1);
    assert_eq!(back.shown(), fresh(&fixture.admin, fixture.room).await);
    // Live changes follow the end of the gap.
    talk(&fixture, 1).await;
    assert!(back.catch_up_to(head.next()).await);
    assert_eq!((back.gaps, back.skips), (1, 0));
    // REST pages the same changes.
    let part = changes(&fixture.member, fixture.room, 5).await;
    assert_eq!((part.changes.len() as u64, part.more), (CHANGES_MAX, true));
    let rest = changes(&fixture.member, fixture.room, part.rev.0).await;
    assert_eq!((rest.changes.len(), rest.more), (2, false));
}

/// After a restore from a backup, clients may hold a rev that the server has not reached.
#[tokio::test]
async fn a_client_with_a_rev_beyond_the_last_starts_over() {
    let fixture = Fixture::start().await;
    busy(&fixture).await;
    let head = head(&fixture.admin, fixture.room).await;
    let beyond = changes(&fixture.admin, fixture.room, head.0 + 7).await;
    assert_eq!((beyond.rev, beyond.changes.len(), beyond.more), (head, 0, true));
    let mut timeline = Timeline::new(fixture.admin.user.id, Seq(0), Rev(0));
    timeline.advance_rev(Rev(head.0 + 7));
    let mut reader = Reader::resume(&fixture.admin, fixture.room, timeline).await;
    fixture
        .member
        .post(&fixture.path(paths::MESSAGES), json!({"content": "five"}))
        .await
        .expect_status(201);
    assert!(reader.catch_up_to(head.next()).await);
    assert_eq!((reader.gaps, reader.timeline.rev()), (1, head.next()));
    assert_eq!(reader.shown(), fresh(&fixture.admin, fixture.room).await);
    let mut live = LiveSocket::open(&fixture.member).await;
    live.send(&ClientFrame::Subscribe { room: fixture.room, after_rev: Some(Rev(i64::MAX)) }).await;
    let to_rev = loop {
        if let ServerFrame::Gap { to_rev, .. } = live.next().await {
            break to_rev;
        }
    };
    assert_eq!(to_rev, head.next());
}
