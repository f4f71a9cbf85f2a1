//! A node that dies or loses its link within a transaction.

use std::time::{Duration, Instant};

use hallway::{error::Result, tables::rooms};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QuerySelect};
use serde_json::json;
use shared::paths;

use crate::fixture::Fixture;

async fn lock(fixture: &Fixture, txn: &DatabaseTransaction) {
    let room = rooms::Entity::find_by_id(fixture.room.0).lock_exclusive();
    room.one(txn).await.unwrap().unwrap();
}

/// TCP alone would notify the database only after hours.
#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn locks_of_an_idle_transaction_are_released_within_seconds() {
    let fixture = Fixture::start().await;
    let silent = fixture.server.database().begin().await.unwrap();
    lock(&fixture, &silent).await;
    let (began, at) = (Instant::now(), fixture.path(paths::MESSAGES));
    let said = fixture.member.post(&at, json!({"content": "is anybody there?"})).await;
    said.expect_json::<shared::messages::Message>(201);
    let took = began.elapsed();
    assert!(took > Duration::from_secs(3), "the row was not locked: {took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    let late: Result<_> = silent.execute_unprepared("SELECT 1").await.map_err(Into::into);
    assert_eq!(late.unwrap_err().code(), shared::problem::Code::Unavailable);
}

/// An import reads from a pipe, which may pause it for long.
#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_transaction_without_idle_timeout_is_not_ended() {
    let fixture = Fixture::start().await;
    let patient = fixture.server.database().begin_without_idle_timeout().await.unwrap();
    lock(&fixture, &patient).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    lock(&fixture, &patient).await;
    patient.commit().await.unwrap();
    fixture
        .member
        .get(&fixture.path(paths::MESSAGES))
        .await
        .expect_json::<shared::messages::MessagePage>(200);
}
