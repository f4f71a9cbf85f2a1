//! Creates, updates and deletes rooms. The transaction checks that the caller is an admin.

use std::collections::BTreeSet;

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

use super::{
    Batch, RoomWrite,
    members::{MemberChanges, active_accounts},
};
use crate::{
    Error, Result,
    realtime::hub::NodeEvent,
    tables::{lock_room_names, rooms},
};

/// Creates a room.
pub struct CreateRoom {
    /// The admin.
    pub by: UserId,
    /// The name, validated by `shared::rules`.
    pub name: String,
    /// The topic, validated by `shared::rules`; `None` for a room without one.
    pub topic: Option<String>,
    /// The creator, if it is not the admin.
    pub created_by: Option<UserId>,
    /// The members; only the creator by default.
    pub members: Option<BTreeSet<UserId>>,
}

/// Changes a room; `None` keeps a field.
pub struct UpdateRoom {
    /// The room.
    pub room: RoomId,
    /// The admin.
    pub by: UserId,
    /// The new name, validated by `shared::rules`.
    pub name: Option<String>,
    /// The new topic, validated by `shared::rules`; `Some(None)` removes it.
    pub topic: Option<Option<String>>,
    /// The account that counts as its creator.
    pub created_by: Option<UserId>,
    /// All members: others are removed.
    pub members: Option<BTreeSet<UserId>>,
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
        let admin = batch.active_admin(self.by).await?;
        check_name_is_free(batch, &self.name, None).await?;
        let created_by = find_creator(batch, self.created_by).await?.unwrap_or(admin.id);
        let members = self.members.clone().unwrap_or_else(|| [created_by.into()].into());
        let members = MemberChanges::plan(batch, None, &members).await?;
        let row = rooms::ActiveModel {
            id: NotSet,
            name: Set(self.name.clone()),
            name_key: Set(Some(rules::name_key(&self.name))),
            topic: Set(self.topic.clone().unwrap_or_default()),
            has_topic: Set(self.topic.is_some()),
            created_by: Set(created_by),
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
        members.apply(batch, id, self.by).await?;
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
        let is_new = |id: &UserId| id.0 != current.created_by;
        let created_by = find_creator(batch, self.created_by.filter(is_new)).await?;
        let members = match &self.members {
            Some(wanted) => Some(MemberChanges::plan(batch, Some(self.room), wanted).await?),
            None => None,
        };
        self.update_row(batch, &current, created_by)?;
        if let Some(members) = members {
            members.apply(batch, self.room, self.by).await?;
        }
        Ok(batch.room(self.room)?.clone().into())
    }
}

impl UpdateRoom {
    /// Writes and publishes the room if it changes.
    fn update_row(
        &self,
        batch: &mut Batch<'_>,
        current: &rooms::Model,
        created_by: Option<i64>,
    ) -> Result<()> {
        let mut changed = current.clone();
        if let Some(name) = &self.name {
            changed.name.clone_from(name);
            changed.name_key = Some(rules::name_key(name));
        }
        if let Some(topic) = &self.topic {
            changed.has_topic = topic.is_some();
            changed.topic = topic.clone().unwrap_or_default();
        }
        changed.created_by = created_by.unwrap_or(current.created_by);
        if changed == *current {
            return Ok(());
        }
        let rev = batch.next_rev(self.room);
        changed.updated_at = batch.now;
        (changed.rev, changed.last_rev) = (rev.0, rev.0);
        batch.update_room(self.room, |room| *room = changed);
        let room: Room = batch.room(self.room)?.clone().into();
        batch.publish_row(self.room, rev, Row::Room(room));
        Ok(())
    }
}

/// The id of the account that shall count as the creator of a room.
async fn find_creator(batch: &Batch<'_>, id: Option<UserId>) -> Result<Option<i64>> {
    let id: BTreeSet<UserId> = id.into_iter().collect();
    Ok(active_accounts(batch, "created_by", &id).await?.first().map(|user| user.id))
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
