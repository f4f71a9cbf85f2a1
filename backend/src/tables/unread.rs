//! The rooms of a user as the sidebar shows them, with the counts of unread messages and mentions. A
//! deleted message is not unread, and has no mentions.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, DbErr, FromQueryResult, QueryResult,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, UnionType},
};
use shared::{
    access::{Policies, Role, RoomKind},
    ids::{RoomId, Seq, UserId},
    rooms::{MyRoom, ReadState, direct_name},
    users::UserRef,
};

use super::{
    database::Connection,
    entities::{members, mentions, messages, rooms, users},
    stored::Stored,
    timestamps::to_timestamp,
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
    db: &impl Connection,
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

/// A row of [`select_my_rooms`], in the order of its columns.
#[derive(FromQueryResult)]
struct Row {
    id: i64,
    name: String,
    topic: String,
    last_seq: i64,
    last_rev: i64,
    kind: Stored<RoomKind>,
    policies: Stored<Policies>,
    archived_at: Option<i64>,
    read_seq: i64,
    room_role: Stored<Role>,
    visible_from: i64,
    hidden_seq: Option<i64>,
    favourite: Option<i64>,
    is_muted: bool,
    timed_out_until: Option<i64>,
    deleted: i64,
    mentions: i64,
}

impl Row {
    fn from_sqlite(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            topic: row.get(2)?,
            last_seq: row.get(3)?,
            last_rev: row.get(4)?,
            kind: row.get(5)?,
            policies: row.get(6)?,
            archived_at: row.get(7)?,
            read_seq: row.get(8)?,
            room_role: row.get(9)?,
            visible_from: row.get(10)?,
            hidden_seq: row.get(11)?,
            favourite: row.get(12)?,
            is_muted: row.get(13)?,
            timed_out_until: row.get(14)?,
            deleted: row.get(15)?,
            mentions: row.get(16)?,
        })
    }
}

/// A row of [`select_people`], in the order of its columns.
#[derive(FromQueryResult)]
struct PersonRow {
    room_id: i64,
    id: i64,
    username: String,
    display_name: Option<String>,
}

impl PersonRow {
    fn from_sqlite(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let (room_id, id) = (row.get(0)?, row.get(1)?);
        Ok(Self { room_id, id, username: row.get(2)?, display_name: row.get(3)? })
    }
}

/// The rooms of a user, ordered by name, with read positions and unread counts. One statement reads
/// all of that, so the counts include exactly the changes up to `last_rev`.
pub async fn my_rooms(db: &impl Connection, user: UserId) -> Result<Vec<MyRoom>, DbErr> {
    fetch_my_rooms(db, user, &select_my_rooms(user)).await
}

/// One of the rooms of a user, as in [`my_rooms`].
pub async fn my_room(
    db: &impl Connection,
    user: UserId,
    room: RoomId,
) -> Result<Option<MyRoom>, DbErr> {
    let mut select = select_my_rooms(user);
    select.and_where(rooms::Column::Id.eq(room.0));
    Ok(fetch_my_rooms(db, user, &select).await?.pop())
}

async fn fetch_my_rooms(
    db: &impl Connection,
    user: UserId,
    select: &SelectStatement,
) -> Result<Vec<MyRoom>, DbErr> {
    let from_server = |row: &QueryResult| Row::from_query_result(row, "");
    let rows = db.fetch_rows(select, Row::from_sqlite, from_server).await?;
    let mut rooms: Vec<MyRoom> = rows.into_iter().map(MyRoom::from).collect();
    if rooms.iter().any(|room| room.kind == RoomKind::Direct) {
        let mut people = direct_people(db, user).await?;
        for room in &mut rooms {
            room.people = people.remove(&room.id).unwrap_or_default();
        }
    }
    Ok(rooms)
}

/// The people of all direct rooms of a user, by id.
async fn direct_people(
    db: &impl Connection,
    user: UserId,
) -> Result<HashMap<RoomId, Vec<UserRef>>, DbErr> {
    let from_server = |row: &QueryResult| PersonRow::from_query_result(row, "");
    let rows = db.fetch_rows(&select_people(user), PersonRow::from_sqlite, from_server).await?;
    let mut people = HashMap::<_, Vec<_>>::new();
    for PersonRow { room_id, id, username, display_name } in rows {
        let user = UserRef { id: id.into(), username, display_name };
        people.entry(RoomId(room_id)).or_default().push(user);
    }
    Ok(people)
}

/// Replaces the empty names of direct rooms by what the user calls them.
pub async fn name_direct_rooms(
    db: &impl Connection,
    user: UserId,
    names: &mut HashMap<RoomId, String>,
) -> Result<(), DbErr> {
    if names.values().any(String::is_empty) {
        for (room, people) in direct_people(db, user).await? {
            names.entry(room).and_modify(|name| *name = direct_name(&people, user));
        }
    }
    Ok(())
}

impl From<Row> for MyRoom {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            topic: row.topic,
            kind: row.kind.0,
            policies: row.policies.0,
            archived: row.archived_at.is_some(),
            read: ReadState {
                read_seq: row.read_seq.into(),
                unread: row.last_seq - row.read_seq - row.deleted,
                mentions: row.mentions,
                last_seq: row.last_seq.into(),
                last_rev: row.last_rev.into(),
            },
            role: row.room_role.0,
            visible_from: row.visible_from.into(),
            timed_out_until: row.timed_out_until.map(to_timestamp),
            people: Vec::new(),
            hidden: row.hidden_seq.filter(|hidden| row.last_seq <= *hidden).map(Seq),
            favourite: row.favourite,
            muted: row.is_muted,
        }
    }
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
    for column in
        [R::Id, R::Name, R::Topic, R::LastSeq, R::LastRev, R::Kind, R::Policies, R::ArchivedAt]
    {
        select.column((rooms::Entity, column));
    }
    for column in [
        M::ReadSeq,
        M::Role,
        M::VisibleFrom,
        M::HiddenSeq,
        M::Favourite,
        M::IsMuted,
        M::TimedOutUntil,
    ] {
        select.column((members::Entity, column));
    }
    select
        .expr_as(if_unread(count_deleted(room(), read_seq())), "deleted")
        .expr_as(if_unread(count_mentions(user.0, room(), read_seq())), "mentions")
        .from(members::Entity)
        .inner_join(rooms::Entity, room().equals((members::Entity, M::RoomId)))
        .and_where(M::UserId.eq(user.0))
        .and_where(M::HasLeft.eq(false))
        .and_where(R::DeletedAt.is_null())
        .order_by((rooms::Entity, R::SortKey), Order::Asc);
    select
}

/// Selects the people of the direct rooms of a user.
fn select_people(user: UserId) -> SelectStatement {
    use members::Column as M;
    let mine = Query::select()
        .column((members::Entity, M::RoomId))
        .from(members::Entity)
        .inner_join(
            rooms::Entity,
            rooms::Column::Id.into_expr().equals((members::Entity, M::RoomId)),
        )
        .and_where(M::UserId.eq(user.0))
        .and_where(M::HasLeft.eq(false))
        .and_where(rooms::Column::Kind.eq(Stored(RoomKind::Direct)))
        .and_where(rooms::Column::DeletedAt.is_null())
        .take();
    Query::select()
        .column((members::Entity, M::RoomId))
        .columns(
            [users::Column::Id, users::Column::Username, users::Column::DisplayName]
                .map(|column| (users::Entity, column)),
        )
        .from(members::Entity)
        .inner_join(
            users::Entity,
            users::Column::Id.into_expr().equals((members::Entity, M::UserId)),
        )
        .and_where(M::HasLeft.eq(false))
        .and_where(M::RoomId.in_subquery(mine))
        .order_by((members::Entity, M::RoomId), Order::Asc)
        .order_by((users::Entity, users::Column::Id), Order::Asc)
        .take()
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

/// Counts the messages of a room after a read position that mention a user, without those by people whom
/// the user blocks.
fn count_mentions(user: impl Into<Expr>, room: impl Into<Expr>, read_seq: impl Into<Expr>) -> Expr {
    use mentions::Column as C;
    let count = Query::select()
        .expr(Expr::cust("COUNT(*)"))
        .from(mentions::Entity)
        .and_where(C::UserId.into_expr().eq(user))
        .and_where(C::RoomId.into_expr().eq(room))
        .and_where(C::Seq.into_expr().gt(read_seq))
        .and_where(C::IsCounted.into_expr().eq(true))
        .take();
    Expr::SubQuery(None, Box::new(count.into()))
}
