//! Joins the rooms of an invitation.

use sea_orm::EntityTrait;
use shared::{
    access::Action,
    ids::{RoomId, UserId},
    rooms::RoomEventKind,
};

use super::{
    super::{Batch, NewEvent, RoomWrite},
    NewMember, add_member,
};
use crate::{
    Error, Result,
    tables::{is_banned, pending_joins, users},
};

/// Executes a pending join and deletes its row, so that it happens once, although several nodes may try.
/// Joins nothing if who invited may not add people to the room any more. Accounts "invite" themselves to the
/// default rooms, and join nothing if the room can no longer be joined.
pub struct JoinByInvitation {
    /// The room.
    pub room: RoomId,
    /// The new member.
    pub user: UserId,
}

impl RoomWrite for JoinByInvitation {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.user)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        let key = (self.user.0, self.room.0);
        let Some(join) = pending_joins::Entity::find_by_id(key).one(batch.txn).await? else {
            return Ok(());
        };
        let user = self.new_member(batch, join.invited_by.into()).await?;
        let deleted = pending_joins::Entity::delete_by_id(key).exec(batch.txn).await?;
        match user {
            Some(user) if deleted.rows_affected == 1 => {
                let by = batch.actor(self.room, join.invited_by.into()).await?;
                // Nobody invited those who join the default rooms.
                let event = match join.invited_by == self.user.0 {
                    true => NewEvent::new(RoomEventKind::Joined, by),
                    false => NewEvent::new(RoomEventKind::Invited, by).for_user(&user),
                };
                let member = NewMember { event: Some(event), ..NewMember::default() };
                add_member(batch, self.room, &user, member).await.map(drop)
            }
            _ => Ok(()),
        }
    }
}

impl JoinByInvitation {
    /// The account that joins; `None` if it is a member already or banned, or if it or who invited it
    /// lost the right.
    async fn new_member(
        &self,
        batch: &mut Batch<'_>,
        invited_by: UserId,
    ) -> Result<Option<users::Model>> {
        let action = if invited_by == self.user { Action::Join } else { Action::Invite };
        if !is_allowed(batch.authorize(self.room, invited_by, action).await)? {
            return Ok(None);
        }
        let member = batch.member_row(self.room, self.user).await?;
        if member.is_some_and(|(row, _)| !row.has_left) {
            return Ok(None);
        }
        if is_banned(batch.txn, self.room, self.user).await? {
            return Ok(None);
        }
        let user = users::Entity::find_by_id(self.user.0).one(batch.txn).await?;
        Ok(user.filter(users::Model::is_active))
    }
}

/// Whether a check passed; an error of the database is neither a yes nor a no.
fn is_allowed<T>(checked: Result<T>) -> Result<bool> {
    match checked {
        Ok(_) => Ok(true),
        Err(error) if is_refusal(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_refusal(error: &Error) -> bool {
    error.problem.status < 500 && !error.code().is_retryable()
}
