//! A server that is killed at each step of a job: before it is leased, while it runs, and between its effect and
//! its end. Triggers hold a job at its step, so that no kill comes early or late.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hallway::{
    realtime::jobs::{Column, Entity},
    tables::{Database, Stored, now, room_events},
};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, sea_query::Expr};
use serde_json::json;
use shared::{paths, rooms::RoomEventKind};

use super::{jobs, wait_for_jobs};
use crate::{
    database::{query_number, refuse, wait_for_number},
    fixture::{PASSWORD, Process, Storage, TIMEOUT, template},
};

const PURGE: &str = "purge_room";

struct Crash {
    storage: Storage,
    server: Process,
    db: Arc<Database>,
}

impl Crash {
    async fn start() -> Self {
        let storage = template().copy().await;
        let server = Process::start(&storage).await;
        let db = Database::open_existing(&storage.url(), 2).await.unwrap();
        Self { storage, server, db: Arc::new(db) }
    }

    async fn delete_room(&self) {
        let seed = &template().seed;
        let path = format!("{}?now=true", paths::fill(paths::ROOM, &[&seed.room]));
        seed.person(self.server.address, 0).delete(&path).await.expect_status(204);
    }

    /// Kills the server and starts it again.
    async fn restart(self) -> Self {
        let Self { storage, server, db } = self;
        server.kill().await;
        // Only a server that is the only one knows that the leases are those of a dead one.
        if db.is_shared() {
            let end = Entity::update_many().col_expr(Column::LeaseUntil, Expr::value(0_i64));
            end.exec(&db.writer).await.unwrap();
        }
        let server = Process::start(&storage).await;
        Self { storage, server, db }
    }

    /// Waits until nothing of the room and its job is left.
    async fn wait_purged(&self) {
        let room = template().seed.room;
        wait_for_number(
            &self.db.writer,
            &format!("SELECT count(*) FROM rooms WHERE id = {room}"),
            0,
        )
        .await;
        wait_for_jobs(&self.db.writer, PURGE, <[_]>::is_empty).await;
        for table in ["messages", "members", "room_events", "binned_rooms"] {
            let count = format!("SELECT count(*) FROM {table} WHERE room_id = {room}");
            assert_eq!(query_number(&self.db.writer, &count).await, 0, "{table}");
        }
    }
}

#[tokio::test]
async fn a_kill_before_a_job_is_leased_loses_nothing() {
    let crash = Crash::start().await;
    crash.delete_room().await;
    crash.restart().await.wait_purged().await;
}

#[tokio::test]
async fn a_kill_while_a_job_runs_loses_nothing() {
    for table in ["messages", "members", "rooms"] {
        let crash = Crash::start().await;
        let permit = refuse(&crash.db.writer, table, "DELETE").await;
        crash.delete_room().await;
        wait_for_jobs(&crash.db.writer, PURGE, |jobs| jobs[0].attempts > 0).await;
        let crash = crash.restart().await;
        crash.db.writer.execute_unprepared(&permit).await.unwrap();
        crash.wait_purged().await;
    }
}

/// Many small steps, and a kill at whichever of them.
#[tokio::test]
async fn kills_at_random_lose_nothing() {
    const EVENTS: i64 = 8_000;
    let mut crash = Crash::start().await;
    let room = template().seed.room.0;
    for from in (0..EVENTS).step_by(500) {
        let event = |nth| room_events::Model {
            room_id: room,
            rev: 10_000 + nth,
            after_seq: 2,
            kind: Stored(RoomEventKind::Archived),
            actor_id: 1,
            user_id: None,
            old_value: None,
            new_value: None,
            created_at: now(),
        };
        let rows = (from..from + 500).map(|nth| event(nth).into_active_model().reset_all());
        let insert = room_events::Entity::insert_many(rows);
        insert.exec_without_returning(&crash.db.writer).await.unwrap();
    }
    crash.delete_room().await;
    let count = format!("SELECT count(*) FROM room_events WHERE room_id = {room}");
    for _ in 0..5 {
        let before = query_number(&crash.db.writer, &count).await;
        let start = Instant::now();
        while before > 0 && query_number(&crash.db.writer, &count).await == before {
            assert!(start.elapsed() < TIMEOUT, "nothing is deleted");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        crash = crash.restart().await;
    }
    crash.wait_purged().await;
}

#[tokio::test]
async fn a_kill_between_the_effect_and_the_end_of_a_job_doubles_nothing() {
    let crash = Crash::start().await;
    let seed = &template().seed;
    let member = seed.person(crash.server.address, 1);
    let db = crash.db.clone();
    let permit = refuse(&db.writer, "jobs", "DELETE").await;
    let request = json!({"password": PASSWORD, "messages": "delete"});
    member.call("DELETE", paths::ME, request).await.expect_status(204);
    wait_for_number(&db.writer, "SELECT count(*) FROM account_deletions", 0).await;
    let rev = format!("SELECT last_rev FROM rooms WHERE id = {}", seed.room);
    let rev_before = query_number(&db.writer, &rev).await;
    // The server does not try again before the lease ends.
    db.writer.execute_unprepared(&permit).await.unwrap();
    assert_eq!(jobs(&db.writer, "delete_account").await.len(), 1);
    let crash = crash.restart().await;
    wait_for_jobs(&crash.db.writer, "delete_account", <[_]>::is_empty).await;
    assert_eq!(query_number(&db.writer, &rev).await, rev_before);
    let deleted = format!(
        "SELECT count(*) FROM messages WHERE user_id = {} AND deleted_at IS NOT NULL",
        member.user.id
    );
    assert_eq!(query_number(&db.writer, &deleted).await, 1);
}
