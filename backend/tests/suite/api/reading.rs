//! Read state, mentions, members, and lists that come in parts.

use serde_json::{Value, json};
use shared::{
    live::ServerFrame,
    messages::{Changes, MessagePage},
    paths,
    rooms::{MemberList, MyRoom, ReadState, RoomList},
};

use crate::actors::{Cast, LiveSocket, Person};

async fn say(cast: &Cast, who: &Person, content: &str) {
    who.post(&cast.at(paths::MESSAGES), json!({"content": content})).await.is(201);
}

#[tokio::test]
async fn changes_come_in_parts() {
    let cast = Cast::assemble().await;
    let path = cast.at(paths::CHANGES);
    let first: Changes = cast.member.get(&format!("{path}?limit=2")).await.read(200);
    assert_eq!((first.changes.len(), first.rev.0, first.more), (2, 2, true));
    let rest: Changes = cast.member.get(&format!("{path}?after_rev=2")).await.read(200);
    assert_eq!((rest.changes.len(), rest.rev.0, rest.more), (3, 5, false));
    let none: Changes = cast.member.get(&format!("{path}?after_rev=5")).await.read(200);
    assert_eq!((none.changes.len(), none.rev.0, none.more), (0, 5, false));
}

async fn welcomed(cast: &Cast) -> MyRoom {
    LiveSocket::open(&cast.member).await.rooms.remove(0)
}

async fn mark(cast: &Cast, seq: i64) -> (i64, i64, i64) {
    let read = cast.member.put(&cast.at(paths::READ), json!({"seq": seq})).await;
    let ReadState { read_seq, unread, mentions } = read.read(200);
    (read_seq.0, unread, mentions)
}

#[tokio::test]
async fn what_was_read_only_grows() {
    let cast = Cast::assemble().await;
    for nth in 3..=6 {
        say(&cast, &cast.admin, &format!("word {nth}")).await;
    }
    assert_eq!(mark(&cast, 4).await, (4, 2, 0));
    assert_eq!(mark(&cast, 2).await, (4, 2, 0));
    assert_eq!(mark(&cast, -7).await, (4, 2, 0));
    let room = welcomed(&cast).await;
    assert_eq!((room.last_seq.0, room.read.read_seq.0, room.read.unread), (6, 4, 2));
    assert_eq!(mark(&cast, i64::MAX).await, (6, 0, 0));
    let page: MessagePage = cast.member.get(&cast.at(paths::MESSAGES)).await.read(200);
    assert_eq!(page.read_seq.0, 6);
    // Whoever speaks has read what was there.
    say(&cast, &cast.admin, "word 7").await;
    say(&cast, &cast.member, "word 8").await;
    assert_eq!(welcomed(&cast).await.read.unread, 0);
}

#[tokio::test]
async fn mentions_are_counted_until_they_are_read() {
    let cast = Cast::assemble().await;
    let texts =
        ["hello @Member!", "@member, again", "not@member", "@outsider is not here", "(@MEMBER)"];
    for text in texts {
        say(&cast, &cast.admin, text).await;
    }
    let read = welcomed(&cast).await.read;
    // Of the seven messages the member has read their own, the first.
    assert_eq!((read.read_seq.0, read.unread, read.mentions), (1, 6, 3));
    assert_eq!(mark(&cast, 3).await, (3, 4, 2));
    // An edit takes a mention away, and so does deleting.
    cast.admin.patch(&cast.message(4), json!({"content": "never mind"})).await.is(200);
    assert_eq!(welcomed(&cast).await.read.mentions, 1);
    cast.admin.delete(&cast.message(7)).await.is(204);
    assert_eq!(welcomed(&cast).await.read.mentions, 0);
}

#[tokio::test]
async fn my_other_device_hears_what_i_read() {
    let cast = Cast::assemble().await;
    let mut phone = LiveSocket::open(&cast.member).await;
    let mut laptop = LiveSocket::open(&cast.member).await;
    laptop
        .send(&shared::live::ClientFrame::Read {
            room: cast.room,
            seq: 2.into(),
            exact: false,
            if_read_seq: None,
        })
        .await;
    let read = phone.expect(|frame| match frame {
        ServerFrame::Read { read, .. } => Some(*read),
        _ => None,
    });
    assert_eq!(read.await, ReadState { read_seq: 2.into(), unread: 0, mentions: 0 });
}

#[tokio::test]
async fn rooms_and_members_come_in_pages() {
    let cast = Cast::assemble().await;
    for name in ["Attic", "Cellar", "ÄRGER"] {
        cast.admin.post(paths::ROOMS, json!({"name": name, "topic": "Upstairs"})).await.is(201);
    }
    let rooms = async |query: &str| {
        cast.member.get(&format!("{}?{query}", paths::ROOMS)).await.read::<RoomList>(200)
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
    cast.outsider.put(&cast.at(paths::MEMBERSHIP), Value::Null).await.is(200);
    let members = async |query: &str| {
        let path = format!("{}?{query}", cast.at(paths::MEMBERS));
        cast.member.get(&path).await.read::<MemberList>(200)
    };
    let first = members("limit=2").await;
    assert_eq!((first.members.len(), first.next), (2, Some(cast.member.user.id)));
    let rest = members(&format!("limit=2&after={}", first.next.unwrap())).await;
    assert_eq!((&*rest.members[0].member.user.username, rest.next), ("outsider", None));
}

#[tokio::test]
async fn who_listens_is_online() {
    let cast = Cast::assemble().await;
    let mut admin = LiveSocket::in_room(&cast.admin, cast.room).await;
    let member = LiveSocket::in_room(&cast.member, cast.room).await;
    let (who, room) = (cast.member.user.id, cast.room);
    let came = admin.expect(|frame| match frame {
        ServerFrame::Presence { online, .. } => online.contains(&who).then_some(()),
        _ => None,
    });
    came.await;
    let list: MemberList = cast.admin.get(&cast.at(paths::MEMBERS)).await.read(200);
    assert!(list.members.iter().all(|listing| listing.online), "{list:?}");
    drop(member);
    let went = admin.expect(|frame| match frame {
        ServerFrame::Presence { room: of, offline, .. } => {
            (*of == room && offline.contains(&who)).then_some(())
        }
        _ => None,
    });
    went.await;
}
