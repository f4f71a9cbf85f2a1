//! Reads messages for clients: one row type, one list of columns, and one conversion for pages,
//! replay, live events, search hits and exports.

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, Iterable, QueryOrder, QueryResult,
    QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement},
};
use shared::{
    ids::{ClientId, RoomId, Seq},
    messages::Message,
    users::UserRef,
};

use super::{
    database::Connection,
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
            format: row.format.0,
            content: row.content,
            client_id: ClientId(row.client_id),
            reply_to: row.reply_to.map(Seq),
            created_at: to_timestamp(row.created_at),
            edited_at: row.edited_at.map(to_timestamp),
            deleted_at: row.deleted_at.map(to_timestamp),
            reactions: row.reactions.map(|stored| stored.0).unwrap_or_default(),
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

    /// Runs a statement that [`Self::select`] began.
    pub(super) async fn fetch(
        db: &impl Connection,
        select: &SelectStatement,
    ) -> Result<Vec<Self>, DbErr> {
        db.fetch_rows(select, Self::from_sqlite, Self::from_server).await
    }

    fn from_sqlite(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let (username, display_name) = (row.get(Model::WIDTH)?, row.get(Model::WIDTH + 1)?);
        Ok(Self { message: Model::from_sqlite(row)?, username, display_name })
    }

    fn from_server(row: &QueryResult) -> Result<Self, DbErr> {
        let message = Model::from_query_result(row, "")?;
        let (username, display_name) =
            (row.try_get("", "username")?, row.try_get("", "display_name")?);
        Ok(Self { message, username, display_name })
    }
}

impl Model {
    /// Reads rows without their authors.
    pub(super) async fn fetch(
        db: &impl Connection,
        select: Select<Entity>,
    ) -> Result<Vec<Self>, DbErr> {
        let from_server = |row: &QueryResult| Self::from_query_result(row, "");
        db.fetch_rows(&select.into_query(), Self::from_sqlite, from_server).await
    }

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
    db: &impl Connection,
    select: &SelectStatement,
) -> Result<Vec<Message>, DbErr> {
    Ok(hydrate(MessageRow::fetch(db, select).await?))
}

/// The lengths of texts, without reading the texts: for the messages of a room whose `number` (`seq` or
/// `rev`) is from one number to another, both included, that number and the length in bytes, in the
/// order of the numbers.
pub async fn text_lengths(
    db: &impl Connection,
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
    let from_server = |row: &QueryResult| {
        // The function returns INTEGER on PostgreSQL and BIGINT on MySQL.
        let length = row.try_get_by_index::<i64>(1);
        let length = length.or_else(|_| row.try_get_by_index::<i32>(1).map(i64::from))?;
        Ok((row.try_get_by_index(0)?, length))
    };
    db.fetch_rows(&select, |row| Ok((row.get(0)?, row.get(1)?)), from_server).await
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
pub async fn newest_message(db: &impl Connection) -> Result<NewestMessage, DbErr> {
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
