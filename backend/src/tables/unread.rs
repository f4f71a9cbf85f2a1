//! Counts unread messages and mentions. A deleted message is not unread, and has no mentions.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, QueryResult,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, UnionType},
};
use shared::{
    ids::{RoomId, Seq, UserId},
    rooms::{MyRoom, ReadState},
};

use super::{
    database::sqlite_json::{is_sqlite, query_json},
    entities::{
        members::{self, role},
        mentions, messages, rooms,
    },
};

/// The messages and mentions after a read position.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnreadCounts {
    /// Deleted messages, which do not count as unread.
    pub deleted: i64,
    /// Messages that mention the member.
    pub mentions: i64,
}

/// Counts after the read position of each member. Members without a row are missing in the result.
pub async fn count_unread(
    db: &impl ConnectionTrait,
    read_seqs: impl IntoIterator<Item = ((RoomId, UserId), Seq)>,
) -> Result<HashMap<(RoomId, UserId), UnreadCounts>, DbErr> {
    use members::Column as M;
    let mut selects = read_seqs.into_iter().map(|((room, user), read_seq)| {
        // Selects from the row, because a parameter has no type in a list of columns.
        let mut select = Query::select();
        select
            .columns([M::RoomId, M::UserId])
            .expr(count_deleted(room.0, read_seq.0))
            .expr(count_mentions(user.0, room.0, read_seq.0))
            .from(members::Entity)
            .and_where(M::RoomId.eq(room.0))
            .and_where(M::UserId.eq(user.0));
        select
    });
    let Some(mut select) = selects.next() else { return Ok(HashMap::new()) };
    select.unions(selects.map(|next| (UnionType::All, next)));
    let counts = |row: &QueryResult| {
        let (room, user): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let (deleted, mentions) = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        Ok(((RoomId(room), UserId(user)), UnreadCounts { deleted, mentions }))
    };
    db.query_all(&select).await?.iter().map(counts).collect()
}

/// The columns `id`, `name`, `topic`, `last_seq`, `last_rev`, `read_seq` and the counts of deleted
/// messages and mentions.
type Row = (i64, String, String, i64, i64, i64, i64, i64);

/// The rooms of a user, ordered by name, with read positions and unread counts. One statement reads
/// everything, so the counts include exactly the changes up to `last_rev`.
pub async fn my_rooms(
    db: &impl ConnectionTrait,
    user: UserId,
    is_admin: bool,
) -> Result<Vec<MyRoom>, DbErr> {
    let select = select_my_rooms(user);
    let rows: Vec<Row> = if is_sqlite(db) {
        let inner = DbBackend::Sqlite.build(&select);
        let row = "id, name, topic, last_seq, last_rev, read_seq, deleted, mentions";
        let sql = format!("SELECT json_group_array(json_array({row})) FROM ({})", inner.sql);
        query_json(db, &sql, inner.values.map(|values| values.0).unwrap_or_default()).await?
    } else {
        let rows = db.query_all(&select).await?;
        rows.iter().map(QueryResult::try_get_many_by_index).collect::<Result<_, _>>()?
    };
    let room = |(id, name, topic, last_seq, last_rev, read_seq, deleted, mentions): Row| MyRoom {
        id: id.into(),
        name,
        topic,
        read: ReadState {
            read_seq: read_seq.into(),
            unread: last_seq - read_seq - deleted,
            mentions,
            last_seq: last_seq.into(),
            last_rev: last_rev.into(),
        },
        role: role(is_admin),
    };
    Ok(rows.into_iter().map(room).collect())
}

fn select_my_rooms(user: UserId) -> SelectStatement {
    use members::Column as M;
    use rooms::Column as R;
    let room = || R::Id.into_expr();
    let read_seq = || M::ReadSeq.into_expr();
    // Saves the look-ups in the common case that the user has read everything.
    let if_unread = |count: Expr| {
        Expr::case(R::LastSeq.into_expr().gt(read_seq()), count).finally(Expr::val(0_i64))
    };
    let mut select = Query::select();
    for column in [R::Id, R::Name, R::Topic, R::LastSeq, R::LastRev] {
        select.column((rooms::Entity, column));
    }
    select
        .column((members::Entity, M::ReadSeq))
        .expr_as(if_unread(count_deleted(room(), read_seq())), "deleted")
        .expr_as(if_unread(count_mentions(user.0, room(), read_seq())), "mentions")
        .from(members::Entity)
        .inner_join(rooms::Entity, room().equals((members::Entity, M::RoomId)))
        .and_where(M::UserId.eq(user.0))
        .and_where(M::HasLeft.eq(false))
        .and_where(R::DeletedAt.is_null())
        .order_by((rooms::Entity, R::NameKey), Order::Asc);
    select
}

/// Counts the deleted messages of a room after a read position.
fn count_deleted(room: impl Into<Expr>, read_seq: impl Into<Expr>) -> Expr {
    use messages::Column as C;
    let count = Query::select()
        .expr(Expr::cust("COUNT(*)"))
        .from(messages::Entity)
        .and_where(C::RoomId.into_expr().eq(room))
        .and_where(C::Seq.into_expr().gt(read_seq))
        .and_where(C::DeletedAt.is_not_null())
        .take();
    Expr::SubQuery(None, Box::new(count.into()))
}

/// Counts the messages of a room after a read position that mention a user.
fn count_mentions(user: impl Into<Expr>, room: impl Into<Expr>, read_seq: impl Into<Expr>) -> Expr {
    use mentions::Column as C;
    let count = Query::select()
        .expr(Expr::cust("COUNT(*)"))
        .from(mentions::Entity)
        .and_where(C::UserId.into_expr().eq(user))
        .and_where(C::RoomId.into_expr().eq(room))
        .and_where(C::Seq.into_expr().gt(read_seq))
        .take();
    Expr::SubQuery(None, Box::new(count.into()))
}
