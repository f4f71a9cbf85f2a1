//! Many rows at once. SQLite gets and gives them as one JSON text: sqlx hands each row and each
//! column of it from one thread to another by itself, and a statement of as many parameters as
//! there are rows is another statement each time. Both cost several times what the rows do.
//! The other databases answer over a link in packets, where plain statements are good.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::NotSet,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    JoinType, QueryFilter, QueryOrder, QueryResult, QuerySelect, QueryTrait, RelationTrait,
    Statement, TryGetable, Value,
    sea_query::{OnConflict, Query, all},
};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    ids::{ClientId, RoomId, Seq},
    messages::Message,
    users::UserRef,
};
use uuid::Uuid;

use super::{members, messages, rooms, search_index, to_timestamp, users};

/// What is shown of a message's row, its room first and its author's name last.
#[rustfmt::skip]
pub(super) type Shown = (
    i64, i64, i64, i64, i64, Uuid, String, Option<i64>, i64, Option<i64>, Option<i64>, String,
);

/// The messages of a room from one number to another, both included.
pub async fn messages_in_range(
    db: &impl ConnectionTrait,
    room: RoomId,
    from: i64,
    to: i64,
) -> Result<Vec<Message>, DbErr> {
    use messages::Column as C;
    let rows: Vec<Shown> = if is_sqlite(db) {
        let sql = "SELECT json_group_array(json_array(m.room_id, m.id, m.seq, m.rev, m.user_id, \
             hex(m.client_id), m.content, m.reply_to, m.created_at, m.edited_at, m.deleted_at, \
             u.username)) FROM messages m JOIN users u ON u.id = m.user_id \
             WHERE m.room_id = ? AND m.seq BETWEEN ? AND ?";
        let mut rows: Vec<Shown> = as_one(db, sql, [room.0.into(), from.into(), to.into()]).await?;
        // They come in this order by the index; asked for it, SQLite would copy all of them into a
        // table of its own to be sure.
        rows.sort_unstable_by_key(|row| row.2);
        rows
    } else {
        messages::Entity::find()
            .select_only()
            .columns([C::RoomId, C::Id, C::Seq, C::Rev, C::UserId, C::ClientId, C::Content])
            .columns([C::ReplyTo, C::CreatedAt, C::EditedAt, C::DeletedAt])
            .column(users::Column::Username)
            .join(JoinType::InnerJoin, messages::Relation::User.def())
            .filter(C::RoomId.eq(room.0))
            .filter(C::Seq.between(from, to))
            .order_by_asc(C::Seq)
            .into_tuple()
            .all(db)
            .await?
    };
    Ok(rows.into_iter().map(shown).collect())
}

pub(super) fn shown(row: Shown) -> Message {
    let (room, id, seq, rev, user, client_id, content, reply_to, created, edited, deleted, name) =
        row;
    Message {
        id: id.into(),
        room: room.into(),
        seq: seq.into(),
        rev: rev.into(),
        user: UserRef { id: user.into(), username: name },
        content,
        client_id: ClientId(client_id),
        reply_to: reply_to.map(Seq),
        created_at: to_timestamp(created),
        edited_at: edited.map(to_timestamp),
        deleted_at: deleted.map(to_timestamp),
    }
}

/// The messages that carry one of these names: room, author, and the author's name for it.
pub async fn messages_by_client_id(
    txn: &DatabaseTransaction,
    names: &[(i64, i64, Uuid)],
) -> Result<Vec<messages::Model>, DbErr> {
    use messages::Column as C;
    if is_sqlite(txn) {
        let names: Vec<_> =
            names.iter().map(|(room, user, id)| (room, user, id.simple().to_string())).collect();
        let sql = "SELECT m.* FROM json_each(?) n CROSS JOIN messages m ON \
             m.room_id = n.value ->> 0 AND m.user_id = n.value ->> 1 \
             AND m.client_id = unhex(n.value ->> 2)";
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [json(&names)?]);
        return messages::Entity::find().from_raw_sql(statement).all(txn).await;
    }
    let mut any = Condition::any();
    for (room, user, id) in names {
        any = any.add(all![C::RoomId.eq(*room), C::UserId.eq(*user), C::ClientId.eq(*id)]);
    }
    messages::Entity::find().filter(any).all(txn).await
}

/// Writes new messages, and into each row the `id` that it was given.
pub async fn insert_messages(
    txn: &DatabaseTransaction,
    rows: &mut [messages::Model],
) -> Result<(), DbErr> {
    if is_sqlite(txn) {
        return insert_into_sqlite(txn, rows).await;
    }
    let ids = insert_elsewhere(txn, rows).await?;
    for row in &mut *rows {
        let id = ids.get(&(row.room_id, row.seq)).copied();
        row.id =
            id.ok_or_else(|| DbErr::Custom("a message that was written is not there".into()))?;
    }
    search_index::index(txn, &*rows).await
}

/// The `id` of each, by room and `seq`.
async fn insert_elsewhere(
    txn: &DatabaseTransaction,
    rows: &[messages::Model],
) -> Result<HashMap<(i64, i64), i64>, DbErr> {
    use messages::Column::{Id, RoomId, Seq};
    let active = rows.iter().map(|row| {
        let row = messages::ActiveModel::from(row.clone()).reset_all();
        messages::ActiveModel { id: NotSet, ..row }
    });
    let mut insert = messages::Entity::insert_many(active).into_query();
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
    let number = |row: QueryResult| {
        let id = row.try_get_by_index(0)?;
        Ok(((row.try_get_by_index(1)?, row.try_get_by_index(2)?), id))
    };
    found.into_iter().map(number).collect()
}

async fn insert_into_sqlite(
    txn: &DatabaseTransaction,
    rows: &mut [messages::Model],
) -> Result<(), DbErr> {
    let values: Vec<_> = rows
        .iter()
        .map(|row| {
            let hash = row.sent_hash.as_deref().map(hex);
            let name = row.client_id.simple().to_string();
            let numbers = (row.room_id, row.seq, row.rev, row.user_id);
            (numbers, name, &row.content, hash, row.reply_to, row.created_at)
        })
        .collect();
    let sql = "INSERT INTO messages \
         (room_id, seq, rev, user_id, client_id, content, sent_hash, reply_to, created_at) \
         SELECT value ->> '$[0][0]', value ->> '$[0][1]', value ->> '$[0][2]', \
         value ->> '$[0][3]', unhex(value ->> 1), value ->> 2, unhex(value ->> 3), value ->> 4, \
         value ->> 5 FROM json_each(?) ORDER BY key";
    let mut script = Script::default();
    script.add(sql, [json(&values)?]);
    search_index::index_newest(&mut script, rows)?;
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'messages'";
    // Its only writer numbers the rows of a statement one after the other.
    let newest: i64 = script.ask(txn, sql).await?;
    let first = newest - rows.len() as i64 + 1;
    rows.iter_mut().zip(first..).for_each(|(row, id)| row.id = id);
    Ok(())
}

/// Writes back how far people have read, and rooms.
pub async fn flush_counters(
    txn: &DatabaseTransaction,
    reads: &[members::Model],
    rooms: &[rooms::Model],
) -> Result<(), DbErr> {
    let mut script = Script::default();
    if !reads.is_empty() {
        put_reads(txn, &mut script, reads).await?;
    }
    if !rooms.is_empty() {
        put_rooms(txn, &mut script, rooms).await?;
    }
    script.run(txn).await
}

/// Writes how far people have read, into rows that are there already. Nothing else of them: that
/// would write their index by `rev` anew for every message.
async fn put_reads(
    txn: &DatabaseTransaction,
    script: &mut Script,
    rows: &[members::Model],
) -> Result<(), DbErr> {
    use members::Column::{ReadSeq, RoomId, UserId};
    if is_sqlite(txn) {
        let values: Vec<_> = rows.iter().map(|m| (m.room_id, m.user_id, m.read_seq)).collect();
        let sql = "UPDATE members SET read_seq = value ->> 2 FROM json_each(?) \
             WHERE members.room_id = value ->> 0 AND members.user_id = value ->> 1";
        script.add(sql, [json(&values)?]);
        return Ok(());
    }
    let update = OnConflict::columns([RoomId, UserId]).update_column(ReadSeq).to_owned();
    let rows = rows.iter().map(|row| members::ActiveModel::from(row.clone()).reset_all());
    members::Entity::insert_many(rows).on_conflict(update).exec_without_returning(txn).await?;
    Ok(())
}

/// Writes rooms that are there already: an update for each would be the larger part of a batch of
/// as many rooms.
async fn put_rooms(
    txn: &DatabaseTransaction,
    script: &mut Script,
    rows: &[rooms::Model],
) -> Result<(), DbErr> {
    use rooms::Column as C;
    if is_sqlite(txn) {
        let values: Vec<_> = rows
            .iter()
            .map(|r| {
                let texts = (&r.name, &r.name_key, &r.topic);
                let counts = (r.member_count, r.last_seq, r.last_rev, r.rev);
                (r.id, texts, r.updated_at, r.deleted_at, counts)
            })
            .collect();
        let sql = "UPDATE rooms SET name = value ->> '$[1][0]', name_key = value ->> '$[1][1]', \
             topic = value ->> '$[1][2]', updated_at = value ->> 2, deleted_at = value ->> 3, \
             member_count = value ->> '$[4][0]', last_seq = value ->> '$[4][1]', \
             last_rev = value ->> '$[4][2]', rev = value ->> '$[4][3]' \
             FROM json_each(?) WHERE rooms.id = value ->> 0";
        script.add(sql, [json(&values)?]);
        return Ok(());
    }
    let update = OnConflict::column(C::Id)
        .update_columns([C::Name, C::NameKey, C::Topic, C::UpdatedAt, C::DeletedAt])
        .update_columns([C::MemberCount, C::LastSeq, C::LastRev, C::Rev])
        .to_owned();
    let rows = rows.iter().map(|row| rooms::ActiveModel::from(row.clone()).reset_all());
    rooms::Entity::insert_many(rows).on_conflict(update).exec_without_returning(txn).await?;
    Ok(())
}

fn is_sqlite(db: &impl ConnectionTrait) -> bool {
    db.get_database_backend() == DbBackend::Sqlite
}

/// All rows of an answer that is a single JSON text.
pub(super) async fn as_one<T: DeserializeOwned>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<T, DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?;
    from_json(&row.try_get_by_index::<String>(0)?)
}

/// What such a text holds.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, DbErr> {
    serde_json::from_str(text).map_err(|error| DbErr::Json(error.to_string()))
}

/// Statements for SQLite that are handed over together: each by itself would wait twice for a
/// thread to wake up. The values of one follow those of the one before.
#[derive(Default)]
pub(super) struct Script {
    sql: Vec<String>,
    values: Vec<Value>,
}

impl Script {
    /// Adds a statement.
    pub(super) fn add(&mut self, sql: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.sql.push(sql.into());
        self.values.extend(values);
    }

    /// Runs them.
    pub(super) async fn run(self, txn: &DatabaseTransaction) -> Result<(), DbErr> {
        if self.sql.is_empty() {
            return Ok(());
        }
        txn.execute_raw(self.statement()).await.map(drop)
    }

    /// Runs them and a question without values, whose answer is the only one.
    async fn ask<T: TryGetable>(
        mut self,
        txn: &DatabaseTransaction,
        sql: &str,
    ) -> Result<T, DbErr> {
        self.add(sql, []);
        let row = txn.query_one_raw(self.statement()).await?;
        row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?.try_get_by_index(0)
    }

    fn statement(self) -> Statement {
        Statement::from_sql_and_values(DbBackend::Sqlite, self.sql.join("; "), self.values)
    }
}

pub(super) fn json(rows: &impl Serialize) -> Result<Value, DbErr> {
    let text = serde_json::to_string(rows).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(text.into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[digit as usize])),
        );
        text
    })
}
