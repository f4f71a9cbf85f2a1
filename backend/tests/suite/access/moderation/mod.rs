//! What those who manage a room have against disturbance.

use serde_json::json;
use shared::{ids::RoomId, paths};

use crate::fixture::{Client, Fixture, Person};

mod bans;
mod newcomers;
mod reports;
mod slow_mode;
mod time_outs;

/// The path of something about a person in the room of the fixture.
fn about(fixture: &Fixture, template: &str, person: &Person) -> String {
    paths::fill(template, &[&fixture.room, &person.user.id])
}

async fn set_slow_mode(host: &Client, room: RoomId, seconds: u32) {
    let change = json!({"policies": {"slow_s": seconds}});
    host.patch(&paths::fill(paths::ROOM, &[&room]), change).await.expect_status(200);
}

async fn join(person: &Person, room: RoomId) {
    let path = paths::fill(paths::MEMBERSHIP, &[&room]);
    person.put(&path, json!(null)).await.expect_status(200);
}

async fn leave(person: &Person, room: RoomId) {
    person.delete(&paths::fill(paths::MEMBERSHIP, &[&room])).await.expect_status(204);
}
