//! Names of users and rooms: how they are looked up and mentioned, and names that are older than a rule.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use shared::{
    paths,
    problem::Code,
    rooms::{People, Room},
};

use crate::{
    fixture::{Fixture, LiveSocket, PASSWORD, Person},
    search::{address, texts},
};

/// The number of unread mentions of a user in the fixture's room.
async fn mentions(fixture: &Fixture, person: &Person) -> i64 {
    let live = LiveSocket::open(person).await;
    live.rooms.iter().find(|room| room.id == fixture.room).unwrap().read.mentions
}

#[tokio::test]
async fn the_longest_name_that_exists_is_mentioned() {
    let fixture = Fixture::start().await;
    let ann = fixture.server.register("Ann").await;
    let ann_lee = fixture.server.register("Ann Lee").await;
    let tanaka = fixture.server.register("田中").await;
    for person in [&ann, &tanaka] {
        let membership = fixture.path(paths::MEMBERSHIP);
        person.put(&membership, Value::Null).await.expect_status(200);
    }
    let post = async |text: &str| fixture.admin.post_message(fixture.room, text).await;
    post("@ann lee is not in the room, and @anna nobody").await;
    assert_eq!(mentions(&fixture, &ann).await, 0);
    ann_lee.put(&fixture.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    post("**@Ann Lee**'s and @ann\u{a0}lee, but (_@ann_)").await;
    post("「@田中」さん、見て@田中さん。 mail@ann.test").await;
    post("@ann's").await;
    assert_eq!(mentions(&fixture, &ann_lee).await, 1);
    assert_eq!(mentions(&fixture, &ann).await, 2);
    assert_eq!(mentions(&fixture, &tanaka).await, 1);
    assert_eq!(LiveSocket::open(&ann).await.longer_names, ["Ann Lee"]);
    assert!(LiveSocket::open(&ann_lee).await.longer_names.is_empty());
    let edit = json!({"content": "@ann lee"});
    fixture.admin.patch(&fixture.message_path(6), edit).await.expect_status(200);
    assert_eq!((mentions(&fixture, &ann).await, mentions(&fixture, &ann_lee).await), (1, 2));
}

#[tokio::test]
async fn names_are_composed_and_looked_up_composed() {
    let fixture = Fixture::start().await;
    let decomposed = fixture.server.register("Jo\u{308}rg").await;
    assert_eq!(decomposed.user.username, "J\u{f6}rg");
    fixture.server.sign_in("JO\u{308}RG").await;
    let new = |name: &str| json!({"name": name});
    let room: Room = fixture.admin.post(paths::ROOMS, new("Cafe\u{301}")).await.expect_json(201);
    assert_eq!(room.name, "Caf\u{e9}");
    for name in ["caf\u{e9}", "CAFE\u{301}"] {
        fixture.admin.post(paths::ROOMS, new(name)).await.expect_problem(Code::RoomNameTaken);
        let rename = fixture.admin.patch(&fixture.path(paths::ROOM), new(name)).await;
        rename.expect_problem(Code::RoomNameTaken);
    }
    let membership = paths::fill(paths::MEMBERSHIP, &[&room.id]);
    decomposed.put(&membership, Value::Null).await.expect_status(200);
    decomposed.post_message(room.id, "hello").await;
    for query in ["from:jo\u{308}rg in:cafe\u{301}", "from:j\u{f6}rg in:CAF\u{c9}"] {
        assert_eq!(texts(&fixture.admin, query).await, ["hello"]);
    }
    let people: People =
        fixture.admin.get(&address(paths::PEOPLE, &[("q", "jo\u{308}")])).await.expect_json(200);
    assert_eq!(people.people.len(), 1);
    let found =
        fixture.admin.get(&address(paths::ROOMS, &[("q", "cafe\u{301}")])).await.expect_status(200);
    assert_eq!(found["rooms"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_that_is_older_than_a_rule_stays_valid() {
    let fixture = Fixture::start().await;
    fixture.server.register("old").await;
    let db = &fixture.server.database().writer;
    for sql in [
        "UPDATE users SET username = 'a:b  c', username_key = 'a:b  c' WHERE username_key = 'old'",
        "UPDATE rooms SET name = 'x  y', name_key = 'x  y' WHERE id = 1",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    fixture.server.sign_in("A:b  C").await;
    let put = |name: &str| json!({"name": name, "topic": "new"});
    let room = fixture.path(paths::ROOM);
    let changed: Room = fixture.admin.put(&room, put("x  y")).await.expect_json(200);
    assert_eq!((&*changed.name, &*changed.topic), ("x  y", "new"));
    fixture.admin.put(&room, put("y  x")).await.expect_field_error("name", "two spaces");
    let new = json!({"username": "d:e", "password": PASSWORD});
    fixture.anon.post(paths::USERS, new).await.expect_field_error("username", "colon");
}
