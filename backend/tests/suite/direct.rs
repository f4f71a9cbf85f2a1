//! Direct rooms: one for each set of people, which nobody else sees, and which its people hide.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::{
    access::{Role, RoomKind},
    ids::{RoomId, Seq, UserId},
    live::ServerFrame,
    messages::{MessagePage, Row},
    paths,
    problem::Code,
    rooms::{MyRoom, People, RoomListing},
    users::User,
};

use crate::fixture::{Fixture, LiveSocket, PASSWORD, Person};

fn ids(people: &[&Person]) -> Vec<UserId> {
    people.iter().map(|person| person.user.id).collect()
}

/// Starts or finds the direct room of a person with others.
async fn direct(by: &Person, others: &[&Person], status: u16) -> MyRoom {
    by.post(paths::DIRECT, json!({"users": ids(others)})).await.expect_json(status)
}

/// A room in the `welcome` of a new socket.
async fn in_welcome(person: &Person, room: RoomId) -> Option<MyRoom> {
    LiveSocket::open(person).await.rooms.into_iter().find(|mine| mine.id == room)
}

fn people(room: &MyRoom) -> Vec<UserId> {
    room.people.iter().map(|user| user.id).collect()
}

#[tokio::test]
async fn a_set_of_people_has_one_room() {
    let Fixture { server: _server, admin, member, outsider, .. } = &Fixture::start().await;
    let room = direct(member, &[admin], 201).await;
    assert_eq!((room.kind, &*room.name, room.role), (RoomKind::Direct, "", Role::Member));
    assert_eq!((people(&room), room.visible_from), (ids(&[admin, member]), Seq(1)));
    assert_eq!(direct(admin, &[member], 200).await.id, room.id);
    assert_eq!(direct(member, &[admin, member, admin], 200).await.id, room.id);
    assert_eq!(in_welcome(member, room.id).await, Some(room.clone()));

    let trio = direct(member, &[admin, outsider], 201).await;
    assert_ne!(trio.id, room.id);
    assert_eq!(direct(outsider, &[member, admin], 200).await.id, trio.id);

    let notes = direct(member, &[], 201).await;
    assert_eq!(people(&notes), ids(&[member]));
    assert_eq!(direct(member, &[member], 200).await.id, notes.id);
    assert_ne!(direct(admin, &[], 201).await.id, notes.id);
}

#[tokio::test]
async fn direct_rooms_are_in_no_list_of_rooms() {
    let Fixture { server: _server, admin, member, .. } = &Fixture::start().await;
    let room = direct(member, &[admin], 201).await.id;
    let path = paths::fill(paths::ROOM, &[&room]);
    let found: RoomListing = member.get(&path).await.expect_json(200);
    assert_eq!((found.room.kind, found.joined), (RoomKind::Direct, true));
    for list in [paths::ROOMS, "/api/v1/rooms?q=member", "/api/v1/rooms?q=", "/rooms/"] {
        let text = member.get(list).await.expect_status(200).to_string();
        assert!(!text.contains("direct") && !text.contains("\"name\":\"\""), "{list}: {text}");
    }
    member.get(&format!("/rooms/{room}/")).await.expect_status(404);
}

#[tokio::test]
async fn invalid_people_are_refused_alike() {
    let Fixture { server, admin, member, outsider, room, .. } = &Fixture::start().await;
    let refusal = async |by: &Person, id: UserId| {
        let response = by.post(paths::DIRECT, json!({"users": [id]})).await;
        let mut problem = response.expect_problem(Code::InvalidFields);
        assert_eq!(problem.errors[0].field, "users");
        problem.request_id = None;
        serde_json::to_string(&problem).unwrap().replace(&format!("but {id} is"), "but ID is")
    };
    let gone = server.register("gone").await.user.id;
    let disable = json!({"is_disabled": true});
    admin.patch(&paths::fill(paths::USER, &[&gone]), disable).await.expect_status(200);
    let unknown = refusal(member, UserId(987_654)).await;
    assert_eq!(refusal(member, gone).await, unknown);

    // A guest knows only the people in the same rooms.
    let outsider_path = paths::fill(paths::USER, &[&outsider.user.id]);
    admin.patch(&outsider_path, json!({"rank": "guest"})).await.expect_status(200);
    assert_eq!(refusal(outsider, member.user.id).await, unknown);
    assert_eq!(refusal(outsider, UserId(987_654)).await, unknown);
    direct(outsider, &[], 201).await;
    let add = paths::fill(paths::MEMBER, &[room, &outsider.user.id]);
    admin.put(&add, Value::Null).await.expect_status(200);
    direct(outsider, &[member], 201).await;

    let many: Vec<i64> = (100..109).collect();
    let response = member.post(paths::DIRECT, json!({"users": many})).await;
    response.expect_field_error("users", "at most 9 people with you, but are 10");
    let response = member.post(paths::DIRECT, json!({"users": many[..8]})).await;
    response.expect_field_error("users", "100");
    member.post(paths::DIRECT, json!({})).await.expect_field_error("users", "is missing");
}

/// Nobody finds or writes to an account that an admin has not approved yet.
#[tokio::test]
async fn a_pending_account_is_nobody() {
    let fixture = Fixture::start().await;
    let Fixture { anon, admin, member, .. } = &fixture;
    admin.patch(paths::SERVER, json!({"sign_up": "approval"})).await.expect_status(200);
    let new = json!({"username": "newcomer", "password": PASSWORD});
    let pending: User = anon.post(paths::USERS, new).await.expect_json(201);
    assert!(pending.is_pending);
    let found = async || {
        let lists = ["q=newcomer&scope=server", "q=comer&scope=server"];
        let mut counts = Vec::new();
        for query in lists {
            let list = member.get(&format!("{}?{query}", paths::PEOPLE)).await;
            counts.push(list.expect_json::<People>(200).people.len());
        }
        counts
    };
    let begin = json!({"users": [pending.id]});
    let refused = member.post(paths::DIRECT, begin.clone()).await;
    refused.expect_field_error("users", &format!("but {} is nobody", pending.id));
    assert_eq!(found().await, [0, 0]);
    let path = paths::fill(paths::USER, &[&pending.id]);
    admin.patch(&path, json!({"approved": true})).await.expect_status(200);
    assert_eq!(found().await, [1, 1]);
    member.post(paths::DIRECT, begin).await.expect_status(201);
}

/// Not even the owner of the server.
#[tokio::test]
async fn nobody_else_finds_a_direct_room() {
    let Fixture { server: _server, admin, member, outsider, .. } = &Fixture::start().await;
    let room = direct(member, &[outsider], 201).await.id;
    member.post_message(room, "a secret lantern").await;
    let doors = [
        ("GET", paths::ROOM, Value::Null),
        ("PUT", paths::ROOM, json!({"name": "Taken"})),
        ("PATCH", paths::ROOM, json!({"topic": "Taken"})),
        ("DELETE", paths::ROOM, Value::Null),
        ("PUT", paths::MEMBERSHIP, Value::Null),
        ("DELETE", paths::MEMBERSHIP, Value::Null),
        ("GET", paths::MEMBERS, Value::Null),
        ("PUT", paths::HIDDEN, Value::Null),
        ("DELETE", paths::HIDDEN, Value::Null),
        ("GET", paths::MESSAGES, Value::Null),
        ("POST", paths::MESSAGES, json!({"content": "hello"})),
        ("GET", paths::CALENDAR, Value::Null),
        ("GET", paths::INSIGHTS, Value::Null),
        ("GET", paths::MAP, Value::Null),
        ("GET", paths::EXPORT, Value::Null),
        ("GET", paths::CHANGES, Value::Null),
        ("PUT", paths::READ, json!({"seq": 1})),
    ];
    let refusal = async |method: &str, path: &str, body: &Value| {
        let mut problem =
            admin.call(method, path, body.clone()).await.expect_problem(Code::NotFound);
        problem.request_id = None;
        problem
    };
    for (method, template, body) in doors {
        let at = |room: RoomId| paths::fill(template, &[&room]);
        let unknown = refusal(method, &at(RoomId(987_654)), &body).await;
        assert_eq!(refusal(method, &at(room), &body).await, unknown, "{method} {template}");
    }
    for user in ids(&[admin, member]) {
        let at = |room: RoomId| paths::fill(paths::MEMBER, &[&room, &user]);
        for method in ["PUT", "DELETE"] {
            let unknown = refusal(method, &at(RoomId(987_654)), &Value::Null).await;
            assert_eq!(refusal(method, &at(room), &Value::Null).await, unknown, "{method} member");
        }
    }
    let from = json!({"users": ids(&[member, outsider]), "from": room});
    refusal("POST", paths::DIRECT, &from).await;
    let found = admin.get("/api/v1/messages?q=lantern").await.expect_status(200);
    assert_eq!(found["hits"], json!([]));
    admin
        .get(&format!("/api/v1/messages?q=in:%23{room}"))
        .await
        .expect_problem(Code::InvalidSearch);
    assert_eq!(in_welcome(admin, room).await, None);
    let page: MessagePage =
        outsider.get(&paths::fill(paths::MESSAGES, &[&room])).await.expect_json(200);
    assert_eq!(page.messages.len(), 1, "nothing was posted");
}

#[tokio::test]
async fn its_people_stay_the_same() {
    let Fixture { server: _server, admin, member, outsider, .. } = &Fixture::start().await;
    let room = direct(admin, &[member], 201).await.id;
    let at = |template| paths::fill(template, &[&room]);
    let refuse = async |method: &str, path: &str, body: Value| {
        admin.call(method, path, body).await.expect_problem(Code::DirectRoom);
    };
    refuse("DELETE", &at(paths::MEMBERSHIP), Value::Null).await;
    refuse("DELETE", &at(paths::ROOM), Value::Null).await;
    refuse("PATCH", &at(paths::ROOM), json!({"name": "Ours"})).await;
    refuse("PATCH", &at(paths::ROOM), json!({"archived": true})).await;
    let person = |person: &Person| paths::fill(paths::MEMBER, &[&room, &person.user.id]);
    refuse("DELETE", &person(member), Value::Null).await;
    refuse("PUT", &person(outsider), Value::Null).await;
    refuse("PATCH", &person(member), json!({"role": "host"})).await;
    assert_eq!(in_welcome(member, room).await.unwrap().people.len(), 2);
}

#[tokio::test]
async fn a_hidden_room_shows_again_when_something_is_posted() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, .. } = &fixture;
    let mut live = LiveSocket::open(admin).await;
    let room = direct(member, &[admin], 201).await.id;
    let joined = live.expect(joined).await;
    // Nothing was posted in the new room, so the other person does not see it yet.
    assert_eq!((joined.id, joined.hidden, joined.people.len()), (room, Some(Seq(0)), 2));
    assert!(joined.is_hidden());
    member.post_message(room, "hello").await;
    let shown = in_welcome(admin, room).await.unwrap();
    assert_eq!((shown.hidden, shown.read.unread), (None, 1));

    let path = paths::fill(paths::HIDDEN, &[&room]);
    admin.put(&path, Value::Null).await.expect_status(204);
    assert_eq!(live.expect(hidden).await, (room, Some(Seq(1))));
    assert_eq!(in_welcome(admin, room).await.unwrap().hidden, Some(Seq(1)));
    assert_eq!(in_welcome(member, room).await.unwrap().hidden, None, "only mine");
    member.post_message(room, "again").await;
    assert_eq!(in_welcome(admin, room).await.unwrap().hidden, None);

    // To show it, to open it, and to add people to it.
    admin.put(&path, Value::Null).await.expect_status(204);
    admin.delete(&path).await.expect_status(204);
    assert_eq!(live.expect(hidden).await, (room, Some(Seq(2))));
    assert_eq!(live.expect(hidden).await, (room, None));
    admin.put(&path, Value::Null).await.expect_status(204);
    assert_eq!(live.expect(hidden).await, (room, Some(Seq(2))));
    assert_eq!(direct(admin, &[member], 200).await.hidden, None);
    assert_eq!(live.expect(hidden).await, (room, None));

    let open_room = fixture.path(paths::HIDDEN);
    admin.put(&open_room, Value::Null).await.expect_field_error("id", "must be a direct room");
}

fn joined(frame: &ServerFrame) -> Option<MyRoom> {
    match frame {
        ServerFrame::Joined { room } => Some(room.clone()),
        _ => None,
    }
}

fn hidden(frame: &ServerFrame) -> Option<(RoomId, Option<Seq>)> {
    match frame {
        ServerFrame::Hidden { room, hidden } => Some((*room, *hidden)),
        _ => None,
    }
}

#[tokio::test]
async fn people_who_are_added_read_the_past() {
    let fixture = Fixture::start().await;
    let Fixture { server, admin, member, outsider, .. } = &fixture;
    let room = direct(member, &[admin], 201).await.id;
    member.post_message(room, "before").await;
    let mut of_admin = LiveSocket::in_room(admin, room).await;
    let mut of_outsider = LiveSocket::open(outsider).await;
    let trio = ids(&[admin, member, outsider]);
    let request = json!({"users": trio, "from": room});
    for attempt in 0..2 {
        let extended: MyRoom = member.post(paths::DIRECT, request.clone()).await.expect_json(200);
        assert_eq!((extended.id, people(&extended)), (room, trio.clone()), "attempt {attempt}");
    }
    let Row::Member(added) = of_admin.next_change().await.row else { panic!("a new member") };
    assert_eq!((added.user.id, added.visible_from), (outsider.user.id, Seq(1)));
    let shown = of_outsider.expect(joined).await;
    assert_eq!((people(&shown), shown.hidden, shown.read.unread), (trio.clone(), None, 0));
    let page = paths::fill(paths::MESSAGES, &[&room]);
    let page: MessagePage = outsider.get(&page).await.expect_json(200);
    assert_eq!(page.messages[0].content, "before");

    // The room is that of the three now, and the two have none.
    assert_eq!(direct(outsider, &[member, admin], 200).await.id, room);
    let pair = direct(admin, &[member], 201).await.id;
    assert_ne!(pair, room);
    let request = json!({"users": trio, "from": pair});
    admin.post(paths::DIRECT, request).await.expect_problem(Code::DirectRoomExists);

    let other = server.register("other").await;
    let extend = async |users: &[&Person], from: RoomId| {
        admin.post(paths::DIRECT, json!({"users": ids(users), "from": from})).await
    };
    extend(&[&other], pair).await.expect_field_error("users", "everybody who is in the room");
    extend(&[member, &other], fixture.room).await.expect_field_error("from", "a direct room");
    let response = extend(&[member, outsider, &other], room).await;
    assert_eq!(people(&response.expect_json(200)).len(), 4);
}

#[tokio::test]
async fn its_subscribers_learn_who_is_online() {
    let Fixture { server: _server, admin, member, .. } = &Fixture::start().await;
    let room = direct(member, &[admin], 201).await.id;
    let _member = LiveSocket::in_room(member, room).await;
    // Long after the frame that announced the member.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let mut live = LiveSocket::in_room(admin, room).await;
    let online = live.expect(|frame| match frame {
        ServerFrame::Presence { room: of, online, .. } if *of == room => Some(online.clone()),
        _ => None,
    });
    let online = BTreeSet::from_iter(online.await);
    assert_eq!(online, BTreeSet::from_iter(ids(&[admin, member])));
}

#[tokio::test]
async fn searches_and_exports_know_a_direct_room() {
    let Fixture { server: _server, admin, member, .. } = &Fixture::start().await;
    let room = direct(member, &[admin], 201).await.id;
    member.post_message(room, "a lantern").await;
    let found = admin.get(&format!("/api/v1/messages?q=in:%23{room}")).await.expect_status(200);
    assert_eq!(found["hits"][0]["message"]["content"], "a lantern");
    let export = admin.get(&paths::fill(paths::EXPORT, &[&room])).await;
    let name = export.header("content-disposition");
    assert!(name.contains("filename=\"member 1-1.jsonl\""), "{name}");
    let csv = admin.get("/api/v1/messages/export?q=lantern&format=csv").await.text;
    assert!(csv.contains("\n\"member\",\"1\","), "{csv}");
}
