//! Writes many rows in few statements. SQLite gets them as JSON: see [`database::sqlite_json`].
//!
//! [`database::sqlite_json`]: super::database::sqlite_json

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::NotSet,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    QueryFilter, QueryResult, QueryTrait, Statement,
    sea_query::{OnConflict, Query, all},
};
use uuid::Uuid;

use super::{
    database::sqlite_json::{Script, is_sqlite, to_json},
    entities::{members, messages, rooms},
};

/// Finds the messages with these idempotency keys (room, author, client id).
pub async fn messages_by_client_id(
    txn: &DatabaseTransaction,
    keys: &[(i64, i64, Uuid)],
) -> Result<Vec<messages::Model>, DbErr> {
    use messages::Column as C;
    if is_sqlite(txn) {
        let keys: Vec<_> =
            keys.iter().map(|(room, user, id)| (room, user, id.simple().to_string())).collect();
        let sql = "SELECT m.* FROM json_each(?) k CROSS JOIN messages m ON \
             m.room_id = k.value ->> 0 AND m.user_id = k.value ->> 1 \
             AND m.client_id = unhex(k.value ->> 2)";
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [to_json(&keys)?]);
        return messages::Entity::find().from_raw_sql(statement).all(txn).await;
    }
    let mut any = Condition::any();
    for (room, user, id) in keys {
        any = any.add(all![C::RoomId.eq(*room), C::UserId.eq(*user), C::ClientId.eq(*id)]);
    }
    messages::Entity::find().filter(any).all(txn).await
}

/// Inserts new messages, and sets the `id` of each row.
pub async fn insert_messages(
    txn: &DatabaseTransaction,
    rows: &mut [messages::Model],
) -> Result<(), DbErr> {
    if is_sqlite(txn) {
        return insert_into_sqlite(txn, rows).await;
    }
    let ids = insert_and_read_ids(txn, rows).await?;
    for row in &mut *rows {
        let id = ids.get(&(row.room_id, row.seq)).copied();
        row.id = id.ok_or_else(|| DbErr::Custom("an inserted message is missing".into()))?;
    }
    Ok(())
}

/// Inserts messages; returns the `id` of each by room and `seq`.
async fn insert_and_read_ids(
    txn: &DatabaseTransaction,
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

async fn insert_into_sqlite(
    txn: &DatabaseTransaction,
    rows: &mut [messages::Model],
) -> Result<(), DbErr> {
    let values: Vec<_> = rows
        .iter()
        .map(|row| {
            let hash = row.sent_hash.as_deref().map(hex);
            let client_id = row.client_id.simple().to_string();
            let numbers = (row.room_id, row.seq, row.rev, row.user_id);
            (numbers, client_id, &row.content, hash, row.reply_to, row.created_at)
        })
        .collect();
    let sql = "INSERT INTO messages \
         (room_id, seq, rev, user_id, client_id, content, sent_hash, reply_to, created_at) \
         SELECT value ->> '$[0][0]', value ->> '$[0][1]', value ->> '$[0][2]', \
         value ->> '$[0][3]', unhex(value ->> 1), value ->> 2, unhex(value ->> 3), value ->> 4, \
         value ->> 5 FROM json_each(?) ORDER BY key";
    let mut script = Script::default();
    script.add(sql, [to_json(&values)?]);
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'messages'";
    // SQLite has one writer, and it numbers the rows of a statement consecutively.
    let newest: i64 = script.run_and_query(txn, sql).await?;
    let first = newest - rows.len() as i64 + 1;
    rows.iter_mut().zip(first..).for_each(|(row, id)| row.id = id);
    Ok(())
}

/// Writes the rooms and read positions that a batch changed in memory.
pub async fn flush_counters(
    txn: &DatabaseTransaction,
    members: &[members::Model],
    rooms: &[rooms::Model],
) -> Result<(), DbErr> {
    let mut script = Script::default();
    if !members.is_empty() {
        update_read_seqs(txn, &mut script, members).await?;
    }
    if !rooms.is_empty() {
        update_rooms(txn, &mut script, rooms).await?;
    }
    script.run(txn).await
}

/// Updates `read_seq` of existing rows. It writes no other column, because writing `rev` would
/// update its index for every message.
async fn update_read_seqs(
    txn: &DatabaseTransaction,
    script: &mut Script,
    rows: &[members::Model],
) -> Result<(), DbErr> {
    use members::Column::{ReadSeq, RoomId, UserId};
    if is_sqlite(txn) {
        let values: Vec<_> = rows.iter().map(|m| (m.room_id, m.user_id, m.read_seq)).collect();
        let sql = "UPDATE members SET read_seq = value ->> 2 FROM json_each(?) \
             WHERE members.room_id = value ->> 0 AND members.user_id = value ->> 1";
        script.add(sql, [to_json(&values)?]);
        return Ok(());
    }
    let update = OnConflict::columns([RoomId, UserId]).update_column(ReadSeq).to_owned();
    let rows = rows.iter().map(|row| members::ActiveModel::from(row.clone()).reset_all());
    members::Entity::insert_many(rows).on_conflict(update).exec_without_returning(txn).await?;
    Ok(())
}

/// Updates existing rooms in one statement, because a statement for each room would be most of the
/// work of a batch that spans many rooms.
async fn update_rooms(
    txn: &DatabaseTransaction,
    script: &mut Script,
    rows: &[rooms::Model],
) -> Result<(), DbErr> {
    use rooms::Column as C;
    if is_sqlite(txn) {
        let values: Vec<_> = rows
            .iter()
            .map(|r| {
                let texts = (&r.name, &r.name_key, &r.topic, r.has_topic, &r.sort_key);
                let (kind, history) = (r.kind.to_text(), r.history.to_text());
                let access = (kind, history, r.open_from, r.policies.to_text(), r.archived_at);
                let counts = (r.member_count, r.last_seq, r.last_rev, r.rev);
                let (deleted_at, creator) = (r.deleted_at, r.created_by);
                (r.id, texts, r.updated_at, deleted_at, counts, creator, access, r.is_default)
            })
            .collect();
        let sql = "UPDATE rooms SET name = value ->> '$[1][0]', name_key = value ->> '$[1][1]', \
             topic = value ->> '$[1][2]', has_topic = value ->> '$[1][3]', \
             created_by = value ->> 5, updated_at = value ->> 2, deleted_at = value ->> 3, \
             member_count = value ->> '$[4][0]', last_seq = value ->> '$[4][1]', \
             last_rev = value ->> '$[4][2]', rev = value ->> '$[4][3]', \
             sort_key = value ->> '$[1][4]', kind = value ->> '$[6][0]', \
             history = value ->> '$[6][1]', open_from = value ->> '$[6][2]', \
             policies = value ->> '$[6][3]', archived_at = value ->> '$[6][4]', \
             is_default = value ->> 7 \
             FROM json_each(?) WHERE rooms.id = value ->> 0";
        script.add(sql, [to_json(&values)?]);
        return Ok(());
    }
    let update = OnConflict::column(C::Id)
        .update_columns([C::Name, C::NameKey, C::Topic, C::HasTopic, C::CreatedBy])
        .update_columns([C::UpdatedAt, C::DeletedAt, C::SortKey, C::Kind, C::History])
        .update_columns([C::OpenFrom, C::Policies, C::ArchivedAt, C::IsDefault])
        .update_columns([C::MemberCount, C::LastSeq, C::LastRev, C::Rev])
        .to_owned();
    let rows = rows.iter().map(|row| rooms::ActiveModel::from(row.clone()).reset_all());
    rooms::Entity::insert_many(rows).on_conflict(update).exec_without_returning(txn).await?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[digit as usize])),
        );
        text
    })
}
