//! `/health/ready` reports within seconds that writes fail, and that they succeed again. A panic in the
//! write path fails the write that caused it and no other.

use std::time::{Duration, Instant};

use hallway::{
    error::Result,
    realtime::ledger::{Batch, RoomWrite},
    tables::{Database, rooms},
};
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};
use serde_json::{Value, json};
use shared::{
    ids::{RoomId, UserId},
    paths,
    problem::Code,
};

use crate::fixture::{DatabaseKind, Fixture, TIMEOUT};

/// How long readiness may take to change. The test machine may be slow.
const READINESS_MAX_DELAY: Duration = Duration::from_secs(6);

/// Polls `/health/ready` until it has a status; returns the body.
async fn wait_ready(fixture: &Fixture, status: u16) -> Value {
    let start = Instant::now();
    loop {
        let response = fixture.anon.get("/health/ready").await;
        if response.status == status {
            return response.json();
        }
        assert!(
            start.elapsed() < READINESS_MAX_DELAY,
            "still {}: {}",
            response.status,
            response.text
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// On SQLite, any transaction of another process locks all writes out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_writes_wait_for_a_lock_is_not_ready() {
    let fixture = Fixture::start().await;
    wait_ready(&fixture, 200).await;
    let other = Database::open(&fixture.server.storage().url(), 2).await.unwrap();
    let lock = other.begin_without_idle_timeout().await.unwrap();
    let room = rooms::Entity::find_by_id(fixture.room.0);
    let room = if other.is_shared() { room.lock_exclusive() } else { room };
    room.one(&lock).await.unwrap().unwrap();
    let (member, path) = (fixture.member.clone(), fixture.path(paths::MESSAGES));
    let post = tokio::spawn(async move { member.post(&path, json!({"content": "waits"})).await });
    let health = wait_ready(&fixture, 503).await;
    assert_eq!(health["status"], "unavailable");
    let database = &health["dependencies"]["database"];
    assert_eq!(database["reader"], "ok");
    assert!(health["ledger"] == "unavailable" || database["writer"] == "unavailable", "{health}");
    lock.rollback().await.unwrap();
    post.await.unwrap().expect_status(201);
    let health = wait_ready(&fixture, 200).await;
    assert_eq!(health["ledger"], "ok");
    other.close().await.unwrap();
}

/// Without any write, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_server_that_cannot_write_is_not_ready() {
    if DatabaseKind::selected() != DatabaseKind::Sqlite {
        return;
    }
    let fixture = Fixture::start().await;
    let other = Database::open(&fixture.server.storage().url(), 2).await.unwrap();
    let lock = other.begin().await.unwrap();
    let health = wait_ready(&fixture, 503).await;
    assert_eq!(health["dependencies"]["database"]["writer"], "unavailable");
    lock.rollback().await.unwrap();
    wait_ready(&fixture, 200).await;
    other.close().await.unwrap();
}

#[tokio::test]
async fn a_server_whose_disk_is_full_is_not_ready() {
    if DatabaseKind::selected() != DatabaseKind::Sqlite {
        return;
    }
    let fixture = Fixture::start().await;
    let writer = &fixture.server.database().writer;
    writer.execute_unprepared("PRAGMA max_page_count = 1").await.unwrap();
    let path = fixture.path(paths::MESSAGES);
    let start = Instant::now();
    // Until the free space in the last pages is used up.
    while fixture.member.post(&path, json!({"content": "x".repeat(8_000)})).await.status != 507 {
        assert!(start.elapsed() < TIMEOUT, "the disk is not full");
    }
    assert_eq!(wait_ready(&fixture, 503).await["ledger"], "unavailable");
    writer.execute_unprepared("PRAGMA max_page_count = 1000000").await.unwrap();
    fixture.member.post(&path, json!({"content": "fits"})).await.expect_status(201);
    wait_ready(&fixture, 200).await;
}

/// A write with a bug.
struct Panicking(RoomId);

impl RoomWrite for Panicking {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.0)
    }

    fn account(&self) -> Option<UserId> {
        None
    }

    async fn execute(&self, _: &mut Batch<'_>) -> Result<()> {
        panic!("on purpose")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_the_ledger_fails_one_write_and_no_other() {
    let fixture = Fixture::start().await;
    let path = fixture.path(paths::MESSAGES);
    for round in 0..5 {
        let post = |nth| {
            let (member, path) = (fixture.member.clone(), path.clone());
            let content = json!({"content": format!("{round}.{nth}")});
            tokio::spawn(async move { member.post(&path, content).await })
        };
        let posts: Vec<_> = (0..10).map(post).collect();
        let error = fixture.server.ledger().write(Panicking(fixture.room)).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        for post in posts {
            post.await.unwrap().expect_status(201);
        }
    }
    wait_ready(&fixture, 200).await;
    let metrics = fixture.anon.get("/metrics").await.text;
    assert!(metrics.contains("hallway_task_panics_total{task=\"ledger\"}"), "{metrics}");
}
