//! Making, renaming, deleting a room. Admins only, and checked here, in the same transaction.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};
use shared::{
    ids::{RoomId, UserId},
    messages::Row,
    problem::{Code, FieldError},
    rooms::Room,
    rules,
};

use super::{Batch, Notice, Write, members::enter};
use crate::{
    Error, Result,
    tables::{members, mentions, messages, rooms, row_lock, search_index},
};

/// Rows of a deleted room that one write clears away: enough to be done soon, few enough that
/// nobody who writes elsewhere has to wait for it.
const DISCARD: u64 = 500;

/// Make a room; its maker is in it.
pub struct Create {
    /// Who.
    pub by: UserId,
    /// Passed `shared::rules`.
    pub name: String,
    /// Passed `shared::rules`.
    pub topic: String,
}

/// Change a room, or delete it. What is `None` stays.
pub struct Update {
    /// Which.
    pub room: RoomId,
    /// Who.
    pub by: UserId,
    /// Passed `shared::rules`.
    pub name: Option<String>,
    /// Passed `shared::rules`.
    pub topic: Option<String>,
    /// Whether it is to go. From the commit on nothing of it can be read.
    pub delete: bool,
}

/// Clear away some rows of a deleted room; the answer is whether there are more.
pub struct Discard {
    /// Which.
    pub room: RoomId,
}

impl Write for Create {
    type Out = Room;

    fn room(&self) -> Option<RoomId> {
        None
    }

    async fn write(&self, batch: &mut Batch<'_>) -> Result<Room> {
        let by = batch.admin(self.by).await?;
        check_free(batch, &self.name, None).await?;
        let row = rooms::ActiveModel {
            id: NotSet,
            name: Set(self.name.clone()),
            name_key: Set(Some(rules::key(&self.name))),
            topic: Set(self.topic.clone()),
            created_by: Set(by.id),
            created_at: Set(batch.now),
            updated_at: Set(batch.now),
            deleted_at: Set(None),
            member_count: Set(0),
            last_seq: Set(0),
            last_rev: Set(1),
            rev: Set(1),
        };
        let room = rooms::Entity::insert(row).exec_with_returning(batch.txn).await?;
        let id = RoomId(room.id);
        batch.add_room(room);
        enter(batch, id, &by).await?;
        Ok(batch.room(id)?.clone().into())
    }
}

impl Write for Update {
    type Out = Room;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    async fn write(&self, batch: &mut Batch<'_>) -> Result<Room> {
        batch.admin(self.by).await?;
        let before = batch.room(self.room)?.clone();
        if let Some(name) = &self.name {
            check_free(batch, name, Some(self.room)).await?;
        }
        if self.delete {
            let now = batch.now;
            batch.change_room(self.room, |room| {
                room.deleted_at = Some(now);
                room.name_key = None;
            });
            batch.notice(Notice::Deleted(self.room));
            return Ok(before.into());
        }
        let name = self.name.clone().unwrap_or_else(|| before.name.clone());
        let topic = self.topic.clone().unwrap_or_else(|| before.topic.clone());
        if (&name, &topic) == (&before.name, &before.topic) {
            return Ok(before.into());
        }
        let rev = batch.next_rev(self.room);
        let now = batch.now;
        batch.change_room(self.room, |room| {
            room.name_key = Some(rules::key(&name));
            room.name = name;
            room.topic = topic;
            room.updated_at = now;
            room.rev = rev.0;
        });
        let room: Room = batch.room(self.room)?.clone().into();
        batch.tell(self.room, rev, Row::Room(room.clone()));
        Ok(room)
    }
}

async fn check_free(batch: &Batch<'_>, name: &str, except: Option<RoomId>) -> Result<()> {
    let namesake = rooms::Entity::find().filter(rooms::Column::NameKey.eq(rules::key(name)));
    match namesake.one(batch.txn).await? {
        Some(room) if except != Some(RoomId(room.id)) => {
            let mut error = Error::from(Code::RoomNameTaken);
            error.problem.errors.push(FieldError::new("name", "is the name of another room"));
            Err(error)
        }
        _ => Ok(()),
    }
}

impl Write for Discard {
    type Out = bool;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    async fn write(&self, batch: &mut Batch<'_>) -> Result<bool> {
        let room = self.room.0;
        let deleted = rooms::Entity::find_by_id(room)
            .filter(rooms::Column::DeletedAt.is_not_null())
            .count(batch.txn)
            .await?;
        if deleted == 0 {
            return Ok(false);
        }
        let some = messages::Entity::find()
            .filter(messages::Column::RoomId.eq(room))
            .order_by_asc(messages::Column::Seq)
            .limit(DISCARD)
            .lock(row_lock(batch.txn, LockType::Update))
            .all(batch.txn)
            .await?;
        if !some.is_empty() {
            search_index::remove(batch.txn, &some).await?;
            let some = messages::Column::Id.is_in(some.iter().map(|row| row.id));
            messages::Entity::delete_many().filter(some).exec(batch.txn).await?;
            return Ok(true);
        }
        let in_room = mentions::Column::RoomId.eq(room);
        mentions::Entity::delete_many().filter(in_room).exec(batch.txn).await?;
        let in_room = members::Column::RoomId.eq(room);
        members::Entity::delete_many().filter(in_room).exec(batch.txn).await?;
        rooms::Entity::delete_by_id(room).exec(batch.txn).await?;
        batch.forget_room(self.room);
        Ok(false)
    }
}
