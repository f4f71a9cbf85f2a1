//! The administration: people, rooms and the audit log.

use hallway::tables::{Stored, members, rooms};
use sea_orm::{ActiveModelTrait, ActiveValue::NotSet, IntoActiveModel};
use serde_json::{Value, json};
use shared::{
    access::{Rank, Role, RoomKind},
    administration::{AuditEntry, AuditList},
    ids::RoomId,
    paths,
    rooms::Room,
};

use crate::fixture::{Fixture, Person};

mod atomic;
mod audit;
mod bin;
mod people;
mod rooms_of_others;

/// The path of an account.
fn user_path(template: &str, person: &Person) -> String {
    paths::fill(template, &[&person.user.id])
}

/// Changes a rank as the owner.
async fn set_rank(fixture: &Fixture, person: &Person, rank: &str) {
    let path = user_path(paths::USER, person);
    fixture.admin.patch(&path, json!({ "rank": rank })).await.expect_status(200);
}

/// Creates a private room of a person.
async fn private_room(person: &Person, name: &str) -> RoomId {
    let new = json!({"name": name, "kind": "private", "topic": "hush"});
    person.post(paths::ROOMS, new).await.expect_json::<Room>(201).id
}

/// Puts a direct room of two people into the database.
async fn direct_room(fixture: &Fixture, people: [&Person; 2]) -> RoomId {
    let writer = &fixture.server.database().writer;
    let row = rooms::ActiveModel {
        id: NotSet,
        ..rooms::Model {
            id: 0,
            name: String::new(),
            name_key: None,
            sort_key: String::new(),
            topic: String::new(),
            has_topic: false,
            kind: Stored(RoomKind::Direct),
            direct_key: Some("two people".into()),
            history: Stored::default(),
            open_from: 1,
            policies: Stored::default(),
            archived_at: None,
            is_default: false,
            created_by: people[0].user.id.0,
            created_at: 1,
            updated_at: 1,
            deleted_at: None,
            member_count: 2,
            last_seq: 0,
            last_rev: 2,
            rev: 0,
        }
        .into_active_model()
        .reset_all()
    };
    let room = row.insert(writer).await.unwrap();
    for (rev, person) in (1..).zip(people) {
        let member = members::Model {
            room_id: room.id,
            user_id: person.user.id.0,
            joined_at: 1,
            has_left: false,
            left_seq: None,
            read_seq: 0,
            rev,
            role: Stored(Role::Member),
            rank: Stored(Rank::Member),
            visible_from: 1,
            hidden_seq: None,
            published_profile: 0,
            favourite: None,
            is_muted: false,
            timed_out_until: None,
            last_post_at: None,
        };
        member.into_active_model().reset_all().insert(writer).await.unwrap();
    }
    RoomId(room.id)
}

/// The newest entries of the log, newest first.
async fn audit(fixture: &Fixture, query: &str) -> Vec<AuditEntry> {
    let path = format!("{}?{query}", paths::AUDIT);
    fixture.admin.get(&path).await.expect_json::<AuditList>(200).entries
}

/// The newest entry without its id and time, as JSON.
async fn last_entry(fixture: &Fixture) -> Value {
    let mut entry = json!(audit(fixture, "limit=1").await[0]);
    let fields = entry.as_object_mut().unwrap();
    fields.remove("id");
    fields.remove("created_at");
    entry
}
