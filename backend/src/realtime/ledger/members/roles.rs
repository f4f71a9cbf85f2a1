//! Changes the roles of members, and publishes their ranks and display names.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use shared::{
    access::{Action, Rank, Role, RoomKind},
    ids::{RoomId, UserId},
    problem::{Code, FieldError},
    rooms::{Member, RoomEventKind},
};

use super::{
    super::{Batch, NewEvent, RoomWrite},
    current_rows,
};
use crate::{
    Result,
    tables::{Stored, audit_role, members, users},
};

/// Changes the role of a member.
pub struct SetRole {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub user: UserId,
    /// The new role.
    pub role: Role,
    /// The caller, who manages the room.
    pub by: UserId,
}

/// Publishes the rank and the display name of a member as a change of the room. Does nothing if the last
/// change of the member published them, so any node may try after a change of the account.
pub struct PublishAccount {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub user: UserId,
}

/// Whether a room has a host.
pub(in crate::realtime::ledger) async fn has_host(batch: &Batch<'_>, room: RoomId) -> Result<bool> {
    let host = current_rows(room).filter(members::Column::Role.eq(Stored(Role::Host)));
    Ok(host.one(batch.txn).await?.is_some())
}

/// Makes the member who has been in a room longest its host, after `by` removed the last one; guests only
/// if there is nobody else.
pub(super) async fn appoint_host(batch: &mut Batch<'_>, room: RoomId, by: UserId) -> Result<()> {
    let longest = current_rows(room)
        .order_by_asc(members::Column::Rank.eq(Stored(Rank::Guest)))
        .order_by_asc(members::Column::JoinedAt)
        .order_by_asc(members::Column::UserId);
    let Some(row) = longest.one(batch.txn).await? else { return Ok(()) };
    let Some((row, user)) = batch.member_row(room, row.user_id.into()).await? else {
        return Ok(());
    };
    set_role(batch, row, &user, Role::Host, by).await.map(drop)
}

/// Writes and publishes a new role of a current member, and writes it into the audit log.
pub(in crate::realtime::ledger) async fn set_role(
    batch: &mut Batch<'_>,
    row: members::Model,
    user: &users::Model,
    role: Role,
    by: UserId,
) -> Result<Member> {
    let (room, roles) = (RoomId(row.room_id), (row.role.0, role));
    audit_role(batch.txn, batch.room(room)?, UserId(user.id), by, roles).await?;
    let event = match role {
        Role::Host => Some(
            NewEvent::new(RoomEventKind::MadeHost, batch.actor(room, by).await?).for_user(user),
        ),
        Role::Reader | Role::Member => None,
    };
    // A host is not timed out, and is not again after they were host.
    let timed_out_until = row.timed_out_until.filter(|_| role != Role::Host);
    let row = members::Model { role: Stored(role), timed_out_until, ..row };
    update_and_publish_member(batch, row, user, event).await
}

/// Writes and publishes the role, the rank and the display name of a current member, with what the timeline
/// shows of it.
pub(in crate::realtime::ledger) async fn update_and_publish_member(
    batch: &mut Batch<'_>,
    row: members::Model,
    user: &users::Model,
    event: Option<NewEvent>,
) -> Result<Member> {
    let room = RoomId(row.room_id);
    let rev = batch.next_rev(room);
    let row = members::Model { rev: rev.0, ..row }.published(user);
    batch.update_member_row(&row).await?;
    let member = row.to_member(user);
    batch.publish_member(&row, member.clone(), event)?;
    Ok(member)
}

impl RoomWrite for SetRole {
    type Out = Member;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Member> {
        batch.authorize(self.room, self.by, Action::Manage).await?;
        let row = batch.member_row(self.room, self.user).await?;
        let (row, user) = row.filter(|(row, _)| !row.has_left).ok_or(Code::NotFound)?;
        if row.role.0 == self.role {
            return Ok(row.to_member(&user));
        }
        if self.role == Role::Host && user.rank.0 == Rank::Guest {
            return Err(FieldError::new("role", "cannot be host for a guest").into());
        }
        let was_host = row.role.0 == Role::Host;
        if was_host && batch.room(self.room)?.kind.0 == RoomKind::Private {
            let others = current_rows(self.room)
                .filter(members::Column::Role.eq(Stored(Role::Host)))
                .filter(members::Column::UserId.ne(self.user.0));
            if others.one(batch.txn).await?.is_none() {
                return Err(Code::LastHost.into());
            }
        }
        set_role(batch, row, &user, self.role, self.by).await
    }
}

impl RoomWrite for PublishAccount {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        None
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        batch.room(self.room)?;
        match batch.member_row(self.room, self.user).await? {
            Some((row, user)) if !row.has_left && !row.is_published(&user) => {
                update_and_publish_member(batch, row, &user, None).await.map(drop)
            }
            _ => Ok(()),
        }
    }
}
