//! Which rooms new accounts join by themselves.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use shared::{access::RoomKind, ids::RoomId, problem::FieldError, rules::DEFAULT_ROOMS_MAX};

use super::{super::Batch, UpdateRoom};
use crate::{
    Result,
    tables::{lock_room_names, rooms},
};

impl UpdateRoom {
    /// Checks that a room can become one that new accounts join: it is open and not archived after the
    /// update, and there are not too many.
    pub(super) async fn check_default(
        &self,
        batch: &Batch<'_>,
        current: &rooms::Model,
    ) -> Result<()> {
        if self.changes.is_default != Some(true) {
            return Ok(());
        }
        let kind = self.changes.kind.unwrap_or(current.kind.0);
        let is_archived = self.changes.archived.unwrap_or(current.archived_at.is_some());
        if kind != RoomKind::Open || is_archived {
            let message = "can only be true for an open room that is not archived";
            return Err(FieldError::new("is_default", message).into());
        }
        if current.is_default {
            return Ok(());
        }
        // Otherwise two transactions could both take the last place.
        lock_room_names(batch.txn).await?;
        let stored = rooms::Entity::find()
            .select_only()
            .column(rooms::Column::Id)
            .filter(rooms::Column::IsDefault.eq(true))
            .filter(rooms::Column::DeletedAt.is_null());
        let stored: Vec<i64> = stored.into_tuple().all(batch.txn).await?;
        let stored: BTreeSet<RoomId> = stored.into_iter().map(RoomId).collect();
        if batch.default_rooms(stored).len() >= DEFAULT_ROOMS_MAX {
            let message = format!("can be true for at most {DEFAULT_ROOMS_MAX} rooms");
            return Err(FieldError::new("is_default", message).into());
        }
        Ok(())
    }

    /// Whether new accounts join the room after the update. A room that becomes private or is archived is no
    /// default room any more, and does not become one again by itself.
    pub(super) fn new_default(&self, changed: &rooms::Model) -> bool {
        let is_open = changed.kind.0 == RoomKind::Open && changed.archived_at.is_none();
        is_open && self.changes.is_default.unwrap_or(changed.is_default)
    }
}
