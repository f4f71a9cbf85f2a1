//! Which rooms and which messages somebody may read: the conditions that every statement has which reads
//! messages or members for clients.
//!
//! A statement over several rooms checks membership itself ([`VisibleMessages`]), so the check and the
//! read see the same state. A statement within one room takes a [`RoomView`], which exists only for a
//! member.

use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
};

use sea_orm::{
    ColumnTrait, Condition, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryResult, QuerySelect, QueryTrait, Statement,
    sea_query::{Expr, ExprTrait, Query, SelectStatement, SimpleExpr},
};
use shared::{
    access::{Rank, Role, RoomKind},
    ids::{RoomId, Seq, UserId},
    messages::Message,
    rules,
    users::User,
};

use super::{
    database::Connection,
    entities::{binned_rooms, members, messages, rooms, users},
    message_rows::{MessageRow, fetch_messages, with_author},
    stored::Stored,
};
use crate::failpoints::{Failpoint, is_active};

/// How long a deleted room can be restored, in microseconds.
const BIN_US: i64 = rules::BIN_DAYS * 86_400_000_000;

/// A room as one of its members reads it: the messages before [`RoomView::first_seq`] do not exist.
#[derive(Clone, Debug)]
pub struct RoomView {
    row: rooms::Model,
    member: members::Model,
}

impl Deref for RoomView {
    type Target = rooms::Model;

    fn deref(&self) -> &rooms::Model {
        &self.row
    }
}

impl RoomView {
    fn from_sqlite(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let member = members::Model::from_sqlite(row, 0)?;
        Ok(Self { member, row: rooms::Model::from_sqlite(row, members::Model::WIDTH)? })
    }

    fn from_server(row: &QueryResult) -> Result<Self, DbErr> {
        // The prefixes of sea-orm for the two tables of a join.
        let member = members::Model::from_query_result(row, "A_")?;
        Ok(Self { member, row: rooms::Model::from_query_result(row, "B_")? })
    }

    /// The first message that the member may read; greater than `last_seq` if there is none.
    pub fn first_seq(&self) -> Seq {
        Seq(self.member.visible_from)
    }

    /// The last message that the member has read.
    pub fn read_seq(&self) -> Seq {
        Seq(self.member.read_seq)
    }

    /// The membership.
    pub fn member(&self) -> &members::Model {
        &self.member
    }

    /// A part of the messages of the room, without those that the member may not read.
    pub fn clamp(&self, from: i64, to: i64) -> (i64, i64) {
        (Ord::max(from, self.member.visible_from), to)
    }

    /// The messages from one `seq` to another, both included, in their order, that the member may read.
    pub async fn messages_in_range(
        &self,
        db: &impl Connection,
        from: i64,
        to: i64,
    ) -> Result<Vec<Message>, DbErr> {
        use messages::Column as C;
        let (from, to) = self.clamp(from, to);
        let mut select = with_author();
        select.and_where(C::RoomId.eq(self.row.id)).and_where(C::Seq.between(from, to));
        let mut messages = fetch_messages(db, &select).await?;
        // The index returns them in this order already, but ORDER BY would make SQLite sort a copy.
        messages.sort_unstable_by_key(|message| message.seq);
        Ok(messages)
    }

    /// Those of the messages that the member may read, in any order.
    pub async fn messages_with_seqs(
        &self,
        db: &impl Connection,
        seqs: impl IntoIterator<Item = i64>,
    ) -> Result<Vec<Message>, DbErr> {
        use messages::Column as C;
        let mut select = with_author();
        select
            .and_where(C::RoomId.eq(self.row.id))
            .and_where(C::Seq.is_in(seqs))
            .and_where(C::Seq.gte(self.member.visible_from));
        fetch_messages(db, &select).await
    }
}

/// The view of a current member; `None` if the room does not exist or the user is not in it.
pub async fn room_view(
    db: &impl Connection,
    id: RoomId,
    user: UserId,
) -> Result<Option<RoomView>, DbErr> {
    Ok(room_views(db, [id], user).await?.remove(&id))
}

/// The views of those of the rooms that exist and of which the user is a member.
pub async fn room_views(
    db: &impl Connection,
    ids: impl IntoIterator<Item = RoomId>,
    user: UserId,
) -> Result<HashMap<RoomId, RoomView>, DbErr> {
    let select = members::Entity::find()
        .filter(members::Column::RoomId.is_in(ids.into_iter().map(|id| id.0)))
        .filter(members::Column::UserId.eq(user.0))
        .filter(members::Column::HasLeft.eq(false))
        .filter(rooms::Column::DeletedAt.is_null())
        .find_also_related(rooms::Entity)
        .into_query();
    let views = db.fetch_rows(&select, RoomView::from_sqlite, RoomView::from_server).await?;
    Ok(views.into_iter().map(|view| (RoomId(view.row.id), view)).collect())
}

/// The rooms of which a user may know that they exist.
pub fn visible_rooms(user: UserId, rank: Rank) -> Condition {
    let joined = members::Entity::find()
        .select_only()
        .column(members::Column::RoomId)
        .filter(members::Column::UserId.eq(user.0))
        .filter(members::Column::HasLeft.eq(false));
    let is_joined = rooms::Column::Id.in_subquery(joined.into_query());
    let is_open = rooms::Column::Kind.eq(Stored(RoomKind::Open));
    let is_seen = match rank {
        Rank::Guest => Condition::all().add(is_joined),
        Rank::Member | Rank::Admin | Rank::Owner => Condition::any().add(is_open).add(is_joined),
    };
    Condition::all().add(rooms::Column::DeletedAt.is_null()).add(is_seen)
}

/// The ids of the rooms that were deleted so recently that they can be restored.
pub fn rooms_in_bin(now: i64) -> SelectStatement {
    binned_rooms::Entity::find()
        .select_only()
        .column(binned_rooms::Column::RoomId)
        .filter(binned_rooms::Column::BinnedAt.gt(now - BIN_US))
        .into_query()
}

/// The deleted rooms that a user may restore: those that [`Action::Manage`](shared::access::Action) allows
/// to the hosts, who are still its members, and open ones to admins. For everybody else they do not exist.
pub fn restorable_rooms(user: UserId, rank: Rank, now: i64) -> Condition {
    let hosted = members::Entity::find()
        .select_only()
        .column(members::Column::RoomId)
        .filter(members::Column::UserId.eq(user.0))
        .filter(members::Column::HasLeft.eq(false))
        .filter(members::Column::Role.eq(Stored(Role::Host)));
    let mut manages = Condition::any().add(rooms::Column::Id.in_subquery(hosted.into_query()));
    if rank.is_admin() {
        manages = manages.add(rooms::Column::Kind.eq(Stored(RoomKind::Open)));
    }
    Condition::all()
        .add(rooms::Column::DeletedAt.is_not_null())
        .add(rooms::Column::Id.in_subquery(rooms_in_bin(now)))
        .add(manages)
}

/// The ids of the accounts that share a room with `user`, and that of `user`.
pub fn people_of(user: UserId) -> SelectStatement {
    use members::Column as M;
    let my_rooms = members::Entity::find()
        .select_only()
        .column(M::RoomId)
        .inner_join(rooms::Entity)
        .filter(M::UserId.eq(user.0))
        .filter(M::HasLeft.eq(false))
        .filter(rooms::Column::DeletedAt.is_null());
    members::Entity::find()
        .select_only()
        .column(M::UserId)
        .filter(M::HasLeft.eq(false))
        .filter(M::RoomId.in_subquery(my_rooms.into_query()))
        .into_query()
}

/// The condition on an account that `user` may read a message by it, also one of somebody who has left.
pub fn wrote_to(user: UserId) -> SimpleExpr {
    use members::Column as M;
    use messages::Column as C;
    let message = |column: C| Expr::col((messages::Entity, column));
    let mut select = Query::select();
    select
        .expr(Expr::val(1))
        .from(members::Entity)
        .inner_join(
            rooms::Entity,
            Expr::col((rooms::Entity, rooms::Column::Id)).equals((members::Entity, M::RoomId)),
        )
        .inner_join(messages::Entity, message(C::RoomId).equals((members::Entity, M::RoomId)))
        .and_where(Expr::col((members::Entity, M::UserId)).eq(user.0))
        .and_where(Expr::col((members::Entity, M::HasLeft)).eq(false))
        .and_where(Expr::col((rooms::Entity, rooms::Column::DeletedAt)).is_null())
        .and_where(message(C::UserId).equals((users::Entity, users::Column::Id)))
        .and_where(message(C::Seq).gte(Expr::col((members::Entity, M::VisibleFrom))));
    Expr::exists(select)
}

/// Whether a user may know that an account exists: a guest knows only the people in the same rooms.
pub async fn can_see_account(
    db: &impl Connection,
    user: &User,
    other: UserId,
) -> Result<bool, DbErr> {
    if user.rank > Rank::Guest || user.id == other {
        return Ok(true);
    }
    shares_room(db, user.id, other).await
}

/// Those of some accounts of which a user may know, as [`can_see_account`].
pub async fn visible_accounts(
    db: &impl Connection,
    user: &User,
    others: impl IntoIterator<Item = UserId>,
) -> Result<HashSet<UserId>, DbErr> {
    if user.rank > Rank::Guest {
        return Ok(others.into_iter().collect());
    }
    let known = users::Entity::find()
        .filter(users::Column::Id.is_in(others.into_iter().map(|other| other.0)))
        .filter(users::Column::Id.in_subquery(people_of(user.id)));
    Ok(known.all(db).await?.into_iter().map(|row| UserId(row.id)).collect())
}

/// Whether two people share a room.
pub async fn shares_room(db: &impl Connection, user: UserId, other: UserId) -> Result<bool, DbErr> {
    let shares =
        users::Entity::find_by_id(other.0).filter(users::Column::Id.in_subquery(people_of(user)));
    Ok(shares.one(db).await?.is_some())
}

/// An id that separates the messages that a user may read by a time (microseconds since 1970): one less
/// than the smallest id of the first such messages since then of each room, or `i64::MAX` if there are
/// none. Each room takes one index seek.
pub async fn last_visible_id_before(
    db: &impl Connection,
    user: UserId,
    micros: i64,
) -> Result<i64, DbErr> {
    let backend = db.get_database_backend();
    let (micros_param, user_param) = match backend {
        DbBackend::Postgres => ("$1", "$2"),
        _ => ("?", "?"),
    };
    let sql = format!(
        "SELECT MIN((SELECT messages.id FROM messages WHERE messages.room_id = members.room_id \
         AND messages.created_at >= {micros_param} AND messages.seq >= members.visible_from \
         ORDER BY messages.created_at, messages.seq LIMIT 1)) \
         FROM members JOIN rooms ON rooms.id = members.room_id \
         WHERE members.user_id = {user_param} AND NOT members.has_left AND rooms.deleted_at IS NULL"
    );
    let statement = Statement::from_sql_and_values(backend, sql, [micros.into(), user.0.into()]);
    let row = db.query_one_raw(statement).await?;
    let first = row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten();
    Ok(first.map_or(i64::MAX, |first| first - 1))
}

/// Builds statements that select messages in the rooms of a user.
pub struct VisibleMessages {
    user: UserId,
    /// The search index table that drives the query, if any.
    pub index: Option<&'static str>,
}

impl VisibleMessages {
    /// The messages that the user may read, of all rooms that they are in.
    pub fn to(user: UserId) -> Self {
        Self { user, index: None }
    }

    /// The message's `id`, from the table that drives the query.
    pub fn id(&self, backend: DbBackend) -> SimpleExpr {
        match self.index.filter(|_| backend == DbBackend::Sqlite) {
            Some(index) => Expr::col((index, "rowid")),
            None => Expr::col((messages::Entity, messages::Column::Id)),
        }
    }

    /// Selects the messages; the caller adds further conditions.
    ///
    /// SQLite joins the tables of a cross join in the order in which they are written, so the table
    /// that finds the fewest rows stands first. The other databases plan it like any join.
    pub fn select(&self, db: &impl Connection) -> SelectStatement {
        use members::Column as M;
        use messages::Column as C;
        let message = |column: C| Expr::col((messages::Entity, column));
        let member = |column: M| Expr::col((members::Entity, column));
        let mut select = MessageRow::select();
        match self.index {
            Some(index) => {
                let row = if db.get_database_backend() == DbBackend::Sqlite {
                    "rowid"
                } else {
                    "message_id"
                };
                select.from(index).cross_join(messages::Entity);
                select.and_where(message(C::Id).equals((index, row)));
            }
            None => {
                select.from(messages::Entity);
            }
        }
        select
            .cross_join(members::Entity)
            .cross_join(rooms::Entity)
            .cross_join(users::Entity)
            .and_where(message(C::RoomId).equals((members::Entity, M::RoomId)))
            .and_where(member(M::UserId).eq(self.user.0))
            .and_where(message(C::RoomId).equals((rooms::Entity, rooms::Column::Id)))
            .and_where(Expr::col((rooms::Entity, rooms::Column::DeletedAt)).is_null())
            .and_where(message(C::UserId).equals((users::Entity, users::Column::Id)));
        if !is_active(Failpoint::SearchForgetsVisibility) {
            select
                .and_where(member(M::HasLeft).eq(false))
                .and_where(message(C::Seq).gte(member(M::VisibleFrom)));
        }
        select
    }
}
