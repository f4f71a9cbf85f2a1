//! Creates, updates and deletes rooms. The transaction checks that the caller is an admin.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter,
};
use shared::{
    ids::{RoomId, UserId},
    messages::Row,
    problem::{Code, FieldError},
    rooms::Room,
    rules,
};

use super::{Batch, RoomWrite, members::add_member};
use crate::{
    Error, Result,
    realtime::hub::NodeEvent,
    tables::{lock_room_names, rooms},
};

/// Creates a room; its creator becomes a member.
pub struct CreateRoom {
    /// The admin.
    pub by: UserId,
    /// The name, validated by `shared::rules`.
    pub name: String,
    /// The topic, validated by `shared::rules`.
    pub topic: String,
}

/// Changes the name or the topic of a room; `None` keeps it.
pub struct UpdateRoom {
    /// The room.
    pub room: RoomId,
    /// The admin.
    pub by: UserId,
    /// The new name, validated by `shared::rules`.
    pub name: Option<String>,
    /// The new topic, validated by `shared::rules`.
    pub topic: Option<String>,
}

/// Marks a room as deleted: nothing in it can be read after the commit. [`PurgeRoom`] then deletes
/// its rows.
pub struct DeleteRoom {
    /// The room.
    pub room: RoomId,
    /// The admin.
    pub by: UserId,
}

impl RoomWrite for CreateRoom {
    type Out = Room;

    fn room(&self) -> Option<RoomId> {
        None
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Room> {
        let creator = batch.active_admin(self.by).await?;
        check_name_is_free(batch, &self.name, None).await?;
        let row = rooms::ActiveModel {
            id: NotSet,
            name: Set(self.name.clone()),
            name_key: Set(Some(rules::name_key(&self.name))),
            topic: Set(self.topic.clone()),
            created_by: Set(creator.id),
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
        add_member(batch, id, &creator).await?;
        Ok(batch.room(id)?.clone().into())
    }
}

impl RoomWrite for UpdateRoom {
    type Out = Room;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Room> {
        batch.active_admin(self.by).await?;
        let current = batch.room(self.room)?.clone();
        if let Some(name) = &self.name {
            check_name_is_free(batch, name, Some(self.room)).await?;
        }
        let name = self.name.clone().unwrap_or_else(|| current.name.clone());
        let topic = self.topic.clone().unwrap_or_else(|| current.topic.clone());
        if (&name, &topic) == (&current.name, &current.topic) {
            return Ok(current.into());
        }
        let rev = batch.next_rev(self.room);
        let now = batch.now;
        batch.update_room(self.room, |room| {
            room.name_key = Some(rules::name_key(&name));
            room.name = name;
            room.topic = topic;
            room.updated_at = now;
            room.rev = rev.0;
        });
        let room: Room = batch.room(self.room)?.clone().into();
        batch.publish_row(self.room, rev, Row::Room(room.clone()));
        Ok(room)
    }
}

impl RoomWrite for DeleteRoom {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        batch.active_admin(self.by).await?;
        batch.room(self.room)?;
        let now = batch.now;
        batch.update_room(self.room, |room| {
            room.deleted_at = Some(now);
            room.name_key = None;
        });
        batch.publish(NodeEvent::RoomDeleted { room: self.room });
        Ok(())
    }
}

/// Fails with [`Code::RoomNameTaken`] if another room has the name, and keeps other transactions from
/// taking it until the commit.
///
/// Without the lock, the unique index would refuse one of two concurrent writes only after this check,
/// and the error would abort the whole batch.
async fn check_name_is_free(batch: &Batch<'_>, name: &str, except: Option<RoomId>) -> Result<()> {
    lock_room_names(batch.txn).await?;
    let key = rules::name_key(name);
    let stored = rooms::Entity::find().filter(rooms::Column::NameKey.eq(&*key)).one(batch.txn);
    let stored = stored.await?.map(|room| RoomId(room.id));
    // The batch may have renamed another room, which is not written yet.
    match stored.or_else(|| batch.changed_room_with_name(&key)) {
        Some(room) if except != Some(room) => {
            let mut error = Error::from(Code::RoomNameTaken);
            error.problem.errors.push(FieldError::new("name", "is taken by another room"));
            Err(error)
        }
        _ => Ok(()),
    }
}
