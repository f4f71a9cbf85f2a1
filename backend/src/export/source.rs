//! Reads the messages of an export in chunks. Each chunk checks again that the caller may read its
//! messages.

use std::{collections::HashSet, sync::Arc};

use sea_orm::{ColumnTrait, sea_query::Order};
use shared::{
    ids::{RoomId, UserId},
    messages::Message,
    problem::Code,
};

use crate::{
    App, Result,
    auth::Caller,
    rooms::recheck_membership,
    search::{Direction, SearchPlan, find},
    tables::{Connection, VisibleMessages, fetch_messages, joined_rooms, messages},
};

/// The maximum number of messages in a chunk, which then has at most 8 MiB of text.
const CHUNK_MAX_MESSAGES: i64 = 500;

/// The messages to export.
pub enum Source {
    Room(Box<RoomRange>),
    Search(Box<SearchHits>),
}

impl Source {
    /// The next chunk; `None` at the end.
    pub async fn next(&mut self, app: &App) -> Result<Option<Vec<Message>>> {
        match self {
            Self::Room(range) => range.next(app).await,
            Self::Search(hits) => hits.next(app).await,
        }
    }

    /// Fails if the caller may no longer read the messages.
    pub async fn check_access(&self, app: &App) -> Result<()> {
        match self {
            Self::Room(range) => recheck_membership(app, &range.caller, range.room).await.map(drop),
            Self::Search(hits) => hits.check_access(app).await,
        }
    }
}

/// A range of a room, fixed when the export began.
pub struct RoomRange {
    caller: Caller,
    room: RoomId,
    from: i64,
    to: i64,
}

impl RoomRange {
    /// From one `seq` to another, both included.
    pub fn new(caller: Caller, room: RoomId, from: i64, to: i64) -> Self {
        Self { caller, room, from, to }
    }

    async fn next(&mut self, app: &App) -> Result<Option<Vec<Message>>> {
        if self.from > self.to {
            return Ok(None);
        }
        recheck_membership(app, &self.caller, self.room).await?;
        let (from, to) = (self.from, self.to.min(self.from + CHUNK_MAX_MESSAGES - 1));
        let messages =
            read_visible(&app.db.reader, self.caller.user.id, self.room, from, to).await?;
        // Every `seq` exists, so if messages are missing, the caller has lost access since the check.
        if messages.len() as i64 != to - from + 1 {
            return Err(Code::NotAMember.into());
        }
        self.from = to + 1;
        Ok(Some(messages))
    }
}

/// The messages of a range that the user may read.
async fn read_visible(
    db: &impl Connection,
    user: UserId,
    room: RoomId,
    from: i64,
    to: i64,
) -> Result<Vec<Message>> {
    use messages::Column as C;
    let mut select = VisibleMessages::to(user).select(db);
    select
        .and_where(C::RoomId.eq(room.0))
        .and_where(C::Seq.between(from, to))
        .order_by((messages::Entity, C::Seq), Order::Asc);
    Ok(fetch_messages(db, &select).await?)
}

/// The hits of a search among the messages that existed when the export began.
pub struct SearchHits {
    caller: Caller,
    plan: Arc<SearchPlan>,
    /// The rooms of the caller when the export began.
    rooms: HashSet<RoomId>,
    /// The id after which the next chunk begins; `None` at the end.
    after: Option<i64>,
}

impl SearchHits {
    /// `rooms` are the rooms of the caller, and `newest` is the id of the newest message.
    pub fn new(caller: Caller, plan: SearchPlan, rooms: HashSet<RoomId>, newest: i64) -> Self {
        let condition = plan.condition.add(messages::Column::Id.lte(newest));
        Self { caller, plan: Arc::new(SearchPlan { condition, ..plan }), rooms, after: Some(0) }
    }

    async fn next(&mut self, app: &App) -> Result<Option<Vec<Message>>> {
        while let Some(after) = self.after {
            // A permit for each chunk, so that a slow download blocks no searches.
            let permit = app.limits.searches.acquire(self.caller.user.id).await?;
            let (db, plan) = (app.db.searcher.clone(), self.plan.clone());
            let search = async move {
                find(&db, &plan, after, Direction::Newer, CHUNK_MAX_MESSAGES as u64).await
            };
            let mut found = permit.run(search).await?;
            self.check_access(app).await?;
            self.after = found.next_id(Direction::Newer);
            found.messages.retain(|message| self.rooms.contains(&message.room));
            if !found.messages.is_empty() {
                return Ok(Some(found.messages));
            }
        }
        Ok(None)
    }

    /// Fails if the caller has lost access. The search statement skips rooms that the caller has
    /// left, so without this check the file would be incomplete without an error.
    async fn check_access(&self, app: &App) -> Result<()> {
        let user = app.auth.reauthenticate(&self.caller).await?;
        if self.caller.user.is_admin && !user.is_admin {
            return Err(Code::AdminOnly.into());
        }
        let joined = joined_rooms(&app.db.reader, user.id).await?;
        let joined: HashSet<_> = joined.into_iter().map(|room| room.id).collect();
        if self.rooms.is_subset(&joined) { Ok(()) } else { Err(Code::NotAMember.into()) }
    }
}
