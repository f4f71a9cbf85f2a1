//! The rooms that new accounts join by themselves.

use std::time::{Duration, Instant};

use hallway::{
    realtime::jobs::{NewJob, enqueue},
    tables::pending_joins,
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use shared::{
    access::{Rank, RoomKind},
    ids::RoomId,
    paths,
    problem::Code,
    rooms::{MemberList, Room, RoomEventKind, RoomEvents, RoomListing},
    users::User,
};

use super::{account, change_server, invite, register_with};
use crate::fixture::{Client, Fixture, LiveSocket, PASSWORD, Person, TIMEOUT, sign_in};

async fn patch(by: &Person, room: RoomId, change: Value) -> crate::fixture::Response {
    let path = paths::fill(paths::ROOM, &[&room]);
    by.patch(&path, change).await
}

async fn set_default(by: &Person, room: RoomId, is_default: bool) -> Room {
    patch(by, room, json!({"is_default": is_default})).await.expect_json(200)
}

async fn is_default(by: &Person, room: RoomId) -> bool {
    let listing: RoomListing = by.get(&paths::fill(paths::ROOM, &[&room])).await.expect_json(200);
    listing.room.is_default
}

async fn new_room(by: &Person, name: &str, kind: &str) -> RoomId {
    let new = json!({"name": name, "kind": kind});
    by.post(paths::ROOMS, new).await.expect_json::<Room>(201).id
}

async fn names(client: &Client, room: RoomId) -> Vec<String> {
    let path = paths::fill(paths::MEMBERS, &[&room]);
    let list: MemberList = client.get(&path).await.expect_json(200);
    list.members.into_iter().map(|listing| listing.member.user.username).collect()
}

#[tokio::test]
async fn every_new_account_joins_them_except_guests() {
    let fixture = Fixture::start().await;
    let Fixture { anon, admin, member, room, .. } = &fixture;
    let other = new_room(admin, "Attic", "open").await;
    for room in [*room, other] {
        assert!(set_default(admin, room, true).await.is_default);
    }
    let both = async |name: &str| {
        let of_room = names(admin, *room).await.iter().any(|other| other == name);
        let of_other = names(admin, other).await.iter().any(|other| other == name);
        assert_eq!(of_room, of_other, "{name}");
        of_room
    };
    assert!(!both("outsider").await, "those who have an account already stay where they are");

    anon.post(paths::USERS, account("signed-up")).await.expect_status(201);
    anon.post("/register/", json!({"username": "classic", "password": PASSWORD}))
        .await
        .expect_status(201);
    admin.post(paths::USERS, account("made")).await.expect_status(201);
    let mut new_admin = account("made-admin");
    new_admin["is_admin"] = true.into();
    admin.post(paths::USERS, new_admin).await.expect_status(201);
    let den = new_room(member, "Den", "private").await;
    // An invitation to one of the default rooms, by somebody who leaves it.
    let created = invite(member, json!({"rooms": [den, *room]})).await;
    member.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    register_with(anon, "invited", &created.token.0).await.expect_status(201);
    assert_eq!(names(member, den).await, ["member", "invited"]);
    for name in ["signed-up", "classic", "made", "made-admin", "invited"] {
        assert!(both(name).await, "{name}");
    }
    let newcomer = sign_in(anon, "signed-up").await;
    let rooms = LiveSocket::open(&newcomer).await.rooms;
    assert_eq!(rooms.iter().map(|room| &*room.name).collect::<Vec<_>>(), ["Attic", "Lobby"]);
    assert_eq!(rooms.iter().map(|room| room.read.unread).sum::<i64>(), 0);

    let guests = invite(member, json!({"rank": "guest", "rooms": [den]})).await;
    let guest: User = register_with(anon, "visitor", &guests.token.0).await.expect_json(201);
    assert_eq!(guest.rank, Rank::Guest);
    assert!(!both("visitor").await);

    // Who left does not come back.
    newcomer.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    sign_in(anon, "signed-up").await;
    assert!(!names(admin, *room).await.contains(&"signed-up".to_owned()));
    for room in [*room, other] {
        assert!(!set_default(admin, room, false).await.is_default);
    }
    anon.post(paths::USERS, account("late")).await.expect_status(201);
    assert!(!both("late").await);
}

/// Nobody has invited them.
#[tokio::test]
async fn new_accounts_join_them_by_themselves() {
    let fixture = Fixture::start().await;
    let Fixture { anon, admin, .. } = &fixture;
    let attic = new_room(admin, "Attic", "open").await;
    set_default(admin, attic, true).await;
    let zoe: User = anon.post(paths::USERS, account("zoe")).await.expect_json(201);
    let events: RoomEvents =
        admin.get(&paths::fill(paths::EVENTS, &[&attic])).await.expect_json(200);
    let [joined] = &*events.events else { panic!("{events:?}") };
    assert_eq!((joined.kind, &joined.by), (RoomEventKind::Joined, &zoe.short()));
    assert_eq!(joined.user, None);
}

#[tokio::test]
async fn an_account_joins_when_it_is_approved() {
    let fixture = Fixture::start().await;
    let Fixture { anon, admin, room, .. } = &fixture;
    set_default(admin, *room, true).await;
    change_server(admin, json!({"sign_up": "approval"})).await;
    let mut ids = Vec::new();
    for name in ["approved", "promoted", "refused"] {
        let user: User = anon.post(paths::USERS, account(name)).await.expect_json(201);
        assert!(user.is_pending);
        ids.push(user.id);
    }
    assert_eq!(names(admin, *room).await, ["admin", "member"]);
    let change = async |nth: usize, patch: Value| {
        admin.patch(&paths::fill(paths::USER, &[&ids[nth]]), patch).await.expect_status(200);
    };
    change(0, json!({"approved": true})).await;
    assert_eq!(names(admin, *room).await, ["admin", "member", "approved"]);
    change(1, json!({"rank": "admin"})).await;
    change(2, json!({"is_disabled": true})).await;
    assert_eq!(names(admin, *room).await, ["admin", "member", "approved", "promoted"]);
    // Approving is no reason to join again.
    let approved = sign_in(anon, "approved").await;
    approved.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    change(0, json!({"approved": true})).await;
    assert_eq!(names(admin, *room).await, ["admin", "member", "promoted"]);
}

/// The command line notes the joins, and the running server executes them.
#[tokio::test]
async fn an_account_that_the_command_line_approves_joins_soon() {
    let fixture = Fixture::start().await;
    let Fixture { anon, admin, room, .. } = &fixture;
    set_default(admin, *room, true).await;
    change_server(admin, json!({"sign_up": "approval"})).await;
    anon.post(paths::USERS, account("cora")).await.expect_status(201);
    let storage = fixture.server.storage();
    let (code, _, stderr) = storage.run(&["admin", "promote", "cora"]).await;
    assert_eq!(code, Some(0), "{stderr}");
    let start = Instant::now();
    while names(admin, *room).await != ["admin", "member", "cora"] {
        assert!(start.elapsed() < TIMEOUT, "the account has not joined");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn only_open_rooms_are_default_rooms() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, room, .. } = &fixture;
    let refuse = async |room: RoomId, change: Value| {
        let response = patch(admin, room, change).await;
        response.expect_field_error("is_default", "an open room that is not archived");
    };
    let den = new_room(admin, "Den", "private").await;
    refuse(den, json!({"is_default": true})).await;
    assert!(!set_default(admin, den, false).await.is_default);
    refuse(*room, json!({"is_default": true, "kind": "private"})).await;
    refuse(*room, json!({"is_default": true, "archived": true})).await;
    patch(member, *room, json!({"is_default": true})).await.expect_problem(Code::AdminOnly);
    let role = paths::fill(paths::MEMBER, &[room, &member.user.id]);
    admin.patch(&role, json!({"role": "host"})).await.expect_status(200);
    patch(member, *room, json!({"is_default": true})).await.expect_problem(Code::AdminOnly);
    let both = json!({"topic": "Taken", "is_default": true});
    patch(member, *room, both).await.expect_problem(Code::AdminOnly);
    assert!(!is_default(admin, *room).await);

    // What ends it, and that nothing brings it back.
    let (to_private, to_open) = (json!({"kind": "private"}), json!({"kind": "open"}));
    let archived = |archived: bool| json!({"archived": archived});
    for (ends, undo) in [(to_private, to_open), (archived(true), archived(false))] {
        assert!(set_default(admin, *room, true).await.is_default);
        let changed: Room = patch(admin, *room, ends).await.expect_json(200);
        assert!(!changed.is_default, "{changed:?}");
        let changed: Room = patch(admin, *room, undo).await.expect_json(200);
        assert!(!changed.is_default && changed.kind == RoomKind::Open, "{changed:?}");
    }
    let opened: Room =
        patch(admin, den, json!({"kind": "open", "is_default": true})).await.expect_json(200);
    assert!(opened.is_default);
    admin.delete(&paths::fill(paths::ROOM, &[&den])).await.expect_status(204);
    let restored = admin.post(&paths::fill(paths::RESTORE, &[&den]), Value::Null).await;
    assert!(!restored.expect_json::<Room>(200).is_default);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_at_most_twenty() {
    let fixture = Fixture::start().await;
    let admin = &fixture.admin;
    let mut rooms = Vec::new();
    for nth in 0..24 {
        rooms.push(new_room(admin, &format!("Room {nth}"), "open").await);
    }
    for room in &rooms[..18] {
        set_default(admin, *room, true).await;
    }
    // Six requests for two places.
    let requests: Vec<_> = rooms[18..]
        .iter()
        .map(|room| {
            let (admin, room) = (admin.clone(), *room);
            tokio::spawn(async move { patch(&admin, room, json!({"is_default": true})).await })
        })
        .collect();
    let mut accepted = Vec::new();
    for (request, room) in requests.into_iter().zip(&rooms[18..]) {
        let response = request.await.unwrap();
        match response.status {
            200 => accepted.push(*room),
            _ => response.expect_field_error("is_default", "for at most 20 rooms"),
        }
    }
    assert_eq!(accepted.len(), 2);
    // One that is a default room already stays one.
    assert!(set_default(admin, rooms[0], true).await.is_default);
    let refused = fixture.room;
    let full = async || patch(admin, refused, json!({"is_default": true})).await;
    full().await.expect_field_error("is_default", "for at most 20 rooms");
    admin.delete(&paths::fill(paths::ROOM, &[&rooms[0]])).await.expect_status(204);
    full().await.expect_status(200);
    set_default(admin, refused, false).await;
    set_default(admin, rooms[1], false).await;
    full().await.expect_status(200);
}

/// A join that a request left over is finished by any server, unless nobody can join the room any more.
#[tokio::test]
async fn an_unfinished_join_is_finished_later() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, outsider, room, .. } = &fixture;
    let den = new_room(member, "Den", "private").await;
    let archived = new_room(admin, "Archive", "open").await;
    patch(admin, archived, json!({"archived": true})).await.expect_status(200);
    let pending = |room: &RoomId| pending_joins::Model {
        user_id: outsider.user.id.0,
        room_id: room.0,
        invited_by: outsider.user.id.0,
        created_at: 0,
    };
    let db = &fixture.server.database().writer;
    let rows = [room, &den, &archived].map(|room| pending(room).into_active_model().reset_all());
    pending_joins::Entity::insert_many(rows).exec_without_returning(db).await.unwrap();
    enqueue(db, NewJob::new("join_rooms", outsider.user.id.0)).await.unwrap();
    let start = Instant::now();
    while !pending_joins::Entity::find().all(db).await.unwrap().is_empty() {
        assert!(start.elapsed() < TIMEOUT, "the joins are still pending");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(names(admin, *room).await, ["admin", "member", "outsider"]);
    assert_eq!(names(member, den).await, ["member"]);
    assert_eq!(names(admin, archived).await, ["admin"]);
}
