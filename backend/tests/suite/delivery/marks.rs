//! How far somebody has read: forward by itself, back when they say so, and on all their devices.

use serde_json::json;
use shared::{
    ids::RoomId,
    live::{ClientFrame, ServerFrame},
    messages::MessagePage,
    paths,
    problem::Code,
    rooms::ReadState,
};

use crate::actors::{Cast, LiveSocket};

/// A room of ten messages, of which 4, 7 and 9 name the member, who has read all.
async fn ten_of_which_three_name_me() -> Cast {
    let cast = Cast::assemble().await;
    for nth in 3..=10 {
        let content = if [4, 7, 9].contains(&nth) { "hello @member" } else { "hello" };
        cast.admin.post(&cast.at(paths::MESSAGES), json!({"content": content})).await.is(201);
    }
    cast.member.put(&cast.at(paths::READ), json!({"seq": 10})).await.is(200);
    cast
}

async fn mark(cast: &Cast, seq: i64, exact: bool) -> (i64, i64, i64) {
    let mark = json!({"seq": seq, "exact": exact});
    numbers(&cast.member.put(&cast.at(paths::READ), mark).await.read(200))
}

fn numbers(read: &ReadState) -> (i64, i64, i64) {
    (read.read_seq.0, read.unread, read.mentions)
}

async fn welcomed(cast: &Cast) -> (i64, i64, i64) {
    numbers(&LiveSocket::open(&cast.member).await.rooms[0].read)
}

#[tokio::test]
async fn a_mark_goes_back_if_it_is_exact() {
    let cast = ten_of_which_three_name_me().await;
    assert_eq!(mark(&cast, 5, false).await, (10, 0, 0));
    for (seq, read) in [(5, (5, 5, 2)), (8, (8, 2, 1)), (0, (0, 10, 3)), (10, (10, 0, 0))] {
        assert_eq!(mark(&cast, seq, true).await, read);
        assert_eq!(welcomed(&cast).await, read);
    }
    // From where it is, it grows as before.
    mark(&cast, 3, true).await;
    assert_eq!(mark(&cast, 2, false).await, (3, 7, 3));
    assert_eq!(mark(&cast, 7, false).await, (7, 3, 1));
    // Only a mark of one's own: the admin's is where it was.
    let admin = &LiveSocket::open(&cast.admin).await.rooms[0];
    assert_eq!(numbers(&admin.read), (10, 0, 0));
}

#[tokio::test]
async fn what_is_unread_again_is_read_from_there() {
    let cast = ten_of_which_three_name_me().await;
    let first_unread = async || {
        let path = format!("{}?anchor=first_unread&after=1", cast.at(paths::MESSAGES));
        let page: MessagePage = cast.member.get(&path).await.read(200);
        (page.anchor.seq.0, page.read_seq.0, page.first_unread_seq.map(|seq| seq.0))
    };
    assert_eq!(first_unread().await, (10, 10, None));
    mark(&cast, 5, true).await;
    assert_eq!(first_unread().await, (6, 5, Some(6)));
    mark(&cast, 0, true).await;
    assert_eq!(first_unread().await, (1, 0, Some(1)));
    let path = format!("{}?q=is:unread", paths::SEARCH);
    let found = cast.member.get(&path).await.is(200);
    assert_eq!(found["hits"].as_array().unwrap().len(), 10);
    // A mention that is deleted is none, wherever the mark is; and whoever speaks has read all.
    cast.admin.delete(&cast.message(7)).await.is(204);
    assert_eq!(mark(&cast, 5, true).await, (5, 5, 1));
    cast.member.post(&cast.at(paths::MESSAGES), json!({"content": "hello"})).await.is(201);
    assert_eq!(welcomed(&cast).await, (11, 0, 0));
}

#[tokio::test]
async fn an_exact_mark_is_in_the_room_and_by_a_member() {
    let cast = ten_of_which_three_name_me().await;
    let at = cast.at(paths::READ);
    let exact = |seq: i64| json!({"seq": seq, "exact": true});
    for seq in [-1, 11, i64::MAX, i64::MIN] {
        let says = format!("must be 0 to 10, and is {seq}");
        cast.member.put(&at, exact(seq)).await.refused_field("seq", &says);
    }
    cast.member.put(&at, json!({"seq": 1, "exact": 1})).await.refused_field("exact", "");
    cast.anon.put(&at, exact(1)).await.refused(Code::Unauthenticated);
    cast.outsider.put(&at, exact(1)).await.refused(Code::NotAMember);
    let nowhere = paths::fill(paths::READ, &[&77]);
    cast.member.put(&nowhere, exact(1)).await.refused(Code::NotFound);
    cast.member.delete(&cast.at(paths::MEMBERSHIP)).await.is(204);
    cast.member.put(&at, exact(1)).await.refused(Code::NotAMember);
    cast.member.put(&cast.at(paths::MEMBERSHIP), json!(null)).await.is(200);
    assert_eq!(welcomed(&cast).await, (10, 0, 0), "what was refused has changed nothing");
    let mut live = LiveSocket::open(&cast.member).await;
    let complained = |frame: &ServerFrame| match frame {
        ServerFrame::Error { problem } => Some(problem.code),
        _ => None,
    };
    for (room, seq, code) in [
        (cast.room, 11, Code::InvalidFields),
        (cast.room, -1, Code::InvalidFields),
        (RoomId(77), 1, Code::NotFound),
    ] {
        live.send(&ClientFrame::Read { room, seq: seq.into(), exact: true, if_read_seq: None })
            .await;
        assert_eq!(live.expect(complained).await, code);
    }
}

/// As if each had come alone, in the order of asking; and what is written is what each answer says.
#[tokio::test]
async fn marks_of_one_batch_build_on_each_other() {
    let cast = ten_of_which_three_name_me().await;
    let marks = [
        [(2, true), (6, false), (4, false), (8, false)],
        [(9, false), (3, true), (5, false), (4, false)],
        [(10, true), (8, true), (2, true), (0, true)],
        [(0, false), (1, false), (9, true), (3, false)],
    ];
    for (marks, expected) in marks.iter().zip([8, 5, 0, 9]) {
        let mut live = LiveSocket::open(&cast.member).await;
        let read = cast.marks_at_once(marks).await;
        assert_eq!(read.iter().map(|read| read.read_seq.0).collect::<Vec<_>>(), [expected; 4]);
        let left = |seq| [4, 7, 9].iter().filter(|named| **named > seq).count() as i64;
        let whole = |read: &ReadState| {
            let seq = read.read_seq.0;
            numbers(read) == (seq, 10 - seq, left(seq))
        };
        assert!(read.iter().all(whole), "{read:?}");
        // One frame for all of them, for the batch was one; where it went back on the way, devices
        // that know of more must take it.
        assert_eq!(heard(&mut live).await, (read[3], true));
        assert_eq!(welcomed(&cast).await, numbers(&read[3]));
    }
}

async fn heard(live: &mut LiveSocket) -> (ReadState, bool) {
    live.expect(|frame| match frame {
        ServerFrame::Read { read, exact, .. } => Some((*read, *exact)),
        _ => None,
    })
    .await
}

/// Every device hears every mark, whichever way it came, and whether it was meant exactly.
#[tokio::test]
async fn all_my_devices_hear_of_a_mark() {
    let cast = ten_of_which_three_name_me().await;
    let mut phone = LiveSocket::open(&cast.member).await;
    let mut laptop = LiveSocket::open(&cast.member).await;
    mark(&cast, 3, true).await;
    for device in [&mut phone, &mut laptop] {
        let (read, exact) = heard(device).await;
        assert_eq!((numbers(&read), exact), ((3, 7, 3), true));
    }
    laptop
        .send(&ClientFrame::Read {
            room: cast.room,
            seq: 8.into(),
            exact: false,
            if_read_seq: None,
        })
        .await;
    laptop
        .send(&ClientFrame::Read { room: cast.room, seq: 6.into(), exact: true, if_read_seq: None })
        .await;
    // Even if both were written at once, the last of it is what was asked for last.
    for device in [&mut phone, &mut laptop] {
        let (mut read, mut exact) = heard(device).await;
        if !exact {
            assert_eq!(numbers(&read), (8, 2, 1));
            (read, exact) = heard(device).await;
        }
        assert_eq!((numbers(&read), exact), ((6, 4, 2), true));
    }
    // The same again changes no number, and is still heard: some device may be about to mark more.
    mark(&cast, 6, true).await;
    let (read, exact) = heard(&mut phone).await;
    assert_eq!((numbers(&read), exact), ((6, 4, 2), true));
}

/// The laptop has slept while the phone read on, or made something unread again: what it marks by
/// itself is of another time, and it is told how it is.
#[tokio::test]
async fn a_device_that_knows_of_another_mark_marks_nothing() {
    let cast = ten_of_which_three_name_me().await;
    let at = cast.at(paths::READ);
    let by_itself = async |seq: i64, if_read_seq: i64| {
        let mark = json!({"seq": seq, "if_read_seq": if_read_seq});
        numbers(&cast.member.put(&at, mark).await.read(200))
    };
    mark(&cast, 3, true).await;
    let mut laptop = LiveSocket::open(&cast.member).await;
    assert_eq!(by_itself(9, 8).await, (3, 7, 3), "it has not heard that more is unread");
    let (read, exact) = heard(&mut laptop).await;
    assert_eq!((numbers(&read), exact), ((3, 7, 3), true), "it stops marking by itself");
    assert_eq!(by_itself(9, 2).await, (3, 7, 3), "it has not heard that more was read");
    let (read, exact) = heard(&mut laptop).await;
    assert_eq!((numbers(&read), exact), ((3, 7, 3), false), "it goes on from there");
    // `known` is the earlier name of `if_read_seq`.
    let stale = cast.member.put(&at, json!({"seq": 5, "known": 4})).await;
    assert_eq!(numbers(&stale.read(200)), (3, 7, 3));
    assert!(!heard(&mut laptop).await.1);
    assert_eq!(by_itself(5, 3).await, (5, 5, 2));
    assert_eq!(numbers(&heard(&mut laptop).await.0), (5, 5, 2));
    // The same on the socket; and what somebody asks for themselves is always done.
    for (seq, exact, if_read_seq, read) in [
        (8, false, Some(4), (5, 5, 2)),
        (8, false, Some(7), (5, 5, 2)),
        (8, false, Some(5), (8, 2, 1)),
        (9, false, None, (9, 1, 0)),
        (6, true, Some(1), (6, 4, 2)),
    ] {
        let if_read_seq = if_read_seq.map(shared::ids::Seq);
        let frame = ClientFrame::Read { room: cast.room, seq: seq.into(), exact, if_read_seq };
        laptop.send(&frame).await;
        assert_eq!(numbers(&heard(&mut laptop).await.0), read, "{seq} {if_read_seq:?}");
        assert_eq!(welcomed(&cast).await, read);
    }
    cast.member.put(&at, json!({"seq": 1, "known": "1"})).await.refused_field("known", "");
}
