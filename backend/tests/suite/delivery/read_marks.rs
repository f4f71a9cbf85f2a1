//! Read marks: automatic marks only move forward, exact marks also back, and all devices get them.

use serde_json::json;
use shared::{
    ids::{NUMBER_MAX, RoomId},
    live::{ClientFrame, ServerFrame},
    messages::MessagePage,
    paths,
    problem::Code,
    rooms::ReadState,
};

use crate::fixture::{Fixture, LiveSocket};

/// A room of ten messages, all of which the member has read; 4, 7 and 9 mention the member.
async fn ten_messages_with_three_mentions() -> Fixture {
    let fixture = Fixture::start().await;
    for nth in 3..=10 {
        let content = if [4, 7, 9].contains(&nth) { "hello @member" } else { "hello" };
        fixture
            .admin
            .post(&fixture.path(paths::MESSAGES), json!({"content": content}))
            .await
            .expect_status(201);
    }
    fixture.member.put(&fixture.path(paths::READ), json!({"seq": 10})).await.expect_status(200);
    fixture
}

/// Sets the member's read mark; returns the new state.
async fn mark(fixture: &Fixture, seq: i64, exact: bool) -> (i64, i64, i64) {
    let mark = json!({"seq": seq, "exact": exact});
    as_tuple(&fixture.member.put(&fixture.path(paths::READ), mark).await.expect_json(200))
}

/// `read_seq`, `unread`, `mentions`.
fn as_tuple(read: &ReadState) -> (i64, i64, i64) {
    (read.read_seq.0, read.unread, read.mentions)
}

async fn read_state_in_welcome(fixture: &Fixture) -> (i64, i64, i64) {
    as_tuple(&LiveSocket::open(&fixture.member).await.rooms[0].read)
}

#[tokio::test]
async fn an_exact_mark_may_move_back() {
    let fixture = ten_messages_with_three_mentions().await;
    assert_eq!(mark(&fixture, 5, false).await, (10, 0, 0));
    for (seq, read) in [(5, (5, 5, 2)), (8, (8, 2, 1)), (0, (0, 10, 3)), (10, (10, 0, 0))] {
        assert_eq!(mark(&fixture, seq, true).await, read);
        assert_eq!(read_state_in_welcome(&fixture).await, read);
    }
    // An automatic mark then moves forward from there.
    mark(&fixture, 3, true).await;
    assert_eq!(mark(&fixture, 2, false).await, (3, 7, 3));
    assert_eq!(mark(&fixture, 7, false).await, (7, 3, 1));
    // The admin's mark is unchanged.
    let admin = &LiveSocket::open(&fixture.admin).await.rooms[0];
    assert_eq!(as_tuple(&admin.read), (10, 0, 0));
}

#[tokio::test]
async fn messages_marked_unread_are_read_from_there() {
    let fixture = ten_messages_with_three_mentions().await;
    let first_unread = async || {
        let path = format!("{}?anchor=first_unread&after=1", fixture.path(paths::MESSAGES));
        let page: MessagePage = fixture.member.get(&path).await.expect_json(200);
        (page.anchor.seq.0, page.read_seq.0, page.first_unread_seq.map(|seq| seq.0))
    };
    assert_eq!(first_unread().await, (10, 10, None));
    mark(&fixture, 5, true).await;
    assert_eq!(first_unread().await, (6, 5, Some(6)));
    mark(&fixture, 0, true).await;
    assert_eq!(first_unread().await, (1, 0, Some(1)));
    let path = format!("{}?q=is:unread", paths::SEARCH);
    let found = fixture.member.get(&path).await.expect_status(200);
    assert_eq!(found["hits"].as_array().unwrap().len(), 10);
    // Deleted messages and their mentions do not count. Posting reads everything.
    fixture.admin.delete(&fixture.message_path(7)).await.expect_status(204);
    assert_eq!(mark(&fixture, 5, true).await, (5, 4, 1));
    fixture
        .member
        .post(&fixture.path(paths::MESSAGES), json!({"content": "hello"}))
        .await
        .expect_status(201);
    assert_eq!(read_state_in_welcome(&fixture).await, (11, 0, 0));
}

#[tokio::test]
async fn an_exact_mark_needs_a_member_and_a_valid_seq() {
    let fixture = ten_messages_with_three_mentions().await;
    let path = fixture.path(paths::READ);
    let exact = |seq: i64| json!({"seq": seq, "exact": true});
    for (seq, max) in [
        (11, 10),
        (NUMBER_MAX, 10),
        (-1, NUMBER_MAX),
        (i64::MAX, NUMBER_MAX),
        (i64::MIN, NUMBER_MAX),
    ] {
        let error_text = format!("must be 0 to {max}, but is {seq}");
        fixture.member.put(&path, exact(seq)).await.expect_field_error("seq", &error_text);
    }
    fixture.member.put(&path, json!({"seq": 1, "exact": 1})).await.expect_field_error("exact", "");
    fixture.anon.put(&path, exact(1)).await.expect_problem(Code::Unauthenticated);
    fixture.outsider.put(&path, exact(1)).await.expect_problem(Code::NotAMember);
    let unknown_room = paths::fill(paths::READ, &[&77]);
    fixture.member.put(&unknown_room, exact(1)).await.expect_problem(Code::NotFound);
    fixture.member.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    fixture.member.put(&path, exact(1)).await.expect_problem(Code::NotAMember);
    fixture.member.put(&fixture.path(paths::MEMBERSHIP), json!(null)).await.expect_status(200);
    assert_eq!(
        read_state_in_welcome(&fixture).await,
        (10, 0, 0),
        "a refused mark changed something"
    );
    let mut live = LiveSocket::open(&fixture.member).await;
    let error_code = |frame: &ServerFrame| match frame {
        ServerFrame::Error { problem } => Some(problem.code),
        _ => None,
    };
    for (room, seq, code) in [
        (fixture.room, 11, Code::InvalidFields),
        (fixture.room, -1, Code::BadRequest),
        (RoomId(77), 1, Code::NotFound),
    ] {
        live.send(&ClientFrame::Read { room, seq: seq.into(), exact: true, if_read_seq: None })
            .await;
        assert_eq!(live.expect(error_code).await, code);
    }
}

/// The marks apply in order, and each response has the state after its own mark.
#[tokio::test]
async fn marks_of_one_batch_apply_in_order() {
    let fixture = ten_messages_with_three_mentions().await;
    let marks = [
        [(2, true), (6, false), (4, false), (8, false)],
        [(9, false), (3, true), (5, false), (4, false)],
        [(10, true), (8, true), (2, true), (0, true)],
        [(0, false), (1, false), (9, true), (3, false)],
    ];
    for (marks, expected) in marks.iter().zip([8, 5, 0, 9]) {
        let mut live = LiveSocket::open(&fixture.member).await;
        let read = fixture.mark_read_in_one_batch(marks).await;
        assert_eq!(read.iter().map(|read| read.read_seq.0).collect::<Vec<_>>(), [expected; 4]);
        let mentions_after =
            |seq| [4, 7, 9].iter().filter(|mention| **mention > seq).count() as i64;
        let is_consistent = |read: &ReadState| {
            let seq = read.read_seq.0;
            as_tuple(read) == (seq, 10 - seq, mentions_after(seq))
        };
        assert!(read.iter().all(is_consistent), "{read:?}");
        // One frame per batch. If the mark moved back within it, the frame is exact, so that
        // devices with a later mark accept it.
        assert_eq!(next_read_frame(&mut live).await, (read[3], true));
        assert_eq!(read_state_in_welcome(&fixture).await, as_tuple(&read[3]));
    }
}

/// Skips frames until the next read mark; returns its state, and whether it is exact.
async fn next_read_frame(live: &mut LiveSocket) -> (ReadState, bool) {
    live.expect(|frame| match frame {
        ServerFrame::Read { read, exact, .. } => Some((*read, *exact)),
        _ => None,
    })
    .await
}

/// Every device gets every mark by REST or socket, and whether it is exact.
#[tokio::test]
async fn each_mark_reaches_all_devices() {
    let fixture = ten_messages_with_three_mentions().await;
    let mut phone = LiveSocket::open(&fixture.member).await;
    let mut laptop = LiveSocket::open(&fixture.member).await;
    mark(&fixture, 3, true).await;
    for device in [&mut phone, &mut laptop] {
        let (read, exact) = next_read_frame(device).await;
        assert_eq!((as_tuple(&read), exact), ((3, 7, 3), true));
    }
    laptop
        .send(&ClientFrame::Read {
            room: fixture.room,
            seq: 8.into(),
            exact: false,
            if_read_seq: None,
        })
        .await;
    laptop
        .send(&ClientFrame::Read {
            room: fixture.room,
            seq: 6.into(),
            exact: true,
            if_read_seq: None,
        })
        .await;
    // Even in one batch, the last request wins.
    for device in [&mut phone, &mut laptop] {
        let (mut read, mut exact) = next_read_frame(device).await;
        if !exact {
            assert_eq!(as_tuple(&read), (8, 2, 1));
            (read, exact) = next_read_frame(device).await;
        }
        assert_eq!((as_tuple(&read), exact), ((6, 4, 2), true));
    }
    // A repeated mark changes nothing but is still sent, because a device may be about to mark more.
    mark(&fixture, 6, true).await;
    let (read, exact) = next_read_frame(&mut phone).await;
    assert_eq!((as_tuple(&read), exact), ((6, 4, 2), true));
}

/// The laptop slept while the phone moved the mark. The laptop's automatic mark is stale, so the
/// server ignores it and responds with the current state.
#[tokio::test]
async fn a_mark_with_a_stale_if_read_seq_changes_nothing() {
    let fixture = ten_messages_with_three_mentions().await;
    let path = fixture.path(paths::READ);
    let mark_automatically = async |seq: i64, if_read_seq: i64| {
        let mark = json!({"seq": seq, "if_read_seq": if_read_seq});
        as_tuple(&fixture.member.put(&path, mark).await.expect_json(200))
    };
    mark(&fixture, 3, true).await;
    let mut laptop = LiveSocket::open(&fixture.member).await;
    assert_eq!(
        mark_automatically(9, 8).await,
        (3, 7, 3),
        "the laptop has not yet received the exact mark"
    );
    let (read, exact) = next_read_frame(&mut laptop).await;
    assert_eq!((as_tuple(&read), exact), ((3, 7, 3), true), "the stale mark is ignored");
    assert_eq!(
        mark_automatically(9, 2).await,
        (3, 7, 3),
        "the laptop has not yet received the later mark"
    );
    let (read, exact) = next_read_frame(&mut laptop).await;
    assert_eq!(
        (as_tuple(&read), exact),
        ((3, 7, 3), false),
        "the laptop continues from the current mark"
    );
    // `known` is the earlier name of `if_read_seq`.
    let stale = fixture.member.put(&path, json!({"seq": 5, "known": 4})).await;
    assert_eq!(as_tuple(&stale.expect_json(200)), (3, 7, 3));
    assert!(next_read_frame(&mut laptop).await.1);
    assert_eq!(mark_automatically(5, 3).await, (5, 5, 2));
    assert_eq!(as_tuple(&next_read_frame(&mut laptop).await.0), (5, 5, 2));
    // The same by socket. An exact mark always applies.
    for (seq, exact, if_read_seq, read) in [
        (8, false, Some(4), (5, 5, 2)),
        (8, false, Some(7), (5, 5, 2)),
        (8, false, Some(5), (8, 2, 1)),
        (9, false, None, (9, 1, 0)),
        (6, true, Some(1), (6, 4, 2)),
    ] {
        let if_read_seq = if_read_seq.map(shared::ids::Seq);
        let frame = ClientFrame::Read { room: fixture.room, seq: seq.into(), exact, if_read_seq };
        laptop.send(&frame).await;
        assert_eq!(as_tuple(&next_read_frame(&mut laptop).await.0), read, "{seq} {if_read_seq:?}");
        assert_eq!(read_state_in_welcome(&fixture).await, read);
    }
    fixture
        .member
        .put(&path, json!({"seq": 1, "known": "1"}))
        .await
        .expect_field_error("known", "");
}
