//! Promises 1 and 2 the hard way: the program is killed under load, again and again.

use std::path::Path;

use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use serde_json::Value;
use shared::{ids::RoomId, messages::Message, paths};

use crate::{
    actors::{Client, Kind, Process, all, template},
    senders::{PROGRESS, Senders, check, how_many},
};

/// What is written is SQLite's own work in the process that is killed; the others' servers go on.
fn kills() -> usize {
    if Kind::chosen() == Kind::Sqlite { 20 } else { 5 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_under_load_nothing_is_lost_and_nothing_doubled() {
    let template = template();
    let (home, scene) = (template.copy().await, &template.scene);
    let mut server = Process::serve(&home).await;
    let join = paths::fill(paths::MEMBERSHIP, &[&scene.room]);
    scene.person(server.address, 2).put(&join, Value::Null).await.is(200);
    let senders = Senders::start(scene.people(server.address), scene.room);
    for _ in 0..kills() {
        senders.progress().await;
        server.kill().await;
        server = Process::serve(&home).await;
        senders.moved(server.address);
    }
    senders.progress().await;
    let said = senders.finish().await;
    let people = scene.people(server.address);
    let mut views = Vec::new();
    for person in &people {
        views.push(all(person, scene.room).await);
    }
    assert!(views.iter().all(|view| *view == views[0]), "not everyone sees the same");
    check(&said, &views[0], 2);
    let all = how_many(&said);
    assert!(all >= kills() * 3 * PROGRESS, "only {all} messages: that was no load");
    check_classic(&people[0], scene.room, &views[0]).await;
    server.terminate().await;
    assert_eq!(server.wait().await, Some(0));
    if Kind::chosen() == Kind::Sqlite {
        check_integrity(home.folder()).await;
    }
}

async fn check_classic(client: &Client, room: RoomId, kept: &[Message]) {
    let history = client.get(&format!("/messages/{room}/")).await.is(200);
    let listed = history["messages"].as_array().unwrap().iter().map(|m| m["id"].as_i64().unwrap());
    assert!(listed.eq(kept.iter().map(|message| message.id.0)), "the old door shows another order");
}

async fn check_integrity(data: &Path) {
    let url = hallway::tables::sqlite_url(data);
    let db = Database::connect(url).await.unwrap();
    let ask = async |pragma: &str| {
        let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {pragma}"));
        db.query_all_raw(statement).await.unwrap()
    };
    let [row] = &ask("integrity_check").await[..] else { panic!("more than one complaint") };
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "ok");
    assert!(ask("foreign_key_check").await.is_empty());
}
