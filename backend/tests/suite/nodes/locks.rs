//! Locks of a node that dies or loses its connection within a transaction.

use std::time::{Duration, Instant};

use hallway::{error::Result, tables::rooms};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QuerySelect};
use serde_json::json;
use shared::paths;

use crate::fixture::Fixture;

/// Locks the row of the room until the transaction ends.
async fn lock_room(fixture: &Fixture, txn: &DatabaseTransaction) {
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
