//! Upgrades of databases that older versions of Hallway wrote.

use hallway::tables::{Database, messages, search_index};
use migrations::{Migrator, MigratorTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use shared::{
    access::{Policies, Rank, Role, RoomKind},
    text::Format,
};

use super::query_number;
use crate::fixture::Storage;

/// The number of migrations before ranks, roles and kinds.
const BEFORE_ACCESS: u32 = 8;

#[tokio::test]
async fn the_oldest_enabled_admin_becomes_the_owner_and_creators_become_hosts() {
    let storage = Storage::empty().await;
    let old = sea_orm::Database::connect(storage.url()).await.unwrap();
    Migrator::up(&old, Some(BEFORE_ACCESS)).await.unwrap();
    for sql in OLD_ROWS {
        old.execute_unprepared(sql).await.unwrap();
    }
    Migrator::up(&old, None).await.unwrap();
    old.close().await.unwrap();
    let db = Database::open(&storage.url(), 2).await.unwrap();
    use hallway::tables::{members, rooms, users};
    let found =
        users::Entity::find().order_by_asc(users::Column::Id).all(&db.reader).await.unwrap();
    let ranks: Vec<_> = found.iter().map(|user| user.rank.0).collect();
    assert_eq!(ranks, [Rank::Admin, Rank::Member, Rank::Owner, Rank::Admin]);
    let room = rooms::Entity::find().one(&db.reader).await.unwrap().unwrap();
    assert_eq!((room.kind.0, room.policies.0), (RoomKind::Open, Policies::default()));
    assert_eq!((&*room.sort_key, room.open_from, room.archived_at), ("lobby", 1, None));
    let found = members::Entity::find().order_by_asc(members::Column::UserId);
    let found = found.all(&db.reader).await.unwrap();
    let memberships: Vec<_> = found.iter().map(|m| (m.role.0, m.rank.0, m.visible_from)).collect();
    assert_eq!(memberships, [(Role::Host, Rank::Member, 1), (Role::Member, Rank::Admin, 1)]);
    db.close().await.unwrap();
}

/// The number of migrations before folded names.
const BEFORE_FOLDED_NAMES: u32 = 18;

#[tokio::test]
async fn names_of_older_accounts_are_folded_and_kept() {
    let storage = Storage::empty().await;
    let old = sea_orm::Database::connect(storage.url()).await.unwrap();
    Migrator::up(&old, Some(BEFORE_FOLDED_NAMES)).await.unwrap();
    // The first two look alike, and so do the display name of the last and the first.
    old.execute_unprepared(
        "INSERT INTO users (id, username, username_key, password_hash, is_disabled, created_at, \
         display_name, display_key) VALUES (1, 'finn', 'finn', '!', FALSE, 0, NULL, NULL), \
         (2, '\u{fb01}nn', '\u{fb01}nn', '!', FALSE, 0, 'Bob', 'bob'), \
         (3, 'cleo', 'cleo', '!', FALSE, 0, '\u{ff26}inn', '\u{ff46}inn')",
    )
    .await
    .unwrap();
    Migrator::up(&old, None).await.unwrap();
    old.close().await.unwrap();
    let db = Database::open(&storage.url(), 2).await.unwrap();
    use hallway::tables::users;
    let found =
        users::Entity::find().order_by_asc(users::Column::Id).all(&db.reader).await.unwrap();
    let folded: Vec<_> = found
        .iter()
        .map(|user| (user.username_fold.as_deref(), user.display_fold.as_deref()))
        .collect();
    assert_eq!(folded, [(None, None), (Some("finn"), None), (None, Some("finn"))]);
    assert_eq!(found[1].username, "\u{fb01}nn");
    db.close().await.unwrap();
}

/// The number of migrations before the positions of the search index.
const BEFORE_POSITIONS: u32 = 19;

#[tokio::test]
async fn the_index_of_an_older_version_contains_all_messages() {
    let storage = Storage::empty().await;
    let db = sea_orm::Database::connect(storage.url()).await.unwrap();
    Migrator::up(&db, Some(BEFORE_POSITIONS)).await.unwrap();
    for sql in [
        "INSERT INTO users (id, username, username_key, password_hash, is_disabled, created_at) \
         VALUES (1, 'ann', 'ann', '!', FALSE, 0)",
        "INSERT INTO rooms (id, name, name_key, topic, created_by, created_at, updated_at, \
         member_count, last_seq, last_rev, rev) VALUES (7, 'Lobby', 'lobby', '', 1, 0, 0, 0, 5, 6, 1)",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    Migrator::up(&db, None).await.unwrap();
    let position = "SELECT indexed_seq FROM search_positions WHERE room_id = 7";
    assert_eq!(query_number(&db, position).await, 5);
    assert!(search_index::pending_rooms(&db).await.unwrap().is_empty());
    db.close().await.unwrap();
}

/// The number of migrations before the format of messages.
const BEFORE_FORMATS: u32 = 22;

#[tokio::test]
async fn older_messages_are_plain_text() {
    let storage = Storage::empty().await;
    let old = sea_orm::Database::connect(storage.url()).await.unwrap();
    Migrator::up(&old, Some(BEFORE_FORMATS)).await.unwrap();
    let id = match old.get_database_backend() {
        DbBackend::Postgres => "'00000000-0000-0000-0000-000000000001'",
        _ => "x'00000000000000000000000000000001'",
    };
    for sql in [
        "INSERT INTO users (id, username, username_key, password_hash, is_disabled, created_at) \
         VALUES (1, 'ann', 'ann', '!', FALSE, 0)",
        "INSERT INTO rooms (id, name, name_key, topic, created_by, created_at, updated_at, \
         member_count, last_seq, last_rev, rev) VALUES (7, 'Lobby', 'lobby', '', 1, 0, 0, 0, 1, 2, 1)",
        &format!(
            "INSERT INTO messages (room_id, seq, rev, user_id, client_id, content, created_at) \
             VALUES (7, 1, 2, 1, {id}, '**a**', 0)"
        ),
    ] {
        old.execute_unprepared(sql).await.unwrap();
    }
    Migrator::up(&old, None).await.unwrap();
    old.close().await.unwrap();
    let db = Database::open(&storage.url(), 2).await.unwrap();
    let found = messages::Entity::find().one(&db.reader).await.unwrap().unwrap();
    assert_eq!((found.format.0, &*found.content), (Format::Text, "**a**"));
    db.close().await.unwrap();
}

/// The number of migrations before jobs.
const BEFORE_JOBS: u32 = 19;

#[tokio::test]
async fn work_that_an_older_version_left_over_becomes_jobs() {
    let storage = Storage::empty().await;
    let old = sea_orm::Database::connect(storage.url()).await.unwrap();
    Migrator::up(&old, Some(BEFORE_ACCESS)).await.unwrap();
    for sql in OLD_ROWS {
        old.execute_unprepared(sql).await.unwrap();
    }
    Migrator::up(&old, Some(BEFORE_JOBS - BEFORE_ACCESS)).await.unwrap();
    for sql in [
        "UPDATE rooms SET deleted_at = 5 WHERE id = 1",
        "INSERT INTO binned_rooms (room_id, binned_at) VALUES (1, 7)",
        "INSERT INTO account_deletions (user_id, deletes_messages, created_at) VALUES (1, TRUE, 5)",
        "INSERT INTO pending_joins (user_id, room_id, invited_by, created_at) VALUES (2, 1, 3, 5)",
        "INSERT INTO confirmations (user_id, token_hash, expires_at) VALUES (4, 'hash', 9)",
        "INSERT INTO mails (recipient, subject, body, created_at, next_at) \
         VALUES ('ada@example.org', 'Hello \"you\"', 'Bye', 5, 6)",
    ] {
        old.execute_unprepared(sql).await.unwrap();
    }
    Migrator::up(&old, None).await.unwrap();
    old.close().await.unwrap();
    let db = Database::open(&storage.url(), 2).await.unwrap();
    use hallway::realtime::jobs::{Column, Entity};
    let found = Entity::find().order_by_asc(Column::Kind).all(&db.reader).await.unwrap();
    let found: Vec<_> =
        found.iter().map(|job| (&*job.kind, job.subject_id, job.run_after)).collect();
    let expected = [
        ("delete_account", 1, 0),
        ("join_rooms", 2, 0),
        ("purge_room", 1, 7 + 30 * 86_400_000_000),
        ("remove_unconfirmed", 4, 9),
        ("send_mail", -1, 0),
    ];
    assert_eq!(found, expected);
    let mail = Entity::find().filter(Column::Kind.eq("send_mail")).one(&db.reader).await.unwrap();
    let payload: serde_json::Value = serde_json::from_str(&mail.unwrap().payload.unwrap()).unwrap();
    let expected = json!({"to": "ada@example.org", "subject": "Hello \"you\"", "body": "Bye"});
    assert_eq!(payload, expected);
    db.close().await.unwrap();
}

/// A disabled admin, a member who created the room, and two admins, one of whom is in it.
const OLD_ROWS: [&str; 4] = [
    "INSERT INTO users (id, username, username_key, password_hash, is_admin, is_disabled, created_at) \
     VALUES (1, 'ann', 'ann', '!', TRUE, TRUE, 0), (2, 'bob', 'bob', '!', FALSE, FALSE, 0), \
     (3, 'cleo', 'cleo', '!', TRUE, FALSE, 0), (4, 'dan', 'dan', '!', TRUE, FALSE, 0)",
    "INSERT INTO rooms (id, name, name_key, topic, created_by, created_at, updated_at, member_count, \
     last_seq, last_rev, rev) VALUES (1, 'Lobby', 'lobby', '', 2, 0, 0, 2, 0, 3, 1)",
    "INSERT INTO members (room_id, user_id, joined_at, has_left, read_seq, rev, is_admin) \
     VALUES (1, 2, 0, FALSE, 0, 2, FALSE)",
    "INSERT INTO members (room_id, user_id, joined_at, has_left, read_seq, rev, is_admin) \
     VALUES (1, 4, 0, FALSE, 0, 3, TRUE)",
];
