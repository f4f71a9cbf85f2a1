//! Removes somebody without the way back.

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use shared::{
    access::Action,
    administration::AuditAction,
    ids::{RoomId, UserId},
    problem::Code,
};

use super::{
    super::{Batch, RoomWrite, members::remove_member},
    audit_about, authorize_against,
};
use crate::{
    Result,
    tables::{is_banned, room_bans},
};

/// Bans a present or former member: removes them, and keeps them from joining and being added. Does nothing
/// for a former member who is banned.
pub struct Ban {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub user: UserId,
    /// The caller, who manages the room.
    pub by: UserId,
}

/// Lets a banned account join and be added again.
pub struct Unban {
    /// The room.
    pub room: RoomId,
    /// The account.
    pub user: UserId,
    /// The caller, who manages the room.
    pub by: UserId,
}

impl RoomWrite for Ban {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        let (row, user) = authorize_against(batch, self.room, self.by, self.user).await?;
        if !row.has_left {
            remove_member(batch, row, user, self.by).await?;
        }
        if is_banned(batch.txn, self.room, self.user).await? {
            return Ok(());
        }
        let ban = room_bans::Model {
            room_id: self.room.0,
            user_id: self.user.0,
            banned_by: self.by.0,
            created_at: batch.now,
        };
        let ban = ban.into_active_model().reset_all();
        room_bans::Entity::insert(ban).exec_without_returning(batch.txn).await?;
        let who = (self.room, self.by, self.user);
        audit_about(batch, AuditAction::MemberBanned, who, |record| record).await
    }
}

impl RoomWrite for Unban {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        batch.authorize(self.room, self.by, Action::TimeOut).await?;
        let key = (self.room.0, self.user.0);
        let deleted = room_bans::Entity::delete_by_id(key).exec(batch.txn).await?;
        if deleted.rows_affected == 0 {
            return Err(Code::NotFound.into());
        }
        let who = (self.room, self.by, self.user);
        audit_about(batch, AuditAction::MemberUnbanned, who, |record| record).await
    }
}
