//! A node whose machine or link is gone without a word, in the middle of a transaction.

use std::time::{Duration, Instant};

use hallway::{error::Result, tables::rooms};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QuerySelect};
use serde_json::json;
use shared::paths;

use crate::actors::Cast;

async fn lock(cast: &Cast, txn: &DatabaseTransaction) {
    let room = rooms::Entity::find_by_id(cast.room.0).lock_exclusive();
    room.one(txn).await.unwrap().unwrap();
}

/// By TCP alone, the database would hear of it after hours.
#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn what_it_has_locked_is_free_within_seconds() {
    let cast = Cast::assemble().await;
    let silent = cast.server.database().begin().await.unwrap();
    lock(&cast, &silent).await;
    let (began, at) = (Instant::now(), cast.at(paths::MESSAGES));
    let said = cast.member.post(&at, json!({"content": "is anybody there?"})).await;
    said.read::<shared::messages::Message>(201);
    let took = began.elapsed();
    assert!(took > Duration::from_secs(3), "it was not locked: {took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    let late: Result<_> = silent.execute_unprepared("SELECT 1").await.map_err(Into::into);
    assert_eq!(late.unwrap_err().code(), shared::problem::Code::Unavailable);
}

/// An import reads from a pipe, and others may have to wait for it.
#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn what_may_take_its_time_is_not_ended() {
    let cast = Cast::assemble().await;
    let patient = cast.server.database().begin_without_idle_timeout().await.unwrap();
    lock(&cast, &patient).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    lock(&cast, &patient).await;
    patient.commit().await.unwrap();
    cast.member.get(&cast.at(paths::MESSAGES)).await.read::<shared::messages::MessagePage>(200);
}
