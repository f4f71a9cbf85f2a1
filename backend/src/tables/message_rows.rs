//! Reads messages for clients: one row type, one list of columns, and one conversion for pages,
//! replay, live events, search hits and exports.

use std::sync::LazyLock;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, IdenStatic,
    Iterable, QueryOrder, QueryResult, QuerySelect, Statement,
    sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement},
};
use shared::{
    ids::{ClientId, RoomId, Seq},
    messages::Message,
    users::UserRef,
};

use super::{
    database::sqlite_json::{from_json, is_sqlite, query_json},
    entities::{
        messages::{Column, Entity, Model},
        users,
    },
    timestamps::{now, to_timestamp},
};

/// A message joined with its author's names.
pub struct MessageRow {
    /// The message, without `sent_hash`: clients never see it.
    pub message: Model,
    /// The author's username.
    pub username: String,
    /// The author's display name.
    pub display_name: Option<String>,
}

impl MessageRow {
    /// The message as clients see it.
    pub fn hydrate(self) -> Message {
        let Self { message: row, username, display_name } = self;
        Message {
            id: row.id.into(),
            room: row.room_id.into(),
            seq: row.seq.into(),
            rev: row.rev.into(),
            user: UserRef { id: row.user_id.into(), username, display_name },
            content: row.content,
            client_id: ClientId(row.client_id),
            reply_to: row.reply_to.map(Seq),
            created_at: to_timestamp(row.created_at),
            edited_at: row.edited_at.map(to_timestamp),
            deleted_at: row.deleted_at.map(to_timestamp),
        }
    }

    /// Selects the columns of a row; the caller adds the tables.
    pub(super) fn select() -> SelectStatement {
        let mut select = Query::select();
        for column in Column::iter() {
            match column {
                Column::SentHash => select.expr_as(Expr::cust("NULL"), column),
                _ => select.column((Entity, column)),
            };
        }
        select.columns(
            [users::Column::Username, users::Column::DisplayName]
                .map(|column| (users::Entity, column)),
        );
        select
    }

    /// Runs a statement that [`Self::select`] began. SQLite packs all rows into three JSON texts,
    /// because sqlx-sqlite crosses a thread for each row.
    pub(super) async fn fetch(
        db: &impl ConnectionTrait,
        select: &SelectStatement,
    ) -> Result<Vec<Self>, DbErr> {
        if !is_sqlite(db) {
            let row = |row: &QueryResult| {
                let message = Model::from_query_result(row, "")?;
                let username = row.try_get("", "username")?;
                let display_name = row.try_get("", "display_name")?;
                Ok(Self { message, username, display_name })
            };
            return db.query_all(select).await?.iter().map(row).collect();
        }
        let inner = DbBackend::Sqlite.build(select);
        let sql = format!("{} FROM ({})", *SELECT_JSON, inner.sql);
        let values = inner.values.map(|values| values.0).unwrap_or_default();
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let packed = db.query_one_raw(statement).await?;
        let packed = packed.ok_or_else(|| DbErr::RecordNotFound("messages".into()))?;
        let messages: Vec<Model> = from_json(&packed.try_get_by_index::<String>(0)?)?;
        let usernames: Vec<String> = from_json(&packed.try_get_by_index::<String>(1)?)?;
        let display_names: Vec<Option<String>> = from_json(&packed.try_get_by_index::<String>(2)?)?;
        let names = usernames.into_iter().zip(display_names);
        let row = |(message, (username, display_name))| Self { message, username, display_name };
        Ok(messages.into_iter().zip(names).map(row).collect())
    }
}

/// Selects the messages (each an array in the order of [`Model`]'s fields), the usernames and the display
/// names as three JSON texts.
static SELECT_JSON: LazyLock<String> = LazyLock::new(|| {
    let columns = Column::iter().map(|column| match column {
        Column::ClientId => "hex(client_id)",
        column => column.as_str(),
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    format!(
        "SELECT json_group_array(json_array({columns})), json_group_array(username), \
         json_group_array(display_name)"
    )
});

impl Model {
    /// The message as clients see it.
    pub fn into_message(self, author: &users::Model) -> Message {
        let (username, display_name) = (author.username.clone(), author.display_name.clone());
        MessageRow { message: self, username, display_name }.hydrate()
    }
}

/// The messages as clients see them.
pub fn hydrate(rows: Vec<MessageRow>) -> Vec<Message> {
    rows.into_iter().map(MessageRow::hydrate).collect()
}

/// Runs a statement that [`MessageRow::select`] began; returns the messages as clients see them.
pub async fn fetch_messages(
    db: &impl ConnectionTrait,
    select: &SelectStatement,
) -> Result<Vec<Message>, DbErr> {
    Ok(hydrate(MessageRow::fetch(db, select).await?))
}

/// The lengths of texts, without reading the texts: for the messages of a room whose `number` (`seq` or
/// `rev`) is from one number to another, both included, that number and the length in bytes, in the
/// order of the numbers.
pub async fn text_lengths(
    db: &impl ConnectionTrait,
    room: RoomId,
    number: Column,
    (from, to): (i64, i64),
    limit: u64,
) -> Result<Vec<(i64, i64)>, DbErr> {
    let mut select = Query::select();
    select
        .column(number)
        .expr_as(Func::cust("octet_length").arg(Expr::col(Column::Content)), "length")
        .from(Entity)
        .and_where(Column::RoomId.eq(room.0))
        .and_where(number.between(from, to))
        .order_by(number, Order::Asc)
        .limit(limit);
    if is_sqlite(db) {
        let inner = DbBackend::Sqlite.build(&select);
        let pair = format!("json_array({}, length)", number.as_str());
        let sql = format!("SELECT json_group_array({pair}) FROM ({})", inner.sql);
        return query_json(db, &sql, inner.values.map(|values| values.0).unwrap_or_default()).await;
    }
    let length = |row: &QueryResult| {
        // The function returns INTEGER on PostgreSQL and BIGINT on MySQL.
        let length = row.try_get_by_index::<i64>(1);
        let length = length.or_else(|_| row.try_get_by_index::<i32>(1).map(i64::from))?;
        Ok((row.try_get_by_index(0)?, length))
    };
    db.query_all(&select).await?.iter().map(length).collect()
}

/// Selects all messages with their authors; the caller adds conditions.
pub(super) fn with_author() -> SelectStatement {
    let author = Expr::col((users::Entity, users::Column::Id)).equals((Entity, Column::UserId));
    let mut select = MessageRow::select();
    select.from(Entity).inner_join(users::Entity, author);
    select
}

/// The newest message of all rooms.
#[derive(Clone, Copy, Debug)]
pub struct NewestMessage {
    /// Its `id`, which is about the number of messages; 0 if there are none.
    pub id: i64,
    /// When it was posted, in microseconds since 1970; the current time if there are no messages.
    pub created_at: i64,
}

/// Reads the newest message.
pub async fn newest_message(db: &impl ConnectionTrait) -> Result<NewestMessage, DbErr> {
    let newest = Entity::find()
        .select_only()
        .columns([Column::Id, Column::CreatedAt])
        .order_by_desc(Column::Id)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    let (id, created_at) = newest.unwrap_or_else(|| (0, now()));
    Ok(NewestMessage { id, created_at })
}
