//! Deleted rooms go into the bin, from which those who manage them restore them for 30 days.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use shared::{
    access::Role,
    ids::{RoomId, Seq},
    live::{RemovedReason, ServerFrame},
    paths,
    problem::Code,
    rooms::{Bin, Member, MyRoom, Room, RoomList},
};

use super::{private_room, set_rank};
use crate::{
    database::{make_jobs_due, query_number, wait_for_number},
    fixture::{Fixture, LiveSocket, Person},
    search::texts,
};

async fn bin(person: &Person) -> Vec<RoomId> {
    let bin: Bin = person.get(paths::BIN).await.expect_json(200);
    bin.rooms.into_iter().map(|room| room.id).collect()
}

async fn restore(person: &Person, room: RoomId) -> crate::fixture::Response {
    person.post(&paths::fill(paths::RESTORE, &[&room]), Value::Null).await
}

fn for_good(room: RoomId) -> String {
    format!("{}?now=true", paths::fill(paths::ROOM, &[&room]))
}

fn joined(frame: &ServerFrame) -> Option<MyRoom> {
    match frame {
        ServerFrame::Joined { room } => Some(room.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn a_room_in_the_bin_is_nowhere_and_comes_back_whole() {
    let fixture = Fixture::start().await;
    let (owner, member, room) = (&fixture.admin, &fixture.member, fixture.room);
    fixture.admin.post_message(room, "swordfish").await;
    let mut live = LiveSocket::in_room(member, room).await;
    let before: Room = member.get(&fixture.path(paths::ROOM)).await.expect_json(200);
    owner.delete(&fixture.path(paths::ROOM)).await.expect_status(204);
    let removed = live.expect(|frame| match frame {
        ServerFrame::Removed { room, reason } => Some((*room, *reason)),
        _ => None,
    });
    assert_eq!(removed.await, (room, RemovedReason::RoomDeleted));
    for person in [owner, member, &fixture.outsider] {
        for template in [
            paths::ROOM,
            paths::MESSAGES,
            paths::MEMBERS,
            paths::CHANGES,
            paths::CALENDAR,
            paths::INSIGHTS,
            paths::MAP,
            paths::EXPORT,
        ] {
            person.get(&fixture.path(template)).await.expect_problem(Code::NotFound);
        }
        let path = fixture.path(paths::MEMBERSHIP);
        person.put(&path, Value::Null).await.expect_problem(Code::NotFound);
        let list: RoomList = person.get(paths::ROOMS).await.expect_json(200);
        assert!(list.rooms.is_empty());
        assert_eq!(texts(person, "swordfish").await, [""; 0]);
        assert!(LiveSocket::open(person).await.rooms.is_empty());
    }
    let restored: Room = restore(owner, room).await.expect_json(200);
    assert_eq!(restored.rev, before.last_rev.next());
    assert_eq!(
        Room { updated_at: before.updated_at, rev: before.rev, ..restored.clone() },
        Room { last_rev: restored.last_rev, ..before }
    );
    let mine = live.expect(joined).await;
    assert_eq!((mine.id, mine.role, &*mine.name), (room, Role::Member, "Lobby"));
    assert_eq!((mine.read.read_seq, mine.read.unread), (Seq(1), 2));
    assert_eq!(texts(member, "swordfish").await, ["swordfish"]);
    assert!(live.subscribe(room, Some(before.last_rev)).await.len() == 1);
    assert_eq!(bin(owner).await, []);
    restore(owner, room).await.expect_problem(Code::NotFound);
}

#[tokio::test]
async fn hosts_restore_a_room_and_admins_an_open_one() {
    let fixture = Fixture::start().await;
    let (owner, member) = (&fixture.admin, &fixture.member);
    let admin = fixture.outsider.clone();
    set_rank(&fixture, &admin, "admin").await;
    let host = fixture.server.register("host").await;
    let den = private_room(&host, "Den").await;
    let of_member = paths::fill(paths::MEMBER, &[&den, &member.user.id]);
    host.put(&of_member, Value::Null).await.expect_status(200);
    host.delete(&paths::fill(paths::ROOM, &[&den])).await.expect_status(204);
    owner.delete(&fixture.path(paths::ROOM)).await.expect_status(204);

    assert_eq!(bin(&host).await, [den]);
    assert_eq!(bin(member).await, []);
    assert_eq!(bin(&admin).await, [fixture.room]);
    assert_eq!(bin(owner).await, [fixture.room]);
    for person in [member, &admin, owner] {
        restore(person, den).await.expect_problem(Code::NotFound);
        person.delete(&for_good(den)).await.expect_problem(Code::NotFound);
    }
    for person in [member, &host] {
        restore(person, fixture.room).await.expect_problem(Code::NotFound);
        person.delete(&for_good(fixture.room)).await.expect_problem(Code::NotFound);
    }
    restore(&host, den).await.expect_status(200);
    let members = paths::fill(paths::MEMBERSHIP, &[&den]);
    let still: Member = member.put(&members, Value::Null).await.expect_json(200);
    assert_eq!(still.role, Role::Member);
    restore(&admin, fixture.room).await.expect_status(200);
}

#[tokio::test]
async fn a_taken_name_keeps_an_open_room_in_the_bin() {
    let fixture = Fixture::start().await;
    let owner = &fixture.admin;
    owner.delete(&fixture.path(paths::ROOM)).await.expect_status(204);
    let new: Room = owner.post(paths::ROOMS, json!({"name": "LOBBY"})).await.expect_json(201);
    let problem = restore(owner, fixture.room).await.expect_problem(Code::RoomNameTaken);
    assert_eq!(problem.errors[0].field, "name");
    assert_eq!(bin(owner).await, [fixture.room]);
    let other = paths::fill(paths::ROOM, &[&new.id]);
    owner.patch(&other, json!({"name": "Hall"})).await.expect_status(200);
    restore(owner, fixture.room).await.expect_status(200);
    let problem = owner.patch(&other, json!({"name": "Lobby"})).await;
    problem.expect_problem(Code::RoomNameTaken);
}

/// A room that is deleted for good, or whose 30 days are over, is purged; one in the bin stays.
#[tokio::test]
async fn the_bin_is_emptied_by_request_and_after_30_days() {
    let fixture = Fixture::start().await;
    let owner = &fixture.admin;
    let writer = &fixture.server.database().writer;
    let mut rooms = Vec::new();
    for name in ["fresh", "old", "unwanted"] {
        let room: Room = owner.post(paths::ROOMS, json!({"name": name})).await.expect_json(201);
        owner.post_message(room.id, "hello").await;
        owner.delete(&paths::fill(paths::ROOM, &[&room.id])).await.expect_status(204);
        rooms.push(room.id);
    }
    let [fresh, old, unwanted] = rooms[..] else { panic!() };
    let age = |room: RoomId, days: i64| {
        let us = days * 86_400_000_000;
        let sql = "UPDATE binned_rooms SET binned_at = binned_at";
        format!("{sql} - {us} WHERE room_id = {room}")
    };
    writer.execute_unprepared(&age(old, 30)).await.unwrap();
    writer.execute_unprepared(&age(fresh, 29)).await.unwrap();
    make_jobs_due(writer).await;
    restore(owner, old).await.expect_problem(Code::NotFound);
    assert_eq!(bin(owner).await, [fresh, unwanted]);
    owner.delete(&for_good(unwanted)).await.expect_status(204);
    assert_eq!(bin(owner).await, [fresh]);
    restore(owner, unwanted).await.expect_problem(Code::NotFound);
    let count = |table: &str, room| {
        let column = if table == "rooms" { "id" } else { "room_id" };
        format!("SELECT count(*) FROM {table} WHERE {column} = {room}")
    };
    for room in [old, unwanted] {
        for table in ["messages", "members", "binned_rooms", "rooms"] {
            wait_for_number(writer, &count(table, room), 0).await;
        }
    }
    assert_eq!(query_number(writer, &count("messages", fresh)).await, 1);
    restore(owner, fresh).await.expect_status(200);
}
