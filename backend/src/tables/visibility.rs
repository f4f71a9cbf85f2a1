//! Messages that somebody may read, whichever room they are in. That they may is part of the
//! statement, so it is true in the moment in which it reads.

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, TryGetableMany,
    sea_query::{Expr, ExprTrait, Query, SelectStatement, SimpleExpr},
};
use shared::{ids::UserId, messages::Message};

use super::{
    bulk::{Shown, as_one, shown},
    members, messages, rooms, users,
};

/// What somebody may read, found by an index or by itself.
pub struct VisibleMessages {
    me: UserId,
    /// A table of the index whose rows lead to the messages. SQLite walks along it.
    pub index: Option<&'static str>,
}

impl VisibleMessages {
    /// Everything in the rooms that somebody is in.
    pub fn to(me: UserId) -> Self {
        Self { me, index: None }
    }

    /// The number of a message: what one walks along.
    pub fn id(&self, backend: DbBackend) -> SimpleExpr {
        match self.index.filter(|_| backend == DbBackend::Sqlite) {
            Some(index) => Expr::col((index, "rowid")),
            None => Expr::col((messages::Entity, messages::Column::Id)),
        }
    }

    /// The statement, to which conditions are to be added.
    pub fn select(&self, backend: DbBackend) -> SelectStatement {
        use messages::Column as C;
        let mut select = Query::select();
        let shown = [C::RoomId, C::Id, C::Seq, C::Rev, C::UserId];
        select.columns(shown.map(|column| (messages::Entity, column)));
        let name = Expr::col((messages::Entity, C::ClientId));
        match backend {
            DbBackend::Sqlite => select.expr_as(Expr::cust("hex(messages.client_id)"), C::ClientId),
            _ => select.expr(name),
        };
        let shown = [C::Content, C::ReplyTo, C::CreatedAt, C::EditedAt, C::DeletedAt];
        select.columns(shown.map(|column| (messages::Entity, column)));
        select.column((users::Entity, users::Column::Username));
        self.join(backend, &mut select);
        select
    }

    /// SQLite takes the tables of a cross join in the order in which they stand: first what finds
    /// least, in the order that is asked for. To the others it is a join like any.
    fn join(&self, backend: DbBackend, select: &mut SelectStatement) {
        use members::Column as M;
        let of_message = |column: messages::Column| Expr::col((messages::Entity, column));
        match self.index {
            Some(index) => {
                let row = if backend == DbBackend::Sqlite { "rowid" } else { "message_id" };
                select.from(index).cross_join(messages::Entity);
                select.and_where(of_message(messages::Column::Id).equals((index, row)));
            }
            None => {
                select.from(messages::Entity);
            }
        }
        let member = |column: M| Expr::col((members::Entity, column));
        let room = rooms::Column::DeletedAt;
        select
            .cross_join(members::Entity)
            .cross_join(rooms::Entity)
            .cross_join(users::Entity)
            .and_where(of_message(messages::Column::RoomId).equals((members::Entity, M::RoomId)))
            .and_where(member(M::UserId).eq(self.me.0))
            .and_where(member(M::HasLeft).eq(false))
            .and_where(
                of_message(messages::Column::RoomId).equals((rooms::Entity, rooms::Column::Id)),
            )
            .and_where(Expr::col((rooms::Entity, room)).is_null())
            .and_where(
                of_message(messages::Column::UserId).equals((users::Entity, users::Column::Id)),
            );
    }
}

/// The messages that a statement of [`VisibleMessages`] finds, in its order.
pub async fn fetch_messages(
    db: &impl ConnectionTrait,
    select: SelectStatement,
) -> Result<Vec<Message>, DbErr> {
    let backend = db.get_database_backend();
    if backend != DbBackend::Sqlite {
        let rows = db.query_all(&select).await?;
        let rows = rows.iter().map(|row| Ok(shown(Shown::try_get_many_by_index(row)?)));
        return rows.collect();
    }
    let statement = backend.build(&select);
    let sql = format!(
        "SELECT json_group_array(json_array(room_id, id, seq, rev, user_id, client_id, content, \
         reply_to, created_at, edited_at, deleted_at, username)) FROM ({})",
        statement.sql
    );
    let values = statement.values.map(|values| values.0).unwrap_or_default();
    let rows: Vec<Shown> = as_one(db, &sql, values).await?;
    Ok(rows.into_iter().map(shown).collect())
}
