//! Reads only messages that a user may see. The statement that reads them also checks membership,
//! so the check and the read see the same state.

use sea_orm::{
    ConnectionTrait, DbBackend,
    sea_query::{Expr, ExprTrait, SelectStatement, SimpleExpr},
};
use shared::ids::UserId;

use super::{
    database::sqlite_json::is_sqlite,
    entities::{members, messages, rooms, users},
    message_rows::MessageRow,
};

/// Builds statements that select messages in the rooms of a user.
pub struct VisibleMessages {
    user: UserId,
    /// The search index table that drives the query, if any.
    pub index: Option<&'static str>,
}

impl VisibleMessages {
    /// All messages in the rooms that the user is in.
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
    pub fn select(&self, db: &impl ConnectionTrait) -> SelectStatement {
        use members::Column as M;
        use messages::Column as C;
        let message = |column: C| Expr::col((messages::Entity, column));
        let member = |column: M| Expr::col((members::Entity, column));
        let mut select = MessageRow::select();
        match self.index {
            Some(index) => {
                let row = if is_sqlite(db) { "rowid" } else { "message_id" };
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
            .and_where(member(M::HasLeft).eq(false))
            .and_where(message(C::RoomId).equals((rooms::Entity, rooms::Column::Id)))
            .and_where(Expr::col((rooms::Entity, rooms::Column::DeletedAt)).is_null())
            .and_where(message(C::UserId).equals((users::Entity, users::Column::Id)));
        select
    }
}
