//! Which messages the index contains: of each room those up to its position, except for those that a rebuild
//! has not reached yet.
//!
//! A transaction that moves a position has locked its row and the rows of the messages. One that edits or
//! deletes a message locks its row first and then reads the position, so both agree about whether the index contains
//! the message.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect,
    Statement,
    sea_query::{Expr, LockBehavior, LockType, SimpleExpr},
};
use shared::ids::{RoomId, Seq};

use super::{
    document::VERSION,
    entity::{Column, Entity},
};
use crate::tables::{database::Transaction, entities::messages};

/// The name of the version of the documents, a row of `versions`.
pub(super) const WORDS: &str = "words";
/// The name of the least id of the existing messages that a rebuild has indexed; 1 after it has reached all.
/// It is a row of `versions`, because all nodes read it and one of them moves it.
pub(super) const WORDS_FROM: &str = "words_from";
/// SQL for it.
const INDEXED_FROM: &str = "(SELECT version FROM versions WHERE name = 'words_from')";

/// SQL for the `seq` up to which the index contains the messages of the room in a row of `rooms` with this
/// alias, and SQL for [`IndexedRange::from_id`].
pub fn indexed_range_sql(room: &str) -> (String, String) {
    let seq = format!(
        "coalesce((SELECT p.indexed_seq FROM search_positions p WHERE p.room_id = {room}.id), 0)"
    );
    (seq, format!("coalesce({INDEXED_FROM}, 0)"))
}

/// The messages of a room that the index contains.
#[derive(Clone, Copy, Debug)]
pub struct IndexedRange {
    /// The index contains no message with a smaller id, because a rebuild has not reached it yet.
    pub from_id: i64,
    /// The last message that the index contains.
    pub to_seq: Seq,
}

/// The messages of a room that the index contains.
pub async fn indexed_range(db: &impl ConnectionTrait, room: RoomId) -> Result<IndexedRange, DbErr> {
    let (seq, from_id) = indexed_range_sql("r");
    let sql = format!("SELECT {seq}, {from_id} FROM rooms r WHERE r.id = {room}");
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("rooms".to_owned()))?;
    let to_seq = Seq(row.try_get_by_index(0)?);
    Ok(IndexedRange { from_id: row.try_get_by_index(1)?, to_seq })
}

/// The condition that the index contains a row of `messages`, except for those with ids that a rebuild has
/// not reached.
pub fn is_indexed() -> SimpleExpr {
    Expr::cust(
        "messages.seq <= (SELECT p.indexed_seq FROM search_positions p \
         WHERE p.room_id = messages.room_id)",
    )
}

/// The indexed ranges of the rooms of some messages, read under the locks of their rows.
pub(super) struct Coverage {
    from_id: i64,
    positions: HashMap<i64, i64>,
}

impl Coverage {
    pub(super) async fn read(txn: &Transaction, rows: &[&messages::Model]) -> Result<Self, DbErr> {
        let mut rooms: Vec<i64> = rows.iter().map(|row| row.room_id).collect();
        rooms.dedup();
        let found: Vec<(i64, i64, Option<i64>)> = Entity::find()
            .select_only()
            .columns([Column::RoomId, Column::IndexedSeq])
            .expr_as(Expr::cust(INDEXED_FROM), "from_id")
            .filter(Column::RoomId.is_in(rooms))
            .into_tuple()
            .all(txn)
            .await?;
        let from_id = found.first().and_then(|(.., from_id)| *from_id).unwrap_or(0);
        let positions = found.into_iter().map(|(room, seq, _)| (room, seq)).collect();
        Ok(Self { from_id, positions })
    }

    pub(super) fn contains(&self, row: &messages::Model) -> bool {
        row.id >= self.from_id
            && self.positions.get(&row.room_id).is_some_and(|seq| row.seq <= *seq)
    }
}

/// Whether the index has the documents of this version, which then holds until the transaction ends. During
/// an upgrade, nodes of another version may run, whose tokens this one would not find.
pub(super) async fn lock_version(txn: &Transaction) -> Result<bool, DbErr> {
    let lock = match txn.get_database_backend() {
        DbBackend::Sqlite => "",
        DbBackend::Postgres => "FOR SHARE",
        _ => "LOCK IN SHARE MODE",
    };
    let sql = format!("SELECT version FROM versions WHERE name = '{WORDS}' {lock}");
    let row = txn.query_one_raw(Statement::from_string(txn.get_database_backend(), sql)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()? == Some(VERSION))
}

/// A room with messages that the index does not contain yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingRoom {
    pub room: RoomId,
    pub indexed_seq: Seq,
    pub last_seq: Seq,
}

/// All rooms with messages that the index does not contain yet.
pub async fn pending_rooms(db: &impl ConnectionTrait) -> Result<Vec<PendingRoom>, DbErr> {
    let (seq, _) = indexed_range_sql("r");
    let sql = format!("SELECT r.id, {seq}, r.last_seq FROM rooms r WHERE r.last_seq > {seq}");
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let pending = |row: &sea_orm::QueryResult| {
        Ok(PendingRoom {
            room: RoomId(row.try_get_by_index(0)?),
            indexed_seq: Seq(row.try_get_by_index(1)?),
            last_seq: Seq(row.try_get_by_index(2)?),
        })
    };
    rows.iter().map(pending).collect()
}

/// Stores the positions of new rooms whose messages the transaction indexes itself.
pub async fn insert_positions(
    txn: &Transaction,
    positions: impl IntoIterator<Item = (i64, i64)>,
) -> Result<(), DbErr> {
    let model =
        |(room, seq)| super::entity::ActiveModel { room_id: Set(room), indexed_seq: Set(seq) };
    let models: Vec<_> = positions.into_iter().map(model).collect();
    if models.is_empty() {
        return Ok(());
    }
    Entity::insert_many(models).exec_without_returning(txn).await.map(drop)
}

/// The positions of those of some rooms that exist.
pub(super) async fn read_positions(
    db: &impl ConnectionTrait,
    rooms: &[i64],
) -> Result<HashMap<i64, i64>, DbErr> {
    let found = Entity::find().filter(Column::RoomId.is_in(rooms.iter().copied())).all(db).await?;
    Ok(found.into_iter().map(|row| (row.room_id, row.indexed_seq)).collect())
}

/// Adds rows for those of some rooms that have none, so that they can be locked.
pub(super) async fn add_missing(db: &impl ConnectionTrait, rooms: &[i64]) -> Result<(), DbErr> {
    let (ignore, on_conflict) = match db.get_database_backend() {
        DbBackend::MySql => ("IGNORE", ""),
        _ => ("", "ON CONFLICT DO NOTHING"),
    };
    let rooms = list(rooms);
    let sql = format!(
        "INSERT {ignore} INTO search_positions (room_id, indexed_seq) \
         SELECT id, 0 FROM rooms WHERE id IN ({rooms}) {on_conflict}"
    );
    db.execute_unprepared(&sql).await.map(drop)
}

/// Moves the positions of all rooms to their last messages. An upsert, because other nodes add missing rows meanwhile.
pub(super) async fn set_to_last(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let update = match db.get_database_backend() {
        DbBackend::MySql => "ON DUPLICATE KEY UPDATE indexed_seq = VALUES(indexed_seq)",
        _ => "ON CONFLICT (room_id) DO UPDATE SET indexed_seq = excluded.indexed_seq",
    };
    // SQLite takes ON CONFLICT for a part of the SELECT unless that has a condition.
    let sql = format!(
        "INSERT INTO search_positions (room_id, indexed_seq) \
         SELECT id, last_seq FROM rooms WHERE true {update}"
    );
    db.execute_unprepared(&sql).await.map(drop)
}

/// Locks the positions of rooms, without those that another node is indexing, and returns them.
pub(super) async fn lock_positions(
    txn: &Transaction,
    rooms: &[i64],
) -> Result<HashMap<i64, i64>, DbErr> {
    let found = Entity::find()
        .filter(Column::RoomId.is_in(rooms.iter().copied()))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(txn)
        .await?;
    Ok(found.into_iter().map(|row| (row.room_id, row.indexed_seq)).collect())
}

/// Moves locked positions. An UPDATE, because an upsert would lock the rows of the rooms on MySQL, which
/// the ledger holds while it waits for messages.
pub(super) async fn move_positions(txn: &Transaction, moved: &[(i64, i64)]) -> Result<(), DbErr> {
    if moved.is_empty() {
        return Ok(());
    }
    let cases: Vec<_> = moved.iter().map(|(room, seq)| format!("WHEN {room} THEN {seq}")).collect();
    let rooms = list(&moved.iter().map(|(room, _)| *room).collect::<Vec<_>>());
    let sql = format!(
        "UPDATE search_positions SET indexed_seq = CASE room_id {} END WHERE room_id IN ({rooms})",
        cases.join(" ")
    );
    txn.execute_unprepared(&sql).await.map(drop)
}

fn list(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}
