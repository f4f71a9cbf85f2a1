//! Whoever was away sees afterwards what everyone sees.

use serde_json::{Value, json};
use shared::{
    ids::{Rev, Seq},
    live::{ClientFrame, ServerFrame},
    paths,
    rules::CHANGES_MAX,
    timeline::Timeline,
};

use super::name;
use crate::actors::{Cast, LiveSocket, Reader, changes, fresh, head};

/// Everything that can happen in a room.
async fn busy(cast: &Cast) {
    let (messages, membership) = (cast.at(paths::MESSAGES), cast.at(paths::MEMBERSHIP));
    let word = |text: &str| json!({"content": text});
    cast.outsider.put(&membership, Value::Null).await.is(200);
    for text in ["one", "two", "three"] {
        cast.admin.post(&messages, word(text)).await.is(201);
        cast.outsider.post(&messages, word(text)).await.is(201);
    }
    cast.member.patch(&cast.message(1), word("first, edited")).await.is(200);
    cast.admin.patch(&cast.message(3), word("one, edited")).await.is(200);
    cast.admin.patch(&cast.message(3), word("one, edited twice")).await.is(200);
    cast.outsider.delete(&cast.message(4)).await.is(204);
    cast.admin.delete(&cast.message(2)).await.is(204);
    cast.admin.patch(&cast.at(paths::ROOM), json!({"topic": "Changed"})).await.is(200);
    cast.outsider.delete(&membership).await.is(204);
    cast.admin.post(&messages, word("four")).await.is(201);
}

#[tokio::test]
async fn whoever_was_away_catches_up() {
    let cast = Cast::assemble().await;
    let mut stays = Reader::open(&cast.admin, cast.room).await;
    let mut leaves = Reader::open(&cast.member, cast.room).await;
    assert!(stays.reach(Rev(5)).await && leaves.reach(Rev(5)).await);
    let held = leaves.hang_up();
    busy(&cast).await;
    let head = head(&cast.admin, cast.room).await;
    let mut back = Reader::resume(&cast.member, cast.room, held).await;
    assert!(stays.reach(head).await && back.reach(head).await);
    let now = fresh(&cast.admin, cast.room).await;
    assert_eq!((now.0.len(), now.1.len()), (9, 2));
    assert_eq!(stays.shown(), now, "who stayed");
    assert_eq!(back.shown(), now, "who came back");
    assert_eq!((stays.skips, stays.gaps, back.gaps), (0, 0, 0));
    for reader in [&stays, &back] {
        assert_eq!(reader.timeline.room().map(|room| &*room.topic), Some("Changed"));
    }
    // And goes on live.
    cast.member.post(&cast.at(paths::MESSAGES), json!({"content": "five"})).await.is(201);
    assert!(stays.reach(head.next()).await && back.reach(head.next()).await);
    assert_eq!(stays.shown(), back.shown());
}

/// At every point at which a socket can break.
#[tokio::test]
async fn a_break_anywhere_leaves_no_hole() {
    let cast = Cast::assemble().await;
    busy(&cast).await;
    let now = fresh(&cast.admin, cast.room).await;
    let head = head(&cast.admin, cast.room).await;
    let by_rest = changes(&cast.admin, cast.room, 0).await;
    assert_eq!((by_rest.rev, by_rest.more), (head, false));
    for after in 0..=head.0 {
        let mut timeline = Timeline::new(cast.admin.user.id, Seq(0), Rev(0));
        // What had come by then, in the states of now.
        let before = by_rest.changes.iter().filter(|change| change.rev.0 <= after).cloned();
        before.for_each(|change| {
            timeline.apply(change);
        });
        timeline.advance_rev(Rev(after));
        let mut reader = Reader::resume(&cast.admin, cast.room, timeline).await;
        assert!(reader.reach(head).await);
        assert_eq!(reader.shown(), now, "after {after}");
    }
}

/// Says so much that one answer does not take it.
async fn talk(cast: &Cast, words: u64) {
    let mut live = LiveSocket::open(&cast.admin).await;
    let mut last = name();
    for nth in 0..words {
        last = name();
        live.say(cast.room, last, &format!("word {nth}")).await;
    }
    live.ack(last).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_one_answer_takes_is_a_gap_that_rest_fills() {
    let cast = Cast::assemble().await;
    let mut reader = Reader::open(&cast.member, cast.room).await;
    assert!(reader.reach(Rev(5)).await);
    let held = reader.hang_up();
    talk(&cast, CHANGES_MAX).await;
    // Just as many as one answer takes: no gap.
    let missed = LiveSocket::open(&cast.member).await.subscribe(cast.room, Some(Rev(5))).await;
    assert_eq!(missed.len() as u64, CHANGES_MAX);
    assert!(missed.windows(2).all(|pair| pair[1].rev == pair[0].rev.next()));
    talk(&cast, 1).await;
    let head = head(&cast.admin, cast.room).await;
    let mut live = LiveSocket::open(&cast.member).await;
    let after_rev = Some(Rev(5));
    live.send(&shared::live::ClientFrame::Subscribe { room: cast.room, after_rev }).await;
    let gap = live.expect(|frame| match frame {
        ServerFrame::Gap { from_rev, to_rev, last_seq, .. } => {
            Some((*from_rev, *to_rev, *last_seq))
        }
        frame => frame.clone().into_change().map(|change| panic!("{change:?} before the gap")),
    });
    assert_eq!(gap.await, (Rev(5), head, Seq(1_003)));
    let mut back = Reader::resume(&cast.member, cast.room, held).await;
    assert!(back.reach(head).await);
    assert_eq!(back.gaps, 1);
    assert_eq!(back.shown(), fresh(&cast.admin, cast.room).await);
    // Live goes on from the end of the gap.
    talk(&cast, 1).await;
    assert!(back.reach(head.next()).await);
    assert_eq!((back.gaps, back.skips), (1, 0));
    // REST gives the same changes in parts.
    let part = changes(&cast.member, cast.room, 5).await;
    assert_eq!((part.changes.len() as u64, part.more), (CHANGES_MAX, true));
    let rest = changes(&cast.member, cast.room, part.rev.0).await;
    assert_eq!((rest.changes.len(), rest.more), (2, false));
}

/// The server was restored from a backup: what somebody saw after it was made never was.
#[tokio::test]
async fn whoever_holds_more_than_there_is_begins_anew() {
    let cast = Cast::assemble().await;
    busy(&cast).await;
    let head = head(&cast.admin, cast.room).await;
    let beyond = changes(&cast.admin, cast.room, head.0 + 7).await;
    assert_eq!((beyond.rev, beyond.changes.len(), beyond.more), (head, 0, true));
    let mut timeline = Timeline::new(cast.admin.user.id, Seq(0), Rev(0));
    timeline.advance_rev(Rev(head.0 + 7));
    let mut reader = Reader::resume(&cast.admin, cast.room, timeline).await;
    cast.member.post(&cast.at(paths::MESSAGES), json!({"content": "five"})).await.is(201);
    assert!(reader.reach(head.next()).await);
    assert_eq!((reader.gaps, reader.timeline.rev()), (1, head.next()));
    assert_eq!(reader.shown(), fresh(&cast.admin, cast.room).await);
    let mut live = LiveSocket::open(&cast.member).await;
    live.send(&ClientFrame::Subscribe { room: cast.room, after_rev: Some(Rev(i64::MAX)) }).await;
    let to_rev = loop {
        if let ServerFrame::Gap { to_rev, .. } = live.next().await {
            break to_rev;
        }
    };
    assert_eq!(to_rev, head.next());
}
