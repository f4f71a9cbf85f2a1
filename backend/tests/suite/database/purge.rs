//! The rows of a deleted room are deleted in the background, whatever happens meanwhile.

use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait;
use serde_json::json;
use shared::{paths, rooms::Room};

use super::{query_number, refuse_messages, wait_for_number};
use crate::fixture::{Fixture, TIMEOUT};

/// Waits until `/metrics` has a line that begins with a text.
async fn wait_for_metric(fixture: &Fixture, line: &str) {
    let start = Instant::now();
    loop {
        let metrics = fixture.anon.get("/metrics").await.text;
        if metrics.lines().any(|found| found.starts_with(line)) {
            return;
        }
        assert!(start.elapsed() < TIMEOUT, "{line} is not in {metrics}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_room_is_purged_although_it_failed_at_first() {
    let fixture = Fixture::start().await;
    let writer = &fixture.server.database().writer;
    let other: Room =
        fixture.admin.post(paths::ROOMS, json!({"name": "Attic"})).await.expect_json(201);
    let permit = refuse_messages(writer, "DELETE").await;
    let for_good = |room| format!("{}?now=true", paths::fill(paths::ROOM, &[&room]));
    fixture.admin.delete(&for_good(fixture.room)).await.expect_status(204);
    wait_for_metric(&fixture, "hallway_room_purge_failures_total").await;
    let messages = format!("SELECT count(*) FROM messages WHERE room_id = {}", fixture.room);
    assert_eq!(query_number(writer, &messages).await, 2, "nothing failed");
    let events = format!("SELECT count(*) FROM room_events WHERE room_id = {}", fixture.room);
    assert_eq!(query_number(writer, &events).await, 1);
    // A room without messages is purged meanwhile.
    fixture.admin.delete(&for_good(other.id)).await.expect_status(204);
    let room = |id| format!("SELECT count(*) FROM rooms WHERE id = {id}");
    wait_for_number(writer, &room(other.id), 0).await;
    assert_eq!(query_number(writer, &messages).await, 2);

    writer.execute_unprepared(permit).await.unwrap();
    wait_for_number(writer, &messages, 0).await;
    wait_for_number(writer, &room(fixture.room), 0).await;
    assert_eq!(query_number(writer, &events).await, 0);
}
