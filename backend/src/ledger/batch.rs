//! One transaction's view of the rooms it touches: read and locked once, written back once.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};
use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    messages::{Change, Row},
    problem::Code,
};

use super::Notice;
use crate::{
    Result,
    tables::{members, now, rooms, users},
};

/// The rooms, counters and notices of one transaction.
pub struct Batch<'t> {
    /// The transaction.
    pub txn: &'t DatabaseTransaction,
    /// The moment of everything in it.
    pub now: i64,
    rooms: BTreeMap<i64, rooms::Model>,
    dirty: BTreeSet<i64>,
    notices: Vec<Notice>,
}

impl<'t> Batch<'t> {
    pub(super) fn new(txn: &'t DatabaseTransaction) -> Self {
        Self {
            txn,
            now: now(),
            rooms: BTreeMap::new(),
            dirty: BTreeSet::new(),
            notices: Vec::new(),
        }
    }

    /// A room that is not deleted, locked until the commit.
    pub async fn room(&mut self, id: RoomId) -> Result<&rooms::Model> {
        if !self.rooms.contains_key(&id.0) {
            let row = rooms::Entity::find_by_id(id.0).lock_exclusive().one(self.txn).await?;
            self.rooms.insert(id.0, row.ok_or(Code::NotFound)?);
        }
        match &self.rooms[&id.0] {
            room if room.deleted_at.is_some() => Err(Code::NotFound.into()),
            room => Ok(room),
        }
    }

    /// Changes a room that [`Batch::room`] has given; it is written at the end.
    pub fn change_room(&mut self, id: RoomId, change: impl FnOnce(&mut rooms::Model)) {
        if let Some(room) = self.rooms.get_mut(&id.0) {
            change(room);
            self.dirty.insert(id.0);
        }
    }

    /// Adds a room that was just made.
    pub fn add_room(&mut self, room: rooms::Model) {
        self.rooms.insert(room.id, room);
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

    /// Somebody's row in a room, whether they have left or not.
    pub async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<members::Model>> {
        Ok(members::Entity::find_by_id((room.0, user.0)).one(self.txn).await?)
    }

    /// Somebody who is in the room and may act.
    pub async fn member(
        &self,
        room: RoomId,
        user: UserId,
    ) -> Result<(members::Model, users::Model)> {
        let row = members::Entity::find_by_id((room.0, user.0))
            .filter(members::Column::HasLeft.eq(false))
            .find_also_related(users::Entity)
            .one(self.txn)
            .await?;
        match row {
            Some((_, Some(user))) if user.is_disabled => Err(Code::Unauthenticated.into()),
            Some((member, Some(user))) => Ok((member, user)),
            _ => Err(Code::NotAMember.into()),
        }
    }

    /// To be told to the room after the commit.
    pub fn tell(&mut self, room: RoomId, rev: Rev, row: Row) {
        self.notices.push(Notice::Change(room, Change { rev, row }));
    }

    /// To be told to somebody after the commit.
    pub fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    /// Writes the rooms back.
    pub(super) async fn flush(mut self) -> Result<Vec<Notice>> {
        for id in &self.dirty {
            let Some(room) = self.rooms.remove(id) else { continue };
            let mut row = room.clone().into_active_model();
            row.name = Set(room.name);
            row.name_key = Set(room.name_key);
            row.topic = Set(room.topic);
            row.updated_at = Set(room.updated_at);
            row.deleted_at = Set(room.deleted_at);
            row.member_count = Set(room.member_count);
            row.last_seq = Set(room.last_seq);
            row.last_rev = Set(room.last_rev);
            row.rev = Set(room.rev);
            rooms::Entity::update(row).exec_without_returning(self.txn).await?;
        }
        Ok(self.notices)
    }
}
