//! A batch holds the rows of one transaction: it reads them once for all of its writes, and writes
//! them back once.

mod blocks;
mod events;
mod member_rows;
mod row_cache;

use std::collections::{BTreeMap, BTreeSet};

use chrono::SecondsFormat;
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};
use shared::{
    access::{Action, check, may},
    ids::{Rev, RoomId, Seq, UserId},
    live::{RemovedReason, ServerFrame},
    messages::{Change, Message, Row},
    problem::Code,
    rooms::ReadState,
};

pub use events::NewEvent;
use row_cache::CACHE_MAX;
pub(in crate::realtime::ledger) use row_cache::{MemberKey, RowCache};

use crate::{
    Error, Result,
    failpoints::{Failpoint, is_active},
    realtime::hub::{NodeEvent, RoomChange, SocketId},
    tables::{
        Transaction, UnreadCounts, flush_counters, insert_room_events, members, now, room_events,
        rooms, to_timestamp, users,
    },
};

/// A member's new read mark.
struct ReadMark {
    state: ReadState,
    /// Whether the mark may have moved back.
    exact: bool,
}

/// The rows that one transaction reads and changes, and the events to publish after its commit.
pub struct Batch<'t> {
    /// The transaction.
    pub txn: &'t Transaction,
    /// The time of every write in the batch, in microseconds since 1970.
    pub now: i64,
    rows: RowCache,
    dirty_rooms: BTreeSet<RoomId>,
    read_marks: BTreeMap<MemberKey, ReadMark>,
    events: Vec<NodeEvent>,
    /// The new messages.
    pub(in crate::realtime::ledger) posted: Vec<(RoomId, Seq)>,
    /// The rows to write.
    room_events: Vec<room_events::Model>,
}

impl<'t> Batch<'t> {
    pub(in crate::realtime::ledger) fn new(txn: &'t Transaction, rows: RowCache) -> Self {
        Self {
            txn,
            now: now(),
            rows,
            dirty_rooms: BTreeSet::new(),
            read_marks: BTreeMap::new(),
            events: Vec::new(),
            posted: Vec::new(),
            room_events: Vec::new(),
        }
    }

    /// Reads the rooms of the batch and locks their rows until the commit: all with one statement
    /// and in the order of ids, because two nodes that lock them one by one could deadlock.
    pub(in crate::realtime::ledger) async fn lock_rooms(
        &mut self,
        ids: impl Iterator<Item = RoomId>,
    ) -> Result<()> {
        let missing = ids.filter(|id| !self.rows.rooms.contains_key(id));
        let missing: BTreeSet<i64> = missing.map(|id| id.0).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let select = rooms::Entity::find()
            .filter(rooms::Column::Id.is_in(missing))
            .order_by_asc(rooms::Column::Id);
        // FOR NO KEY UPDATE: FOR UPDATE would also block inserts with a foreign key to the room.
        let select = match is_active(Failpoint::MaxPlusOne) {
            true => select,
            false => select.lock(crate::tables::row_lock(self.txn, LockType::NoKeyUpdate)),
        };
        let rows = select.all(self.txn).await?;
        self.rows.rooms.extend(rows.into_iter().map(|row| (RoomId(row.id), row)));
        Ok(())
    }

    /// A locked room; [`Code::NotFound`] if it does not exist or is deleted.
    pub fn room(&self, id: RoomId) -> Result<&rooms::Model> {
        let room = self.rows.rooms.get(&id).filter(|room| room.deleted_at.is_none());
        room.ok_or_else(|| Code::NotFound.into())
    }

    /// A locked room, also one that is deleted; `None` if its row does not exist.
    pub(in crate::realtime::ledger) fn room_or_deleted(&self, id: RoomId) -> Option<&rooms::Model> {
        self.rows.rooms.get(&id)
    }

    /// The room that this batch changes or adds and that now has this name key.
    pub(in crate::realtime::ledger) fn changed_room_with_name(&self, key: &str) -> Option<RoomId> {
        let name_key = |id: &RoomId| self.rows.rooms.get(id)?.name_key.as_deref();
        self.dirty_rooms.iter().find(|id| name_key(id) == Some(key)).copied()
    }

    /// The rooms that new accounts join, from the stored ones and the changes of this batch.
    pub(in crate::realtime::ledger) fn default_rooms(
        &self,
        mut stored: BTreeSet<RoomId>,
    ) -> BTreeSet<RoomId> {
        for id in &self.dirty_rooms {
            match self.rows.rooms.get(id).is_some_and(|room| room.is_default) {
                true => stored.insert(*id),
                false => stored.remove(id),
            };
        }
        stored
    }

    /// Changes a locked room; [`Batch::flush`] writes it.
    pub fn update_room(&mut self, id: RoomId, update: impl FnOnce(&mut rooms::Model)) {
        if let Some(room) = self.rows.rooms.get_mut(&id) {
            update(room);
            self.dirty_rooms.insert(id);
        }
    }

    /// Adds a room that this transaction inserted.
    pub fn add_room(&mut self, room: rooms::Model) {
        self.rows.rooms.insert(RoomId(room.id), room);
    }

    /// Assigns the number of the room's next change.
    pub fn next_rev(&mut self, id: RoomId) -> Rev {
        let mut rev = Rev(0);
        self.update_room(id, |room| {
            room.last_rev += 1;
            rev = Rev(room.last_rev);
        });
        rev
    }

    /// Assigns the number of the room's next message.
    pub fn next_seq(&mut self, id: RoomId) -> Seq {
        let mut seq = Seq(0);
        self.update_room(id, |room| {
            room.last_seq += 1;
            seq = Seq(room.last_seq);
        });
        seq
    }

    /// An account that can sign in; otherwise [`Code::Unauthenticated`].
    pub async fn active_user(&self, id: UserId) -> Result<users::Model> {
        let user = users::Entity::find_by_id(id.0).one(self.txn).await?;
        Ok(user.filter(users::Model::is_active).ok_or(Code::Unauthenticated)?)
    }

    /// Checks that a user may do something in a locked room; returns their account and, if they are in
    /// the room, their member row.
    pub async fn authorize(
        &mut self,
        room: RoomId,
        user: UserId,
        action: Action,
    ) -> Result<(users::Model, Option<members::Model>)> {
        let (user, member) = self.authorize_timed_out(room, user, action).await?;
        // All of them are seen by everybody in the room.
        if matches!(action, Action::Post | Action::React | Action::ChangeTopic) {
            self.check_not_timed_out(room, &user, member.as_ref())?;
        }
        Ok((user, member))
    }

    /// As [`Batch::authorize`], whether the user is timed out or not.
    pub(in crate::realtime::ledger) async fn authorize_timed_out(
        &mut self,
        room: RoomId,
        user: UserId,
        action: Action,
    ) -> Result<(users::Model, Option<members::Model>)> {
        let access = self.room(room)?.access();
        let (user, member) = match self.member_row(room, user).await? {
            Some((_, user)) if user.is_disabled => return Err(Code::Unauthenticated.into()),
            Some((member, user)) => (user, Some(member).filter(|member| !member.has_left)),
            None => (self.active_user(user).await?, None),
        };
        let role = member.as_ref().map(|member| member.role.0);
        check(user.rank.0, &access, role, action)?;
        Ok((user, member))
    }

    /// [`Code::TimedOut`] with the end, if a time-out of the user has not ended. Who manages the room by now
    /// is exempt.
    pub(in crate::realtime::ledger) fn check_not_timed_out(
        &self,
        room: RoomId,
        user: &users::Model,
        member: Option<&members::Model>,
    ) -> Result<()> {
        let until = member.and_then(|member| member.timed_out_until);
        let Some(until) = until.filter(|until| *until > self.now) else { return Ok(()) };
        let role = member.map(|member| member.role.0);
        if may(user.rank.0, &self.room(room)?.access(), role, Action::TimeOut) {
            return Ok(());
        }
        let end = to_timestamp(until).to_rfc3339_opts(SecondsFormat::Secs, true);
        let detail = format!("The hosts let you read, but not post in this room until {end}.");
        let seconds = (until - self.now).unsigned_abs().div_ceil(1_000_000);
        Err(Error::new(Code::TimedOut, detail).retry_after(seconds))
    }

    /// The read state at a position, of the room as this batch has changed it so far.
    pub(in crate::realtime::ledger) fn read_state(
        &self,
        room: RoomId,
        read_seq: Seq,
        counts: UnreadCounts,
    ) -> Result<ReadState> {
        let row = self.room(room)?;
        Ok(ReadState {
            read_seq,
            unread: row.last_seq - read_seq.0 - counts.deleted,
            mentions: counts.mentions,
            last_seq: row.last_seq.into(),
            last_rev: row.last_rev.into(),
        })
    }

    /// Sets a member's read mark. [`Batch::flush`] writes it and sends it to the user's devices.
    /// Does nothing for a user without a loaded member row.
    pub(in crate::realtime::ledger) fn set_read_mark(
        &mut self,
        room: RoomId,
        user: UserId,
        state: ReadState,
        exact: bool,
    ) {
        if let Some(Some((member, _))) = self.rows.members.get_mut(&(room, user)) {
            member.read_seq = state.read_seq.0;
            // A mark that moved back and then forward within the batch may still be lower than the
            // one that the devices show, and they ignore a lower mark that is not exact.
            let was_exact = self.read_marks.get(&(room, user)).is_some_and(|mark| mark.exact);
            self.read_marks.insert((room, user), ReadMark { state, exact: exact || was_exact });
        }
    }

    /// Publishes a row's new state to the room after the commit.
    pub fn publish_row(&mut self, room: RoomId, rev: Rev, row: Row) {
        self.publish(NodeEvent::Change(RoomChange::new(room, Change::new(rev, row))));
    }

    /// Publishes after the commit that a member left the room or was removed from it.
    pub fn publish_removal(
        &mut self,
        room: RoomId,
        (rev, row): (Rev, Row),
        reason: RemovedReason,
        event: NewEvent,
    ) -> Result<()> {
        let event = self.add_event(room, rev, Some(event))?;
        let left_seq = Some(Seq(self.room(room)?.last_seq));
        let change = RoomChange::new(room, Change { rev, row, event });
        let change = RoomChange { removed: Some(reason), left_seq, ..change };
        self.publish(NodeEvent::Change(change));
        Ok(())
    }

    /// Publishes a new message after the commit, with the socket that posted it.
    pub(in crate::realtime::ledger) fn publish_post(
        &mut self,
        message: Message,
        posted_by: Option<SocketId>,
    ) {
        let (room, rev) = (message.room, message.rev);
        self.posted.push((room, message.seq));
        let change = RoomChange::new(room, Change::new(rev, Row::Message(message)));
        self.publish(NodeEvent::Change(RoomChange { posted_by, ..change }));
    }

    /// Publishes an event after the commit.
    pub fn publish(&mut self, event: NodeEvent) {
        self.events.push(event);
    }

    /// Removes a room from the cache whose rows this transaction deleted.
    pub(in crate::realtime::ledger) fn forget_room(&mut self, id: RoomId) {
        self.rows.rooms.remove(&id);
        self.rows.members.retain(|(room, _), _| *room != id);
        self.room_events.retain(|event| event.room_id != id.0);
    }

    /// Writes the changed rooms, the read marks and the events of rooms; returns the node events to
    /// publish and the cache for the next batch. Both are valid only if the transaction commits.
    pub(in crate::realtime::ledger) async fn flush(mut self) -> Result<(Vec<NodeEvent>, RowCache)> {
        let member = |key| Some(self.rows.members.get(key)?.as_ref()?.0.clone());
        let members: Vec<_> = self.read_marks.keys().filter_map(member).collect();
        let dirty = self.dirty_rooms.iter().filter_map(|id| self.rows.rooms.get(id));
        let rooms: Vec<_> = dirty.cloned().collect();
        flush_counters(self.txn, members, rooms).await?;
        insert_room_events(self.txn, std::mem::take(&mut self.room_events)).await?;
        for ((room, user), ReadMark { state: read, exact }) in self.read_marks {
            let frame = ServerFrame::Read { room, read, exact };
            self.events.push(NodeEvent::ToUser { user, frame });
        }
        if self.rows.members.len() > CACHE_MAX || self.rows.rooms.len() > CACHE_MAX {
            (self.rows.members, self.rows.rooms) = Default::default();
        }
        Ok((self.events, self.rows))
    }
}
