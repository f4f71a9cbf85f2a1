//! Adds members to rooms and removes them.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use shared::{
    access::{Action, Role, RoomKind},
    ids::{RoomId, Seq, UserId},
    live::{RemovedReason, ServerFrame},
    messages::Row,
    problem::Code,
    rooms::{Member, MyRoom, RoomEventKind},
    users::UserRef,
};

use super::{Batch, NewEvent, RoomWrite};
use crate::{
    Error, Result,
    realtime::hub::NodeEvent,
    tables::{
        Stored, UnreadCounts, audit_added, audit_removed, is_banned, members, to_timestamp, users,
    },
};

mod changes;
mod direct;
mod enter;
mod join_by_invitation;
mod preferences;
mod roles;

pub(super) use changes::{MemberChanges, active_accounts};
pub use direct::{CreateDirect, DirectRoom, SetHidden};
pub use enter::EnterRoom;
pub(super) use enter::active_admin;
pub use join_by_invitation::JoinByInvitation;
pub use preferences::{SetFavourites, SetMuted};
use roles::appoint_host;
pub use roles::{PublishAccount, SetRole};
pub(super) use roles::{has_host, set_role, update_and_publish_member};

/// Joins a room. Does nothing for a user who is a member already.
pub struct JoinRoom {
    /// The room.
    pub room: RoomId,
    /// The new member.
    pub user: UserId,
}

/// Removes a member who leaves, or whom a host removes. Leaving does nothing for a user who is
/// not a member.
pub struct RemoveMember {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub user: UserId,
    /// The caller: the member, or somebody who manages the room.
    pub by: UserId,
}

/// Adds somebody to a room. Does nothing for a member.
pub struct AddMember {
    /// The room.
    pub room: RoomId,
    /// The new member.
    pub user: UserId,
    /// The caller, who may add people.
    pub by: UserId,
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
        let (user, member) = batch.authorize(self.room, self.user, Action::See).await?;
        if let Some(member) = member {
            return Ok(member.to_member(&user));
        }
        batch.authorize(self.room, self.user, Action::Join).await?;
        if is_banned(batch.txn, self.room, self.user).await? {
            return Err(Code::Banned.into());
        }
        add_member(batch, self.room, &user, NewMember::joining(&user)).await
    }
}

impl RoomWrite for AddMember {
    type Out = Member;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Member> {
        batch.authorize(self.room, self.by, Action::Invite).await?;
        match batch.member_row(self.room, self.user).await? {
            Some((row, user)) if !row.has_left => return Ok(row.to_member(&user)),
            _ => {}
        }
        let user = users::Entity::find_by_id(self.user.0).one(batch.txn).await?;
        let user = user.filter(users::Model::is_active).ok_or(Code::NotFound)?;
        check_not_banned(batch, self.room, self.user).await?;
        let added = [(self.user, Role::Member)];
        audit_added(batch.txn, batch.room(self.room)?, self.by, added).await?;
        let by = batch.actor(self.room, self.by).await?;
        let event = NewEvent::new(RoomEventKind::Added, by).for_user(&user);
        let member = NewMember { event: Some(event), ..NewMember::default() };
        add_member(batch, self.room, &user, member).await
    }
}

/// [`Code::Banned`] for an account that somebody else wants to add.
async fn check_not_banned(batch: &Batch<'_>, room: RoomId, user: UserId) -> Result<()> {
    match is_banned(batch.txn, room, user).await? {
        true => Err(Error::new(Code::Banned, BANNED)),
        false => Ok(()),
    }
}

/// The error text for a caller who adds a banned account.
pub(super) const BANNED: &str =
    "This person is banned from the room. Somebody who manages it can lift the ban.";

/// What a new member gets.
#[derive(Default)]
pub(super) struct NewMember {
    /// The role.
    pub(super) role: Role,
    /// The people of a direct room.
    people: Vec<UserRef>,
    /// Whether the room is hidden until something is posted in it.
    hidden: bool,
    /// What the timeline shows.
    pub(super) event: Option<NewEvent>,
}

impl NewMember {
    /// Somebody who joins.
    pub(super) fn joining(user: &users::Model) -> Self {
        let event = NewEvent::new(RoomEventKind::Joined, user.to_ref());
        Self { event: Some(event), ..Self::default() }
    }
}

/// Adds a member. Earlier messages do not count as unread.
pub(super) async fn add_member(
    batch: &mut Batch<'_>,
    room: RoomId,
    user: &users::Model,
    NewMember { role, people, hidden, event }: NewMember,
) -> Result<Member> {
    // A time-out and the wait of slow mode survive leaving and coming back.
    let before = batch.member_row(room, user.id.into()).await?.map(|(row, _)| row);
    let rev = batch.next_rev(room);
    batch.update_room(room, |room| room.member_count += 1);
    let room_row = batch.room(room)?.clone();
    let row = members::Model {
        room_id: room.0,
        user_id: user.id,
        joined_at: batch.now,
        has_left: false,
        left_seq: None,
        read_seq: room_row.last_seq,
        rev: rev.0,
        role: Stored(role),
        rank: user.rank,
        visible_from: room_row.visible_from().0,
        hidden_seq: hidden.then_some(room_row.last_seq),
        published_profile: user.profile_rev,
        favourite: None,
        is_muted: false,
        timed_out_until: before.as_ref().and_then(|row| row.timed_out_until),
        last_post_at: before.and_then(|row| row.last_post_at),
    };
    let member = row.to_member(user);
    batch.upsert_member(row.clone(), user.clone()).await?;
    batch.publish_member(&row, member.clone(), event)?;
    let frame = joined_frame(batch, &row, people, UnreadCounts::default())?;
    batch.publish(NodeEvent::ToUser { user: user.id.into(), frame });
    Ok(member)
}

/// The frame that tells a member that they are in a room, with what they have not read, and the people of
/// a direct room.
pub(super) fn joined_frame(
    batch: &Batch<'_>,
    member: &members::Model,
    people: Vec<UserRef>,
    counts: UnreadCounts,
) -> Result<ServerFrame> {
    let id = RoomId(member.room_id);
    let read = batch.read_state(id, member.read_seq.into(), counts)?;
    let room = batch.room(id)?.clone();
    let room = MyRoom {
        id,
        name: room.name,
        topic: room.topic,
        kind: room.kind.0,
        policies: room.policies.0,
        archived: room.archived_at.is_some(),
        read,
        role: member.role.0,
        visible_from: member.visible_from.into(),
        timed_out_until: member.timed_out_until.map(to_timestamp),
        people,
        hidden: member.hidden_seq.map(Seq),
        favourite: member.favourite,
        muted: member.is_muted,
    };
    Ok(ServerFrame::Joined { room })
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
        let is_leaving = self.by == self.user;
        let action = if is_leaving { Action::See } else { Action::Manage };
        batch.authorize(self.room, self.by, action).await?;
        if batch.room(self.room)?.kind.0 == RoomKind::Direct {
            return Err(Code::DirectRoom.into());
        }
        let row = batch.member_row(self.room, self.user).await?;
        let Some((row, user)) = row.filter(|(row, _)| !row.has_left) else {
            return if is_leaving { Ok(()) } else { Err(Code::NotFound.into()) };
        };
        remove_member(batch, row, user, self.by).await
    }
}

/// Removes a current member. If the last host leaves a private room, the member who has been there longest
/// becomes its host, because nobody else could manage it.
pub(super) async fn remove_member(
    batch: &mut Batch<'_>,
    row: members::Model,
    user: users::Model,
    by: UserId,
) -> Result<()> {
    let room = RoomId(row.room_id);
    let was_host = row.role.0 == Role::Host;
    let rev = batch.next_rev(room);
    batch.update_room(room, |room| room.member_count -= 1);
    let user_id = UserId(user.id);
    let is_leaving = by == user_id;
    // Their preferences end with the membership.
    let row = members::Model { favourite: None, is_muted: false, ..row };
    let event = match is_leaving {
        true => NewEvent::new(RoomEventKind::Left, user.to_ref()),
        false => {
            NewEvent::new(RoomEventKind::Removed, batch.actor(room, by).await?).for_user(&user)
        }
    };
    let left_seq = Some(batch.room(room)?.last_seq);
    let row = members::Model { has_left: true, left_seq, rev: rev.0, ..row }.published(&user);
    let member = row.to_member(&user);
    batch.upsert_member(row, user).await?;
    let reason = if is_leaving { RemovedReason::Left } else { RemovedReason::Removed };
    batch.publish_removal(room, (rev, Row::Member(member)), reason, event)?;
    audit_removed(batch.txn, batch.room(room)?, by, [user_id]).await?;
    if was_host && batch.room(room)?.kind.0 == RoomKind::Private && !has_host(batch, room).await? {
        appoint_host(batch, room, by).await?;
    }
    Ok(())
}

/// The rows of the current members of a room.
pub(super) fn current_rows(room: RoomId) -> Select<members::Entity> {
    members::Entity::find()
        .filter(members::Column::RoomId.eq(room.0))
        .filter(members::Column::HasLeft.eq(false))
}
