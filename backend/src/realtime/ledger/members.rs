//! Adds members to rooms, removes them, and publishes their roles.

use shared::{
    ids::{RoomId, UserId},
    live::{RemovedReason, ServerFrame},
    messages::Row,
    problem::Code,
    rooms::{Member, MyRoom},
};

use super::{Batch, RoomWrite};
use crate::{
    Result,
    realtime::hub::NodeEvent,
    tables::{UnreadCounts, members, users},
};

/// Joins a room. Does nothing for a user who is a member already.
pub struct JoinRoom {
    /// The room.
    pub room: RoomId,
    /// The new member.
    pub user: UserId,
}

/// Removes a member who leaves, or whom an admin removes. Leaving does nothing for a user who is
/// not a member.
pub struct RemoveMember {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub user: UserId,
    /// The caller: the member, or an admin.
    pub by: UserId,
}

/// Publishes the role of a member as a change of the room. Does nothing if the last change of the member
/// published it, so any node may try after a change of the account.
pub struct PublishRole {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub user: UserId,
}

impl RoomWrite for JoinRoom {
    type Out = Member;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.user)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Member> {
        batch.room(self.room)?;
        let user = batch.active_user(self.user).await?;
        match batch.member_row(self.room, self.user).await? {
            Some((row, _)) if !row.has_left => Ok(row.to_member(&user)),
            _ => add_member(batch, self.room, &user).await,
        }
    }
}

/// Adds a member. Earlier messages do not count as unread.
pub(super) async fn add_member(
    batch: &mut Batch<'_>,
    room: RoomId,
    user: &users::Model,
) -> Result<Member> {
    let rev = batch.next_rev(room);
    batch.update_room(room, |room| room.member_count += 1);
    let room_row = batch.room(room)?.clone();
    let row = members::Model {
        room_id: room.0,
        user_id: user.id,
        joined_at: batch.now,
        has_left: false,
        read_seq: room_row.last_seq,
        rev: rev.0,
        is_admin: user.is_admin,
    };
    let member = row.to_member(user);
    batch.upsert_member(row, user.clone()).await?;
    batch.publish_row(room, rev, Row::Member(member.clone()));
    let read = batch.read_state(room, room_row.last_seq.into(), UnreadCounts::default())?;
    let joined =
        MyRoom { id: room, name: room_row.name, topic: room_row.topic, read, role: member.role };
    let frame = ServerFrame::Joined { room: joined };
    batch.publish(NodeEvent::ToUser { user: user.id.into(), frame });
    Ok(member)
}

impl RoomWrite for RemoveMember {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        batch.room(self.room)?;
        let is_leaving = self.by == self.user;
        if is_leaving {
            batch.active_user(self.by).await?
        } else {
            batch.active_admin(self.by).await?
        };
        let row = batch.member_row(self.room, self.user).await?;
        let Some((row, user)) = row.filter(|(row, _)| !row.has_left) else {
            return if is_leaving { Ok(()) } else { Err(Code::NotFound.into()) };
        };
        let rev = batch.next_rev(self.room);
        batch.update_room(self.room, |room| room.member_count -= 1);
        let is_admin = user.is_admin;
        let row = members::Model { has_left: true, rev: rev.0, is_admin, ..row };
        let member = row.to_member(&user);
        batch.upsert_member(row, user).await?;
        let reason = if is_leaving { RemovedReason::Left } else { RemovedReason::Removed };
        batch.publish_removal(self.room, rev, Row::Member(member), reason);
        Ok(())
    }
}

impl RoomWrite for PublishRole {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        None
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        batch.room(self.room)?;
        let row = batch.member_row(self.room, self.user).await?;
        let is_outdated = |row: &members::Model, user: &users::Model| {
            !row.has_left && row.is_admin != user.is_admin
        };
        let Some((row, user)) = row.filter(|(row, user)| is_outdated(row, user)) else {
            return Ok(());
        };
        let rev = batch.next_rev(self.room);
        let row = members::Model { rev: rev.0, is_admin: user.is_admin, ..row };
        let member = row.to_member(&user);
        batch.update_role(row).await?;
        batch.publish_row(self.room, rev, Row::Member(member));
        Ok(())
    }
}
