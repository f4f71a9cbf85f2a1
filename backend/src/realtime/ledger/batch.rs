//! A batch holds the rows of one transaction: it reads them once for all of its writes, and writes
//! them back once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{Expr, LockType, OnConflict, all},
};
use shared::{
    access::{Action, check},
    ids::{Rev, RoomId, Seq, UserId},
    live::{RemovedReason, ServerFrame},
    messages::{Change, Message, Row},
    problem::Code,
    rooms::ReadState,
};

use crate::{
    Result,
    failpoints::{Failpoint, is_active},
    realtime::hub::{NodeEvent, RoomChange, SocketId},
    tables::{UnreadCounts, flush_counters, members, now, rooms, users},
};

/// A room and a member.
pub(super) type MemberKey = (RoomId, UserId);

/// The maximum number of rooms, and of members, that the cache keeps between batches.
const CACHE_MAX: usize = 50_000;

/// Rooms and members as the last batch left them. With SQLite, where this process is the only
/// writer, the next batch does not read them again; reading is most of the work of a batch that
/// spans many rooms.
#[derive(Default)]
pub(super) struct RowCache {
    rooms: BTreeMap<RoomId, rooms::Model>,
    /// A member row with its account; `None` if the row does not exist.
    members: HashMap<MemberKey, Option<(members::Model, users::Model)>>,
}

impl RowCache {
    /// Forgets the member rows of accounts that changed.
    pub(super) fn forget_accounts(&mut self, changed: &HashSet<UserId>) {
        if !changed.is_empty() {
            self.members.retain(|(_, user), _| !changed.contains(user));
        }
    }
}

/// A member's new read mark.
struct ReadMark {
    state: ReadState,
    /// Whether the mark may have moved back.
    exact: bool,
}

/// The rows that one transaction reads and changes, and the events to publish after its commit.
pub struct Batch<'t> {
    /// The transaction.
    pub txn: &'t DatabaseTransaction,
    /// The time of every write in the batch, in microseconds since 1970.
    pub now: i64,
    rows: RowCache,
    dirty_rooms: BTreeSet<RoomId>,
    read_marks: BTreeMap<MemberKey, ReadMark>,
    events: Vec<NodeEvent>,
}

impl<'t> Batch<'t> {
    pub(super) fn new(txn: &'t DatabaseTransaction, rows: RowCache) -> Self {
        Self {
            txn,
            now: now(),
            rows,
            dirty_rooms: BTreeSet::new(),
            read_marks: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    /// Reads the rooms of the batch and locks their rows until the commit: all with one statement
    /// and in the order of ids, because two nodes that lock them one by one could deadlock.
    pub(super) async fn lock_rooms(&mut self, ids: impl Iterator<Item = RoomId>) -> Result<()> {
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

    /// The room that this batch changes or adds and that now has this name key.
    pub(super) fn changed_room_with_name(&self, key: &str) -> Option<RoomId> {
        let name_key = |id: &RoomId| self.rows.rooms.get(id)?.name_key.as_deref();
        self.dirty_rooms.iter().find(|id| name_key(id) == Some(key)).copied()
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

    /// Reads those member rows that are not in the cache, with one query.
    pub(super) async fn load_members(
        &mut self,
        keys: impl Iterator<Item = MemberKey>,
    ) -> Result<()> {
        let missing = keys.filter(|key| !self.rows.members.contains_key(key));
        let missing: BTreeSet<MemberKey> = missing.collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut any = Condition::any();
        for (room, user) in &missing {
            any = any
                .add(all![members::Column::RoomId.eq(room.0), members::Column::UserId.eq(user.0)]);
        }
        let rows = members::Entity::find()
            .filter(any)
            .find_also_related(users::Entity)
            .all(self.txn)
            .await?;
        self.rows.members.extend(missing.into_iter().map(|key| (key, None)));
        for (member, user) in rows {
            let key = (RoomId(member.room_id), UserId(member.user_id));
            self.rows.members.insert(key, user.map(|user| (member, user)));
        }
        Ok(())
    }

    /// A user's member row, which stays after they leave.
    pub async fn member_row(
        &mut self,
        room: RoomId,
        user: UserId,
    ) -> Result<Option<(members::Model, users::Model)>> {
        self.load_members([(room, user)].into_iter()).await?;
        Ok(self.rows.members.get(&(room, user)).cloned().flatten())
    }

    /// Inserts or updates a member row. The row replaces a pending read mark of the member, which
    /// [`Batch::flush`] then neither writes nor sends.
    pub(super) async fn upsert_member(
        &mut self,
        row: members::Model,
        user: users::Model,
    ) -> Result<()> {
        use members::Column as C;
        let update = OnConflict::columns([C::RoomId, C::UserId])
            .update_columns([C::JoinedAt, C::HasLeft, C::ReadSeq, C::Rev])
            .update_columns([C::Role, C::Rank, C::VisibleFrom])
            .to_owned();
        let model = members::ActiveModel::from(row.clone()).reset_all();
        members::Entity::insert(model).on_conflict(update).exec_without_returning(self.txn).await?;
        let key = (RoomId(row.room_id), UserId(row.user_id));
        self.read_marks.remove(&key);
        self.rows.members.insert(key, Some((row, user)));
        Ok(())
    }

    /// Writes the role, the rank and the rev of an existing member row. Leaves the read mark, which the
    /// batch may have pending.
    pub(super) async fn update_standing(&mut self, row: &members::Model) -> Result<()> {
        use members::Column as C;
        members::Entity::update_many()
            .col_expr(C::Role, Expr::value(row.role))
            .col_expr(C::Rank, Expr::value(row.rank))
            .col_expr(C::Rev, row.rev.into())
            .filter(C::RoomId.eq(row.room_id))
            .filter(C::UserId.eq(row.user_id))
            .exec(self.txn)
            .await?;
        let key = (RoomId(row.room_id), UserId(row.user_id));
        if let Some(Some((member, _))) = self.rows.members.get_mut(&key) {
            (member.role, member.rank, member.rev) = (row.role, row.rank, row.rev);
        }
        Ok(())
    }

    /// The read state at a position, of the room as this batch has changed it so far.
    pub(super) fn read_state(
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
    pub(super) fn set_read_mark(
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
        self.publish(NodeEvent::Change(RoomChange::new(room, Change { rev, row })));
    }

    /// Publishes after the commit that a member left the room or was removed from it.
    pub fn publish_removal(&mut self, room: RoomId, rev: Rev, row: Row, reason: RemovedReason) {
        let change = RoomChange::new(room, Change { rev, row });
        self.publish(NodeEvent::Change(RoomChange { removed: Some(reason), ..change }));
    }

    /// Publishes a new message after the commit, with the socket that posted it.
    pub(super) fn publish_post(&mut self, message: Message, posted_by: Option<SocketId>) {
        let (room, rev) = (message.room, message.rev);
        let change = RoomChange::new(room, Change { rev, row: Row::Message(message) });
        self.publish(NodeEvent::Change(RoomChange { posted_by, ..change }));
    }

    /// Publishes an event after the commit.
    pub fn publish(&mut self, event: NodeEvent) {
        self.events.push(event);
    }

    /// Removes a room from the cache whose rows this transaction deleted.
    pub(super) fn forget_room(&mut self, id: RoomId) {
        self.rows.rooms.remove(&id);
        self.rows.members.retain(|(room, _), _| *room != id);
    }

    /// Writes the changed rooms and read marks; returns the events to publish and the cache for the
    /// next batch. Both are valid only if the transaction commits.
    pub(super) async fn flush(mut self) -> Result<(Vec<NodeEvent>, RowCache)> {
        let member = |key| Some(self.rows.members.get(key)?.as_ref()?.0.clone());
        let members: Vec<_> = self.read_marks.keys().filter_map(member).collect();
        let dirty = self.dirty_rooms.iter().filter_map(|id| self.rows.rooms.get(id));
        let rooms: Vec<_> = dirty.cloned().collect();
        flush_counters(self.txn, &members, &rooms).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_rows_of_changed_accounts_are_forgotten() {
        let mut cache = RowCache::default();
        let keys =
            [(1, 1), (1, 2), (2, 1), (2, 3)].map(|(room, user)| (RoomId(room), UserId(user)));
        cache.members.extend(keys.map(|key| (key, None)));
        cache.forget_accounts(&HashSet::new());
        assert_eq!(cache.members.len(), 4);
        cache.forget_accounts(&HashSet::from([UserId(1), UserId(9)]));
        assert!(cache.members.keys().all(|(_, user)| *user != UserId(1)));
        assert_eq!(cache.members.len(), 2);
    }
}
