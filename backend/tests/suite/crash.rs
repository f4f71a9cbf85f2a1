//! Acked messages are durable and exist exactly once, although the server process is killed several
//! times under load.

use std::path::Path;

use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use serde_json::Value;
use shared::{ids::RoomId, messages::Message, paths};

use crate::{
    database::query_number,
    fixture::{Client, DatabaseKind, Process, all_messages, template},
    senders::{ACKS_PER_STEP, Senders, check_stored_messages, sent_count},
};

/// The number of kills. SQLite runs inside the killed process, so it gets more kills than the database
/// servers, which keep running.
fn kill_count() -> usize {
    if DatabaseKind::selected() == DatabaseKind::Sqlite { 20 } else { 5 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_under_load_lose_and_duplicate_no_message() {
    let template = template();
    let (storage, seed) = (template.copy().await, &template.seed);
    let mut server = Process::start(&storage).await;
    let join = paths::fill(paths::MEMBERSHIP, &[&seed.room]);
    seed.person(server.address, 2).put(&join, Value::Null).await.expect_status(200);
    let senders = Senders::start(seed.people(server.address), seed.room);
    for _ in 0..kill_count() {
        senders.wait_progress().await;
        server.kill().await;
        server = Process::start(&storage).await;
        senders.redirect(server.address);
    }
    senders.wait_progress().await;
    let sent = senders.finish().await;
    let people = seed.people(server.address);
    let mut views = Vec::new();
    for person in &people {
        views.push(all_messages(person, seed.room).await);
    }
    assert!(views.iter().all(|view| *view == views[0]), "the users read different messages");
    check_stored_messages(&sent, &views[0], 2);
    let total = sent_count(&sent);
    assert!(total >= kill_count() * 3 * ACKS_PER_STEP, "only {total} messages: too little load");
    check_classic(&people[0], seed.room, &views[0]).await;
    server.terminate().await;
    assert_eq!(server.wait_exit().await, Some(0));
    if DatabaseKind::selected() == DatabaseKind::Sqlite {
        check_integrity(storage.folder()).await;
    }
}

/// Checks that the classic history has the same messages in the same order.
async fn check_classic(client: &Client, room: RoomId, stored: &[Message]) {
    let history = client.get(&format!("/messages/{room}/")).await.expect_status(200);
    let listed = history["messages"].as_array().unwrap().iter().map(|m| m["id"].as_i64().unwrap());
    assert!(
        listed.eq(stored.iter().map(|message| message.id.0)),
        "the classic history differs from the stored messages"
    );
}

/// Checks that SQLite finds no corruption and no broken foreign key.
async fn check_integrity(data: &Path) {
    let url = hallway::tables::sqlite_url(data);
    let db = Database::connect(url).await.unwrap();
    let run_pragma = async |pragma: &str| {
        let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {pragma}"));
        db.query_all_raw(statement).await.unwrap()
    };
    let [row] = &run_pragma("integrity_check").await[..] else {
        panic!("more than one integrity error")
    };
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "ok");
    assert!(run_pragma("foreign_key_check").await.is_empty());
    check_index(&db).await;
}

/// Checks that the search index contains each message up to the position of its room once.
async fn check_index(db: &impl ConnectionTrait) {
    let create = "CREATE VIRTUAL TABLE terms USING fts5vocab (message_words, instance)";
    db.execute_unprepared(create).await.unwrap();
    let in_index =
        "SELECT count(*) FROM search_positions p JOIN terms t ON t.term = 'zxr' || p.room_id";
    let existing = "SELECT count(*) FROM search_positions p JOIN messages m ON m.room_id = p.room_id \
         AND m.seq <= p.indexed_seq WHERE m.deleted_at IS NULL";
    assert_eq!(query_number(db, in_index).await, query_number(db, existing).await);
}
