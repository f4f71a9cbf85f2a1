//! Keeps a member from posting for a while.

use shared::{
    access::Action,
    administration::AuditAction,
    ids::{RoomId, UserId},
    problem::Code,
    rooms::Member,
};

use super::{
    super::{Batch, RoomWrite, members::update_and_publish_member},
    audit_about, authorize_against,
};
use crate::{
    Result,
    tables::{AuditRecord, members},
};

/// Begins, replaces or ends the time-out of a member, who reads all the same.
pub struct TimeOut {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub user: UserId,
    /// The caller, who manages the room.
    pub by: UserId,
    /// Its length from now on in minutes; `None` ends it.
    pub minutes: Option<u32>,
}

impl RoomWrite for TimeOut {
    type Out = Member;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Member> {
        let (row, user) = match self.minutes {
            Some(_) => authorize_against(batch, self.room, self.by, self.user).await?,
            // Also of somebody who manages the room by now.
            None => {
                batch.authorize(self.room, self.by, Action::TimeOut).await?;
                batch.member_row(self.room, self.user).await?.ok_or(Code::NotFound)?
            }
        };
        if row.has_left {
            return Err(Code::NotFound.into());
        }
        let is_timed_out = row.timed_out_until.is_some_and(|until| until > batch.now);
        if self.minutes.is_none() && !is_timed_out {
            return Ok(row.to_member(&user));
        }
        let end = self.minutes.map(|minutes| batch.now + i64::from(minutes) * 60_000_000);
        let who = (self.room, self.by, self.user);
        match self.minutes {
            Some(minutes) => {
                let complete = |record: AuditRecord| record.new_value(minutes);
                audit_about(batch, AuditAction::MemberTimedOut, who, complete).await?;
            }
            None => audit_about(batch, AuditAction::TimeOutEnded, who, |record| record).await?,
        }
        update_and_publish_member(
            batch,
            members::Model { timed_out_until: end, ..row },
            &user,
            None,
        )
        .await
    }
}
