//! Deletes rooms: into the bin, from which `bin` restores them, or for good. `PurgeRoom` later
//! deletes their rows.

use std::{net::IpAddr, time::Duration};

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use shared::{
    access::{Action, RoomKind, check},
    administration::AuditAction,
    ids::{RoomId, UserId},
    problem::Code,
};

use super::super::{
    Batch, RoomWrite,
    members::active_admin,
    purge::{BIN, purge_job},
};
use crate::{
    Error, Result,
    realtime::{hub::NodeEvent, jobs::enqueue},
    tables::{AuditRecord, audit_all, binned_rooms, rooms, rooms_in_bin},
};

/// Deletes a room: nothing in it can be read after the commit. For 30 days, it can be restored.
pub struct DeleteRoom {
    /// The room.
    pub room: RoomId,
    /// The caller, who manages it.
    pub by: UserId,
    /// Whether it cannot be restored. Also deletes a room that is in the bin.
    pub for_good: bool,
}

/// Deletes a private room without members, which nobody could manage.
pub struct DeleteAbandonedRoom {
    /// The room.
    pub room: RoomId,
    /// The caller, an admin.
    pub by: UserId,
    /// The address of the caller.
    pub address: IpAddr,
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
        if batch.room(self.room).is_err() && self.for_good {
            let room = find_in_bin(batch, self.room, self.by).await?;
            binned_rooms::Entity::delete_by_id(room.id).exec(batch.txn).await?;
            let record = AuditRecord::in_room(AuditAction::RoomDeleted, self.by, &room);
            audit_all(batch.txn, record).await?;
            return enqueue_purge(batch, self.room, Duration::ZERO).await;
        }
        batch.authorize(self.room, self.by, Action::Manage).await?;
        let record =
            AuditRecord::in_room(AuditAction::RoomDeleted, self.by, batch.room(self.room)?);
        if self.for_good {
            return delete(batch, self.room, record, Duration::ZERO).await;
        }
        let row =
            binned_rooms::ActiveModel { room_id: Set(self.room.0), binned_at: Set(batch.now) };
        row.insert(batch.txn).await?;
        let record = record.map(|record| record.new_value("bin"));
        delete(batch, self.room, record, BIN).await
    }
}

impl RoomWrite for DeleteAbandonedRoom {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        active_admin(batch, self.by).await?;
        let room = batch.room(self.room)?;
        match room.kind.0 {
            RoomKind::Open => drop(batch.authorize(self.room, self.by, Action::Manage).await?),
            RoomKind::Private if room.member_count > 0 => return Err(Code::RoomHasMembers.into()),
            RoomKind::Private => {}
            RoomKind::Direct => return Err(Code::NotFound.into()),
        }
        let record =
            AuditRecord::in_room(AuditAction::RoomDeleted, self.by, batch.room(self.room)?);
        let record = record.map(|record| record.address(self.address));
        delete(batch, self.room, record, Duration::ZERO).await
    }
}

/// A room in the bin that somebody may manage; 404 for any other.
pub(super) async fn find_in_bin(
    batch: &mut Batch<'_>,
    room: RoomId,
    by: UserId,
) -> Result<rooms::Model> {
    let row = rooms::Entity::find_by_id(room.0)
        .filter(rooms::Column::Id.in_subquery(rooms_in_bin(batch.now)));
    let row = row.one(batch.txn).await?.ok_or(Code::NotFound)?;
    let user = batch.active_user(by).await?;
    let member = batch.member_row(room, by).await?;
    let role = member.and_then(|(member, _)| member.current_role());
    let may = check(user.rank.0, &row.access(), role, Action::Manage);
    may.map_err(|_| Error::from(Code::NotFound))?;
    Ok(row)
}

/// Hides a room, whose rows a job deletes after a time.
async fn delete(
    batch: &mut Batch<'_>,
    room: RoomId,
    record: Option<AuditRecord>,
    purged_after: Duration,
) -> Result<()> {
    audit_all(batch.txn, record).await?;
    enqueue_purge(batch, room, purged_after).await?;
    let now = batch.now;
    batch.update_room(room, |room| {
        room.deleted_at = Some(now);
        room.name_key = None;
        room.is_default = false;
    });
    batch.publish(NodeEvent::RoomDeleted { room });
    Ok(())
}

async fn enqueue_purge(batch: &Batch<'_>, room: RoomId, after: Duration) -> Result<()> {
    Ok(enqueue(batch.txn, purge_job(room).after(after)).await?)
}
