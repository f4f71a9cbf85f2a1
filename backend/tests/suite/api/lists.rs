//! Read marks, mentions, members, and paged lists.

use serde_json::{Value, json};
use shared::{
    ids::NUMBER_MAX,
    live::ServerFrame,
    messages::{Changes, MessagePage},
    paths,
    rooms::{MemberList, MyRoom, ReadState, RoomList},
};

use crate::fixture::{Fixture, LiveSocket};

#[tokio::test]
async fn changes_are_paged() {
    let fixture = Fixture::start().await;
    let path = fixture.path(paths::CHANGES);
    let first: Changes = fixture.member.get(&format!("{path}?limit=2")).await.expect_json(200);
    assert_eq!((first.changes.len(), first.rev.0, first.more), (2, 2, true));
    let rest: Changes = fixture.member.get(&format!("{path}?after_rev=2")).await.expect_json(200);
    assert_eq!((rest.changes.len(), rest.rev.0, rest.more), (3, 5, false));
    let none: Changes = fixture.member.get(&format!("{path}?after_rev=5")).await.expect_json(200);
    assert_eq!((none.changes.len(), none.rev.0, none.more), (0, 5, false));
}

/// The member's first room in a new `welcome` frame.
async fn room_in_welcome(fixture: &Fixture) -> MyRoom {
    LiveSocket::open(&fixture.member).await.rooms.remove(0)
}

/// Sets the member's read mark; returns `read_seq`, `unread` and `mentions`.
async fn mark(fixture: &Fixture, seq: i64) -> (i64, i64, i64) {
    let read = fixture.member.put(&fixture.path(paths::READ), json!({"seq": seq})).await;
    let ReadState { read_seq, unread, mentions, .. } = read.expect_json(200);
    (read_seq.0, unread, mentions)
}

#[tokio::test]
async fn a_read_mark_moves_only_forward() {
    let fixture = Fixture::start().await;
    for nth in 3..=6 {
        fixture.admin.post_message(fixture.room, &format!("word {nth}")).await;
    }
    assert_eq!(mark(&fixture, 4).await, (4, 2, 0));
    assert_eq!(mark(&fixture, 2).await, (4, 2, 0));
    assert_eq!(mark(&fixture, 0).await, (4, 2, 0));
    let room = room_in_welcome(&fixture).await;
    assert_eq!((room.read.last_seq.0, room.read.read_seq.0, room.read.unread), (6, 4, 2));
    assert_eq!(mark(&fixture, NUMBER_MAX).await, (6, 0, 0));
    let page: MessagePage =
        fixture.member.get(&fixture.path(paths::MESSAGES)).await.expect_json(200);
    assert_eq!(page.read_seq.0, 6);
    // Posting a message reads everything before it.
    fixture.admin.post_message(fixture.room, "word 7").await;
    fixture.member.post_message(fixture.room, "word 8").await;
    assert_eq!(room_in_welcome(&fixture).await.read.unread, 0);
}

#[tokio::test]
async fn mentions_count_until_they_are_read() {
    let fixture = Fixture::start().await;
    let texts =
        ["hello @Member!", "@member, again", "not@member", "@outsider is not here", "(@MEMBER)"];
    for text in texts {
        fixture.admin.post_message(fixture.room, text).await;
    }
    let read = room_in_welcome(&fixture).await.read;
    // The member has read one of seven messages: their own, the first.
    assert_eq!((read.read_seq.0, read.unread, read.mentions), (1, 6, 3));
    assert_eq!(mark(&fixture, 3).await, (3, 4, 2));
    // Editing and deleting remove mentions.
    fixture
        .admin
        .patch(&fixture.message_path(4), json!({"content": "never mind"}))
        .await
        .expect_status(200);
    assert_eq!(room_in_welcome(&fixture).await.read.mentions, 1);
    fixture.admin.delete(&fixture.message_path(7)).await.expect_status(204);
    assert_eq!(room_in_welcome(&fixture).await.read.mentions, 0);
}

#[tokio::test]
async fn a_read_mark_reaches_the_other_devices() {
    let fixture = Fixture::start().await;
    let mut phone = LiveSocket::open(&fixture.member).await;
    let mut laptop = LiveSocket::open(&fixture.member).await;
    laptop
        .send(&shared::live::ClientFrame::Read {
            room: fixture.room,
            seq: 2.into(),
            exact: false,
            if_read_seq: None,
        })
        .await;
    let read = phone.expect(|frame| match frame {
        ServerFrame::Read { read, .. } => Some(*read),
        _ => None,
    });
    let read = read.await;
    assert_eq!((read.read_seq.0, read.unread, read.mentions, read.last_seq.0), (2, 0, 0, 2));
}

#[tokio::test]
async fn rooms_and_members_are_paged() {
    let fixture = Fixture::start().await;
    for name in ["Attic", "Cellar", "ÄRGER"] {
        fixture
            .admin
            .post(paths::ROOMS, json!({"name": name, "topic": "Upstairs"}))
            .await
            .expect_status(201);
    }
    let rooms = async |query: &str| {
        fixture.member.get(&format!("{}?{query}", paths::ROOMS)).await.expect_json::<RoomList>(200)
    };
    let first = rooms("limit=2").await;
    let names: Vec<_> =
        first.rooms.iter().map(|listing| (&*listing.room.name, listing.joined)).collect();
    assert_eq!(names, [("Lobby", true), ("Attic", false)]);
    let rest = rooms(&format!("limit=2&after={}", first.next.unwrap())).await;
    assert_eq!((rest.rooms.len(), rest.next), (2, None));
    for (q, found) in [("cell", 1), ("%C3%A4rg", 1), ("upSTAIRS", 3), ("%25", 0), ("nothing", 0)] {
        assert_eq!(rooms(&format!("q={q}")).await.rooms.len(), found, "{q}");
    }
    fixture.outsider.put(&fixture.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    let members = async |query: &str| {
        let path = format!("{}?{query}", fixture.path(paths::MEMBERS));
        fixture.member.get(&path).await.expect_json::<MemberList>(200)
    };
    let first = members("limit=2").await;
    assert_eq!((first.members.len(), first.next), (2, Some(fixture.member.user.id)));
    let rest = members(&format!("limit=2&after={}", first.next.unwrap())).await;
    assert_eq!((&*rest.members[0].member.user.username, rest.next), ("outsider", None));
}

#[tokio::test]
async fn a_user_with_an_open_socket_is_online() {
    let fixture = Fixture::start().await;
    let mut admin = LiveSocket::in_room(&fixture.admin, fixture.room).await;
    let member = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let (member_id, room) = (fixture.member.user.id, fixture.room);
    let came_online = admin.expect(|frame| match frame {
        ServerFrame::Presence { online, .. } => online.contains(&member_id).then_some(()),
        _ => None,
    });
    came_online.await;
    let list: MemberList = fixture.admin.get(&fixture.path(paths::MEMBERS)).await.expect_json(200);
    assert!(list.members.iter().all(|listing| listing.online), "{list:?}");
    drop(member);
    let went_offline = admin.expect(|frame| match frame {
        ServerFrame::Presence { room: of, offline, .. } => {
            (*of == room && offline.contains(&member_id)).then_some(())
        }
        _ => None,
    });
    went_offline.await;
}
