//! One transaction's view of what it touches: read once for all of the batch, written back once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{LockType, OnConflict, all},
};
use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    live::{RemovedReason, ServerFrame},
    messages::{Change, Row},
    problem::Code,
    rooms::ReadState,
};

use super::Notice;
use crate::{
    Result,
    failpoints::{Fault, has},
    tables::{flush_counters, members, now, rooms, users},
};

type Place = (RoomId, UserId);

/// Rows that may be kept from one batch to the next.
const KEPT_MAX: usize = 50_000;

/// Rooms and members as the last batch left them. Where one process writes alone nobody else can
/// have changed them, so they need not be read again: most of the work of a batch in many rooms.
#[derive(Default)]
pub(super) struct Known {
    rooms: BTreeMap<RoomId, rooms::Model>,
    members: HashMap<Place, Option<(members::Model, users::Model)>>,
    /// The count of changes to accounts when this was read.
    pub(super) accounts: u64,
}

/// The rooms, members, counters and notices of one transaction.
pub struct Batch<'t> {
    /// The transaction.
    pub txn: &'t DatabaseTransaction,
    /// The moment of everything in it.
    pub now: i64,
    rooms: BTreeMap<RoomId, rooms::Model>,
    dirty: BTreeSet<RoomId>,
    members: HashMap<Place, Option<(members::Model, users::Model)>>,
    reads: BTreeMap<Place, (ReadState, bool)>,
    notices: Vec<Notice>,
}

impl<'t> Batch<'t> {
    pub(super) fn new(txn: &'t DatabaseTransaction, known: Known) -> Self {
        Self {
            txn,
            now: now(),
            rooms: known.rooms,
            dirty: BTreeSet::new(),
            members: known.members,
            reads: BTreeMap::new(),
            notices: Vec::new(),
        }
    }

    /// Reads the rooms of the batch and locks them until the commit. All at once and by number:
    /// two nodes that took them one by one could wait for each other.
    pub(super) async fn lock_rooms(&mut self, ids: impl Iterator<Item = RoomId>) -> Result<()> {
        let new = ids.filter(|id| !self.rooms.contains_key(id));
        let ids: BTreeSet<i64> = new.map(|id| id.0).collect();
        if ids.is_empty() {
            return Ok(());
        }
        // Not the stronger lock of PostgreSQL, which would also keep out whoever refers to the room.
        let rows = rooms::Entity::find()
            .filter(rooms::Column::Id.is_in(ids))
            .order_by_asc(rooms::Column::Id);
        let rows = match has(Fault::MaxPlusOne) {
            true => rows,
            false => rows.lock(crate::tables::row_lock(self.txn, LockType::NoKeyUpdate)),
        };
        let rows = rows.all(self.txn).await?;
        self.rooms.extend(rows.into_iter().map(|row| (RoomId(row.id), row)));
        Ok(())
    }

    /// A room of the batch that is not deleted.
    pub fn room(&self, id: RoomId) -> Result<&rooms::Model> {
        let room = self.rooms.get(&id).filter(|room| room.deleted_at.is_none());
        room.ok_or_else(|| Code::NotFound.into())
    }

    /// Changes a room that [`Batch::room`] has given; it is written at the end.
    pub fn change_room(&mut self, id: RoomId, change: impl FnOnce(&mut rooms::Model)) {
        if let Some(room) = self.rooms.get_mut(&id) {
            change(room);
            self.dirty.insert(id);
        }
    }

    /// Adds a room that was just made.
    pub fn add_room(&mut self, room: rooms::Model) {
        self.rooms.insert(RoomId(room.id), room);
    }

    /// The number of the room's next change.
    pub fn next_rev(&mut self, id: RoomId) -> Rev {
        let mut rev = Rev(0);
        self.change_room(id, |room| {
            room.last_rev += 1;
            rev = Rev(room.last_rev);
        });
        rev
    }

    /// The number of the room's next message.
    pub fn next_seq(&mut self, id: RoomId) -> Seq {
        let mut seq = Seq(0);
        self.change_room(id, |room| {
            room.last_seq += 1;
            seq = Seq(room.last_seq);
        });
        seq
    }

    /// Somebody who may act: an account that is not shut.
    pub async fn user(&self, id: UserId) -> Result<users::Model> {
        let user = users::Entity::find_by_id(id.0).one(self.txn).await?;
        Ok(user.filter(|user| !user.is_disabled).ok_or(Code::Unauthenticated)?)
    }

    /// Somebody who may act as an admin.
    pub async fn admin(&self, id: UserId) -> Result<users::Model> {
        let user = self.user(id).await?;
        if user.is_admin { Ok(user) } else { Err(Code::AdminOnly.into()) }
    }

    /// Reads the rows of these people in these rooms, all at once.
    pub(super) async fn load_members(&mut self, places: impl Iterator<Item = Place>) -> Result<()> {
        let places: BTreeSet<Place> =
            places.filter(|place| !self.members.contains_key(place)).collect();
        if places.is_empty() {
            return Ok(());
        }
        let mut any = Condition::any();
        for (room, user) in &places {
            any = any
                .add(all![members::Column::RoomId.eq(room.0), members::Column::UserId.eq(user.0)]);
        }
        let rows = members::Entity::find()
            .filter(any)
            .find_also_related(users::Entity)
            .all(self.txn)
            .await?;
        self.members.extend(places.into_iter().map(|place| (place, None)));
        for (member, user) in rows {
            let place = (RoomId(member.room_id), UserId(member.user_id));
            self.members.insert(place, user.map(|user| (member, user)));
        }
        Ok(())
    }

    /// Somebody's row in a room, whether they have left or not.
    pub async fn membership(
        &mut self,
        room: RoomId,
        user: UserId,
    ) -> Result<Option<(members::Model, users::Model)>> {
        self.load_members([(room, user)].into_iter()).await?;
        Ok(self.members.get(&(room, user)).cloned().flatten())
    }

    /// Somebody who is in the room and may act.
    pub async fn member(
        &mut self,
        room: RoomId,
        user: UserId,
    ) -> Result<(members::Model, users::Model)> {
        match self.membership(room, user).await? {
            Some((_, user)) if user.is_disabled => Err(Code::Unauthenticated.into()),
            Some((member, user)) if !member.has_left => Ok((member, user)),
            _ => Err(Code::NotAMember.into()),
        }
    }

    /// Writes somebody's row in a room.
    pub(super) async fn put_member(
        &mut self,
        row: members::Model,
        user: users::Model,
    ) -> Result<()> {
        use members::Column as C;
        let update = OnConflict::columns([C::RoomId, C::UserId])
            .update_columns([C::JoinedAt, C::HasLeft, C::ReadSeq, C::Rev])
            .to_owned();
        let written = members::ActiveModel::from(row.clone()).reset_all();
        members::Entity::insert(written)
            .on_conflict(update)
            .exec_without_returning(self.txn)
            .await?;
        let place = (RoomId(row.room_id), UserId(row.user_id));
        self.reads.remove(&place);
        self.members.insert(place, Some((row, user)));
        Ok(())
    }

    /// Somebody has read up to here, or wants it to be exactly so: written, and told to all their
    /// devices, at the end. Whoever has left has no such mark.
    pub(super) fn has_read(&mut self, room: RoomId, user: UserId, read: ReadState, exact: bool) {
        if let Some(Some((member, _))) = self.members.get_mut(&(room, user)) {
            member.read_seq = read.read_seq.0;
            // One that went back and on again may still be behind what the devices know.
            let was_exact = self.reads.get(&(room, user)).is_some_and(|(_, exact)| *exact);
            self.reads.insert((room, user), (read, exact || was_exact));
        }
    }

    /// To be told to the room after the commit.
    pub fn tell(&mut self, room: RoomId, rev: Rev, row: Row) {
        self.notices.push(Notice::Change(room, Change { rev, row }, None));
    }

    /// The same of somebody who is no longer in the room.
    pub fn tell_gone(&mut self, room: RoomId, rev: Rev, row: Row, why: RemovedReason) {
        self.notices.push(Notice::Change(room, Change { rev, row }, Some(why)));
    }

    /// To be told to somebody after the commit.
    pub fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    /// The room's rows are gone.
    pub(super) fn forget_room(&mut self, id: RoomId) {
        self.rooms.remove(&id);
        self.members.retain(|(room, _), _| *room != id);
    }

    /// Writes rooms and marks of reading back. What is known then holds once it is committed.
    pub(super) async fn flush(mut self) -> Result<(Vec<Notice>, Known)> {
        let members = &self.members;
        let marks =
            self.reads.keys().filter_map(|place| Some(members.get(place)?.as_ref()?.0.clone()));
        let marks: Vec<_> = marks.collect();
        for ((room, user), (read, exact)) in self.reads {
            self.notices.push(Notice::Personal(user, ServerFrame::Read { room, read, exact }));
        }
        let dirty: Vec<_> =
            self.dirty.iter().filter_map(|id| self.rooms.get(id)).cloned().collect();
        flush_counters(self.txn, &marks, &dirty).await?;
        if self.members.len() > KEPT_MAX || self.rooms.len() > KEPT_MAX {
            (self.members, self.rooms) = Default::default();
        }
        Ok((self.notices, Known { rooms: self.rooms, members: self.members, accounts: 0 }))
    }
}
