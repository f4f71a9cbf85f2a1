//! Locks of a node that dies or loses its connection within a transaction.

use std::time::{Duration, Instant};

use hallway::{
    error::Result,
    tables::Transaction,
    tables::{members, rooms},
};
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};
use serde_json::json;
use shared::{live::ServerFrame, paths};

use crate::fixture::{Fixture, LiveSocket};

/// Locks the row of the room until the transaction ends.
async fn lock_room(fixture: &Fixture, txn: &Transaction) {
    let room = rooms::Entity::find_by_id(fixture.room.0).lock_exclusive();
    room.one(txn).await.unwrap().unwrap();
}

/// Without the idle timeout, the database would notice a dead connection only after hours.
#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn locks_of_an_idle_transaction_are_released_within_seconds() {
    let fixture = Fixture::start().await;
    let idle_txn = fixture.server.database().begin().await.unwrap();
    lock_room(&fixture, &idle_txn).await;
    let (start, path) = (Instant::now(), fixture.path(paths::MESSAGES));
    let response = fixture.member.post(&path, json!({"content": "is anybody there?"})).await;
    response.expect_json::<shared::messages::Message>(201);
    let elapsed = start.elapsed();
    assert!(elapsed > Duration::from_secs(3), "the row was not locked: {elapsed:?}");
    assert!(elapsed < Duration::from_secs(15), "{elapsed:?}");
    let result: Result<_> = idle_txn.execute_unprepared("SELECT 1").await.map_err(Into::into);
    assert_eq!(result.unwrap_err().code(), shared::problem::Code::Unavailable);
}

/// An import may wait long for its input, so its transaction has no idle timeout.
#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_transaction_without_idle_timeout_is_not_ended() {
    let fixture = Fixture::start().await;
    let import_txn = fixture.server.database().begin_without_idle_timeout().await.unwrap();
    lock_room(&fixture, &import_txn).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    lock_room(&fixture, &import_txn).await;
    import_txn.commit().await.unwrap();
    fixture
        .member
        .get(&fixture.path(paths::MESSAGES))
        .await
        .expect_json::<shared::messages::MessagePage>(200);
}

/// A batch that holds the room may go on to its member rows, so favourites must not lock those first.
#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn favourites_lock_the_rooms_before_the_member_rows() {
    let fixture = Fixture::start().await;
    let (member, room) = (fixture.member.clone(), fixture.room);
    let mut live = LiveSocket::open(&member).await;
    let batch = fixture.server.database().begin().await.unwrap();
    lock_room(&fixture, &batch).await;
    let key = (room.0, member.user.id.0);
    let request = tokio::spawn(async move {
        member.put(paths::FAVOURITES, json!({"rooms": [room]})).await.expect_status(204);
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!request.is_finished(), "the room was not locked");
    let start = Instant::now();
    let row = members::Entity::find_by_id(key).lock_exclusive().one(&batch).await.unwrap();
    assert_eq!(row.unwrap().favourite, None);
    assert!(start.elapsed() < Duration::from_millis(500), "the member row was locked");
    batch.commit().await.unwrap();
    request.await.unwrap();
    let favourite = live.expect(|frame| match frame {
        ServerFrame::Preferences { favourite, .. } => Some(*favourite),
        _ => None,
    });
    assert_eq!(favourite.await, Some(1));
}
