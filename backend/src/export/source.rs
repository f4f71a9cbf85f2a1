//! Where the messages of a file come from, some at a time. Whether the caller may read them is
//! decided by the statement that reads them, each time anew.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, ConnectionTrait, sea_query::Order};
use shared::{
    ids::{RoomId, UserId},
    messages::Message,
    problem::Code,
};

use crate::{
    App, Result,
    auth::Caller,
    search::{Ask, Towards, find},
    tables::{VisibleMessages, fetch_messages, joined_rooms, messages},
};

/// Messages that are read at a time; together they are at most 8 MiB of text.
const CHUNK: i64 = 500;

/// What is exported.
pub enum Source {
    /// A part of a room.
    Room(Range),
    /// What a search finds.
    Search(Box<Finds>),
}

impl Source {
    /// The next messages; none at the end.
    pub async fn next(&mut self, app: &App) -> Result<Option<Vec<Message>>> {
        match self {
            Self::Room(range) => range.next(app).await,
            Self::Search(finds) => finds.next(app).await,
        }
    }
}

/// A part of a room, whose ends were fixed at the start.
pub struct Range {
    caller: Caller,
    room: RoomId,
    from: i64,
    to: i64,
}

impl Range {
    /// From one number to another, both included.
    pub fn new(caller: Caller, room: RoomId, from: i64, to: i64) -> Self {
        Self { caller, room, from, to }
    }

    async fn next(&mut self, app: &App) -> Result<Option<Vec<Message>>> {
        if self.from > self.to {
            return Ok(None);
        }
        app.auth.reauthenticate(&self.caller).await?;
        let (from, to) = (self.from, self.to.min(self.from + CHUNK - 1));
        let found = read(&app.db.reader, self.caller.user.id, self.room, from, to).await?;
        // Numbers are dense: whoever gets fewer is no longer in the room.
        if found.len() as i64 != to - from + 1 {
            return Err(Code::NotAMember.into());
        }
        self.from = to + 1;
        Ok(Some(found))
    }
}

/// The messages of a room from one number to another, if somebody may read them.
async fn read(
    db: &impl ConnectionTrait,
    me: UserId,
    room: RoomId,
    from: i64,
    to: i64,
) -> Result<Vec<Message>> {
    use messages::Column as C;
    let mut select = VisibleMessages::to(me).select(db);
    select
        .and_where(C::RoomId.eq(room.0))
        .and_where(C::Seq.between(from, to))
        .order_by((messages::Entity, C::Seq), Order::Asc);
    Ok(fetch_messages(db, &select).await?)
}

/// What a search finds, up to the newest message of the start.
pub struct Finds {
    caller: Caller,
    ask: Ask,
    /// Those that the caller was in at the start.
    rooms: HashSet<RoomId>,
    from: Option<i64>,
}

impl Finds {
    /// In these rooms, all of which the caller is in; `newest` is the number of the last message.
    pub fn new(caller: Caller, ask: Ask, rooms: HashSet<RoomId>, newest: i64) -> Self {
        let condition = ask.condition.add(messages::Column::Id.lte(newest));
        Self { caller, ask: Ask { condition, ..ask }, rooms, from: Some(0) }
    }

    async fn next(&mut self, app: &App) -> Result<Option<Vec<Message>>> {
        while let Some(from) = self.from {
            let mut found = {
                // One turn a part: nobody who searches waits for whoever takes the file slowly.
                let _turn = app.search_limiter.acquire(self.caller.user.id).await?;
                find(&app.db.reader, &self.ask, from, Towards::Newer, CHUNK as u64).await?
            };
            self.check(app).await?;
            self.from = found.goes_on(Towards::Newer);
            found.messages.retain(|message| self.rooms.contains(&message.room));
            if !found.messages.is_empty() {
                return Ok(Some(found.messages));
            }
        }
        Ok(None)
    }

    /// Whether what was just read was all that there was to find: the statement leaves out the
    /// rooms that the caller is no longer in, and only this says so.
    async fn check(&self, app: &App) -> Result<()> {
        let user = app.auth.reauthenticate(&self.caller).await?;
        if self.caller.user.is_admin && !user.is_admin {
            return Err(Code::AdminOnly.into());
        }
        let mine = joined_rooms(&app.db.reader, user.id).await?;
        let mine: HashSet<_> = mine.into_iter().map(|room| room.id).collect();
        if self.rooms.is_subset(&mine) { Ok(()) } else { Err(Code::NotAMember.into()) }
    }
}
