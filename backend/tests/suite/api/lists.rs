//! Read marks, mentions, members, and paged lists.

use serde_json::{Value, json};
use shared::{
    ids::NUMBER_MAX,
    live::ServerFrame,
    messages::{Changes, MessagePage},
    paths,
    problem::Code,
    rooms::{MemberList, MyRoom, People, ReadState, RoomList},
};

use crate::fixture::{Fixture, LiveSocket, Person};

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
async fn members_are_found_by_name_and_by_role() {
    let fixture = Fixture::start().await;
    for name in ["Ängste", "änderung", "100%"] {
        let person = fixture.server.register(name).await;
        person.put(&fixture.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    }
    let path = fixture.path(paths::MEMBERS);
    let find = async |query: &str| {
        fixture.member.get(&format!("{path}?{query}")).await.expect_json::<MemberList>(200)
    };
    let names = async |query: &str| -> Vec<String> {
        find(query).await.members.into_iter().map(|m| m.member.user.username).collect()
    };
    assert_eq!(names("q=%C3%84N").await, ["Ängste", "änderung"]);
    assert_eq!(names("q=%20min%20").await, ["admin"], "blanks around the text do not count");
    assert_eq!(names("q=%25").await, ["100%"]);
    assert_eq!(names("q=outsider").await, [""; 0], "somebody who is not in the room");
    let first = find("q=%C3%84n&limit=1").await;
    let next = format!("q=%C3%84n&limit=1&after={}", first.next.unwrap());
    assert_eq!((names(&next).await, find(&next).await.next), (vec!["änderung".to_owned()], None));

    assert_eq!(names("role=host").await, ["admin"], "who created the room");
    let reader = json!({"role": "reader"});
    let member = paths::fill(paths::MEMBER, &[&fixture.room, &fixture.member.user.id]);
    fixture.admin.patch(&member, reader).await.expect_status(200);
    assert_eq!(names("role=reader").await, ["member"]);
    assert_eq!(names("role=reader&q=adm").await, [""; 0]);
    fixture.admin.delete(&member).await.expect_status(204);
    let gone =
        fixture.admin.get(&format!("{path}?role=reader")).await.expect_json::<MemberList>(200);
    assert!(gone.members.is_empty(), "a member who was removed");
    let long = format!("{path}?q={}", "x".repeat(151));
    fixture.admin.get(&long).await.expect_field_error("q", "150");
    fixture.member.get(&format!("{path}?q=a")).await.expect_problem(Code::NotAMember);
}

#[tokio::test]
async fn accounts_of_the_server_are_found_but_not_by_guests() {
    let fixture = Fixture::start().await;
    let find = async |query: &str| -> Vec<String> {
        let path = format!("{}?{query}", paths::PEOPLE);
        let found = fixture.outsider.get(&path).await.expect_json::<People>(200);
        found.people.into_iter().map(|user| user.username).collect()
    };
    fixture.server.register("A Member").await;
    let members = fixture.server.register("members' friend").await;
    assert_eq!(find("q=member").await, [""; 0], "they share no room");
    assert_eq!(
        find("q=MEMBER&scope=server").await,
        ["member", "members' friend", "A Member"],
        "those whose names start with the text are first"
    );
    let patch = |person: &Person| paths::fill(paths::USER, &[&person.user.id]);
    let disabled = json!({"is_disabled": true});
    fixture.admin.patch(&patch(&members), disabled).await.expect_status(200);
    assert_eq!(find("q=member&scope=server").await, ["member", "A Member"]);
    assert_eq!(find("scope=server").await, ["A Member", "admin", "member", "outsider"]);
    assert_eq!(find("q=%25&scope=server").await, [""; 0]);

    let guest = json!({"rank": "guest"});
    fixture.admin.patch(&patch(&fixture.outsider), guest).await.expect_status(200);
    let path = format!("{}?scope=server&q=member", paths::PEOPLE);
    fixture.outsider.get(&path).await.expect_problem(Code::RankTooLow);
    assert_eq!(find("q=member").await, [""; 0]);
    fixture.anon.get(&path).await.expect_problem(Code::Unauthenticated);
}

#[tokio::test]
async fn at_most_twenty_accounts_are_found() {
    let fixture = Fixture::start().await;
    for nth in 10..32 {
        fixture.server.register(&format!("robot {nth}")).await;
    }
    let path = format!("{}?scope=server&q=robot", paths::PEOPLE);
    let found = fixture.outsider.get(&path).await.expect_json::<People>(200);
    let names: Vec<_> = found.people.into_iter().map(|user| user.username).collect();
    assert_eq!(names, (10..30).map(|nth| format!("robot {nth}")).collect::<Vec<_>>());
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
