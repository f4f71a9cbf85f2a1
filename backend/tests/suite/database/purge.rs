//! The rows of a deleted room are deleted in the background, whatever happens meanwhile.

use hallway::tables::{Stored, mentions, now, room_events};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};
use serde_json::json;
use shared::{
    paths,
    rooms::{Room, RoomEventKind},
};

use super::{query_number, refuse, wait_for_metric, wait_for_number};
use crate::fixture::Fixture;

#[tokio::test]
async fn a_room_is_purged_although_it_failed_at_first() {
    let fixture = Fixture::start().await;
    let writer = &fixture.server.database().writer;
    let other: Room =
        fixture.admin.post(paths::ROOMS, json!({"name": "Attic"})).await.expect_json(201);
    let permit = refuse(writer, "messages", "DELETE").await;
    let for_good = |room| format!("{}?now=true", paths::fill(paths::ROOM, &[&room]));
    fixture.admin.delete(&for_good(fixture.room)).await.expect_status(204);
    let failed = r#"hallway_job_runs_total{kind="purge_room",outcome="failed"}"#;
    wait_for_metric(&fixture.anon, failed).await;
    let messages = format!("SELECT count(*) FROM messages WHERE room_id = {}", fixture.room);
    assert_eq!(query_number(writer, &messages).await, 2, "nothing failed");
    let events = format!("SELECT count(*) FROM room_events WHERE room_id = {}", fixture.room);
    assert_eq!(query_number(writer, &events).await, 1);
    // A room without messages is purged meanwhile.
    fixture.admin.delete(&for_good(other.id)).await.expect_status(204);
    let room = |id| format!("SELECT count(*) FROM rooms WHERE id = {id}");
    wait_for_number(writer, &room(other.id), 0).await;
    assert_eq!(query_number(writer, &messages).await, 2);

    writer.execute_unprepared(&permit).await.unwrap();
    wait_for_number(writer, &messages, 0).await;
    wait_for_number(writer, &room(fixture.room), 0).await;
    assert_eq!(query_number(writer, &events).await, 0);
}

/// They take three steps, and no row may be left that refers to the room.
#[tokio::test]
async fn a_room_with_many_events_and_mentions_is_purged_in_steps() {
    const EVENTS: i64 = 1_200;
    let fixture = Fixture::start().await;
    let writer = &fixture.server.database().writer;
    let room = fixture.room.0;
    let user = fixture.member.user.id.0;
    let event = |nth| {
        room_events::Model {
            room_id: room,
            rev: 10_000 + nth,
            after_seq: 2,
            kind: Stored(RoomEventKind::Archived),
            actor_id: user,
            user_id: None,
            old_value: None,
            new_value: None,
            created_at: now(),
        }
        .into_active_model()
        .reset_all()
    };
    // Three people in each message, so that a step ends within one.
    let people = [&fixture.admin, &fixture.member, &fixture.outsider].map(|p| p.user.id.0);
    let mention = |nth: i64| {
        let user_id = people[nth as usize % people.len()];
        let seq = 1 + nth / people.len() as i64;
        mentions::Model { user_id, room_id: room, seq, is_counted: true }
            .into_active_model()
            .reset_all()
    };
    for from in (0..EVENTS).step_by(400) {
        let range = from..from + 400;
        let events = room_events::Entity::insert_many(range.clone().map(event));
        events.exec_without_returning(writer).await.unwrap();
        let mentions = mentions::Entity::insert_many(range.map(mention));
        mentions.exec_without_returning(writer).await.unwrap();
    }
    let path = format!("{}?now=true", fixture.path(paths::ROOM));
    fixture.admin.delete(&path).await.expect_status(204);
    let count = |table: &str| format!("SELECT count(*) FROM {table} WHERE room_id = {room}");
    wait_for_number(writer, &format!("SELECT count(*) FROM rooms WHERE id = {room}"), 0).await;
    for table in ["messages", "mentions", "members", "room_events"] {
        assert_eq!(query_number(writer, &count(table)).await, 0, "{table}");
    }
}
