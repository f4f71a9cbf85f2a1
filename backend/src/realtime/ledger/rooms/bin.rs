//! Restores rooms from the bin.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use shared::{
    access::RoomKind,
    administration::AuditAction,
    ids::{RoomId, Seq, UserId},
    messages::Row,
    rooms::{Room, RoomEventKind},
};

use super::{
    super::{
        Batch, NewEvent, RoomWrite,
        members::{joined_frame, update_and_publish_member},
    },
    check_name_is_free,
    deletion::find_in_bin,
};
use crate::{
    Result,
    realtime::hub::NodeEvent,
    tables::{AuditRecord, audit_all, binned_rooms, count_unread, members, users},
};

/// The number of members whom one [`AnnounceRestored`] tells.
const CHUNK: u64 = 200;

/// Restores a room that was deleted less than 30 days ago, with its members, roles and read positions.
pub struct RestoreRoom {
    /// The room.
    pub room: RoomId,
    /// The caller, who manages it.
    pub by: UserId,
}

/// Tells the next members of a restored room that they are in it, and returns the last of them; `None` after
/// the last one.
pub(in crate::realtime::ledger) struct AnnounceRestored {
    /// The room.
    pub room: RoomId,
    /// The member after whom to begin.
    pub after: UserId,
}

impl RoomWrite for RestoreRoom {
    type Out = Room;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Room> {
        let row = find_in_bin(batch, self.room, self.by).await?;
        let is_open = row.kind.0 == RoomKind::Open;
        if is_open {
            check_name_is_free(batch, &row.name, Some(self.room)).await?;
        }
        binned_rooms::Entity::delete_by_id(self.room.0).exec(batch.txn).await?;
        let record = AuditRecord::in_room(AuditAction::RoomRestored, self.by, &row);
        audit_all(batch.txn, record).await?;
        let rev = batch.next_rev(self.room);
        let now = batch.now;
        batch.update_room(self.room, |room| {
            room.deleted_at = None;
            room.name_key = is_open.then(|| room.sort_key.clone());
            (room.updated_at, room.rev) = (now, rev.0);
        });
        let room: Room = batch.room(self.room)?.clone().into();
        let event = NewEvent::new(RoomEventKind::Restored, batch.actor(self.room, self.by).await?);
        batch.publish_event(self.room, rev, Row::Room(room.clone()), Some(event))?;
        Ok(room)
    }
}

impl RoomWrite for AnnounceRestored {
    type Out = Option<UserId>;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        None
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Option<UserId>> {
        batch.room(self.room)?;
        let ids = members::Entity::find()
            .select_only()
            .column(members::Column::UserId)
            .filter(members::Column::RoomId.eq(self.room.0))
            .filter(members::Column::HasLeft.eq(false))
            .filter(members::Column::UserId.gt(self.after.0))
            .order_by_asc(members::Column::UserId)
            .limit(CHUNK);
        let ids: Vec<i64> = ids.into_tuple().all(batch.txn).await?;
        let keys = || ids.iter().map(|id| (self.room, UserId(*id)));
        batch.load_members(keys()).await?;
        let mut rows = Vec::new();
        for (room, user) in keys() {
            rows.extend(batch.member_row(room, user).await?);
        }
        let position = |(row, _): &(members::Model, users::Model)| {
            ((self.room, UserId(row.user_id)), Seq(row.read_seq))
        };
        let counts = count_unread(batch.txn, rows.iter().map(position)).await?;
        for (row, user) in rows {
            let id = UserId(user.id);
            let counts = counts.get(&(self.room, id)).copied().unwrap_or_default();
            let frame = joined_frame(batch, &row, Vec::new(), counts)?;
            batch.publish(NodeEvent::ToUser { user: id, frame });
            // Ranks and display names are not published in deleted rooms.
            if !row.is_published(&user) {
                update_and_publish_member(batch, row, &user, None).await?;
            }
        }
        Ok(ids.last().map(|id| UserId(*id)))
    }
}
