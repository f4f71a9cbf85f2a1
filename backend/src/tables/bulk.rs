//! Writes many rows: to database servers in few statements, because each is a round trip; to SQLite one by
//! one, with prepared statements, in one visit to its thread.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::NotSet,
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter,
    QueryResult, QueryTrait,
    sea_query::{OnConflict, Query, all},
};
use uuid::Uuid;

use super::{
    database::{Connection, Transaction, query_row, run_sql},
    entities::{members, messages, rooms},
};

/// Finds the messages with these idempotency keys (room, author, client id).
pub async fn messages_by_client_id(
    txn: &Transaction,
    keys: &[(i64, i64, Uuid)],
) -> Result<Vec<messages::Model>, DbErr> {
    use messages::Column as C;
    if let DbBackend::Sqlite = txn.get_database_backend() {
        let keys = keys.to_vec();
        return txn.run(move |db| find_in_sqlite(db, &keys)).await;
    }
    let mut any = Condition::any();
    for (room, user, id) in keys {
        any = any.add(all![C::RoomId.eq(*room), C::UserId.eq(*user), C::ClientId.eq(*id)]);
    }
    messages::Entity::find().filter(any).all(txn).await
}

fn find_in_sqlite(
    db: &rusqlite::Connection,
    keys: &[(i64, i64, Uuid)],
) -> Result<Vec<messages::Model>, DbErr> {
    let sql = "SELECT id, room_id, seq, rev, user_id, client_id, format, content, sent_hash, \
         reply_to, created_at, edited_at, deleted_at, reactions FROM messages \
         WHERE room_id = ? AND user_id = ? AND client_id = ?";
    let find = |key: &(i64, i64, Uuid)| query_row(db, sql, *key, messages::Model::from_sqlite);
    keys.iter().filter_map(|key| find(key).transpose()).collect()
}

/// Inserts new messages, and sets the `id` of each row.
pub async fn insert_messages(
    txn: &Transaction,
    rows: &mut Vec<messages::Model>,
) -> Result<(), DbErr> {
    if let DbBackend::Sqlite = txn.get_database_backend() {
        let new_rows = std::mem::take(rows);
        *rows = txn.run(move |db| insert_into_sqlite(db, new_rows)).await?;
    } else {
        let ids = insert_and_read_ids(txn, rows).await?;
        for row in &mut *rows {
            let id = ids.get(&(row.room_id, row.seq)).copied();
            row.id = id.ok_or_else(|| DbErr::Custom("an inserted message is missing".into()))?;
        }
    }
    Ok(())
}

/// Inserts messages; returns the `id` of each by room and `seq`.
async fn insert_and_read_ids(
    txn: &Transaction,
    rows: &[messages::Model],
) -> Result<HashMap<(i64, i64), i64>, DbErr> {
    use messages::Column::{Id, RoomId, Seq};
    let new_rows = rows.iter().map(|row| {
        let row = messages::ActiveModel::from(row.clone()).reset_all();
        messages::ActiveModel { id: NotSet, ..row }
    });
    let mut insert = messages::Entity::insert_many(new_rows).into_query();
    let found = match txn.get_database_backend() {
        DbBackend::MySql => {
            txn.execute(&insert).await?;
            let mut any = Condition::any();
            for row in rows {
                any = any.add(all![RoomId.eq(row.room_id), Seq.eq(row.seq)]);
            }
            let mut select = messages::Entity::find().filter(any).into_query();
            txn.query_all(select.clear_selects().columns([Id, RoomId, Seq])).await?
        }
        _ => txn.query_all(insert.returning(Query::returning().columns([Id, RoomId, Seq]))).await?,
    };
    let entry = |row: QueryResult| {
        let id = row.try_get_by_index(0)?;
        Ok(((row.try_get_by_index(1)?, row.try_get_by_index(2)?), id))
    };
    found.into_iter().map(entry).collect()
}

fn insert_into_sqlite(
    db: &rusqlite::Connection,
    mut rows: Vec<messages::Model>,
) -> Result<Vec<messages::Model>, DbErr> {
    let sql = "INSERT INTO messages \
         (room_id, seq, rev, user_id, client_id, format, content, sent_hash, reply_to, created_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    for row in &mut rows {
        let values = rusqlite::params![
            row.room_id,
            row.seq,
            row.rev,
            row.user_id,
            row.client_id,
            row.format,
            row.content,
            row.sent_hash,
            row.reply_to,
            row.created_at,
        ];
        run_sql(db, sql, values)?;
        row.id = db.last_insert_rowid();
    }
    Ok(rows)
}

/// Writes the rooms and read positions that a batch changed in memory.
pub async fn flush_counters(
    txn: &Transaction,
    members: Vec<members::Model>,
    rooms: Vec<rooms::Model>,
) -> Result<(), DbErr> {
    if let DbBackend::Sqlite = txn.get_database_backend() {
        return txn.run(move |db| update_in_sqlite(db, &members, &rooms)).await;
    }
    if !members.is_empty() {
        use members::Column::{ReadSeq, RoomId, UserId};
        let update = OnConflict::columns([RoomId, UserId]).update_column(ReadSeq).to_owned();
        let rows = members.into_iter().map(|row| members::ActiveModel::from(row).reset_all());
        members::Entity::insert_many(rows).on_conflict(update).exec_without_returning(txn).await?;
    }
    if !rooms.is_empty() {
        use rooms::Column as C;
        let update = OnConflict::column(C::Id)
            .update_columns([C::Name, C::NameKey, C::Topic, C::HasTopic, C::CreatedBy])
            .update_columns([C::UpdatedAt, C::DeletedAt, C::SortKey, C::Kind, C::History])
            .update_columns([C::OpenFrom, C::Policies, C::ArchivedAt, C::IsDefault])
            .update_columns([C::MemberCount, C::LastSeq, C::LastRev, C::Rev])
            .to_owned();
        let rows = rooms.into_iter().map(|row| rooms::ActiveModel::from(row).reset_all());
        rooms::Entity::insert_many(rows).on_conflict(update).exec_without_returning(txn).await?;
    }
    Ok(())
}

/// Updates only `read_seq` of members, because writing `rev` would update its index for every message.
fn update_in_sqlite(
    db: &rusqlite::Connection,
    members: &[members::Model],
    rooms: &[rooms::Model],
) -> Result<(), DbErr> {
    for member in members {
        let sql = "UPDATE members SET read_seq = ? WHERE room_id = ? AND user_id = ?";
        run_sql(db, sql, (member.read_seq, member.room_id, member.user_id))?;
    }
    for room in rooms {
        let sql = "UPDATE rooms SET name = ?2, name_key = ?3, topic = ?4, has_topic = ?5, \
             sort_key = ?6, created_by = ?7, updated_at = ?8, deleted_at = ?9, member_count = ?10, \
             last_seq = ?11, last_rev = ?12, rev = ?13, kind = ?14, history = ?15, open_from = ?16, \
             policies = ?17, archived_at = ?18, is_default = ?19 WHERE id = ?1";
        let values = rusqlite::params![
            room.id,
            room.name,
            room.name_key,
            room.topic,
            room.has_topic,
            room.sort_key,
            room.created_by,
            room.updated_at,
            room.deleted_at,
            room.member_count,
            room.last_seq,
            room.last_rev,
            room.rev,
            room.kind,
            room.history,
            room.open_from,
            room.policies,
            room.archived_at,
            room.is_default,
        ];
        run_sql(db, sql, values)?;
    }
    Ok(())
}
