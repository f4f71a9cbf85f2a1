//! Adds members to rooms, removes them, and publishes their roles.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use shared::{
    ids::{RoomId, UserId},
    live::{RemovedReason, ServerFrame},
    messages::Row,
    problem::{Code, FieldError},
    rooms::{Member, MyRoom},
};

use super::{Batch, RoomWrite};
use crate::{
    Result,
    realtime::hub::NodeEvent,
    tables::{UnreadCounts, members, users},
};

/// The maximum number of members that one write adds and removes, because all other writes wait for it.
const MEMBER_CHANGES_MAX: usize = 250;

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
        remove_member(batch, row, user, self.by).await
    }
}

/// Removes a current member.
async fn remove_member(
    batch: &mut Batch<'_>,
    row: members::Model,
    user: users::Model,
    by: UserId,
) -> Result<()> {
    let room = RoomId(row.room_id);
    let rev = batch.next_rev(room);
    batch.update_room(room, |room| room.member_count -= 1);
    let (is_leaving, is_admin) = (by.0 == user.id, user.is_admin);
    let row = members::Model { has_left: true, rev: rev.0, is_admin, ..row };
    let member = row.to_member(&user);
    batch.upsert_member(row, user).await?;
    let reason = if is_leaving { RemovedReason::Left } else { RemovedReason::Removed };
    batch.publish_removal(room, rev, Row::Member(member), reason);
    Ok(())
}

/// The accounts that a write adds to a room and removes from it.
pub(super) struct MemberChanges {
    added: Vec<users::Model>,
    removed: Vec<(members::Model, users::Model)>,
}

impl MemberChanges {
    /// Finds the changes that make `wanted` the members of a room, or of a new one; writes nothing. An
    /// error in the field `users` if a new member has no account or there are too many changes.
    pub(super) async fn plan(
        batch: &mut Batch<'_>,
        room: Option<RoomId>,
        wanted: &BTreeSet<UserId>,
    ) -> Result<Self> {
        let current = match room {
            Some(room) => current_members(batch, room).await?,
            None => BTreeSet::new(),
        };
        let added: BTreeSet<UserId> = wanted.difference(&current).copied().collect();
        let removed: Vec<UserId> = current.difference(wanted).copied().collect();
        let count = added.len() + removed.len();
        if count > MEMBER_CHANGES_MAX {
            let message = format!(
                "A request can add and remove at most {MEMBER_CHANGES_MAX} members, but this one \
                 changes {count}."
            );
            return Err(FieldError::new("users", message).into());
        }
        let added = active_accounts(batch, "users", &added).await?;
        let keys = || removed.iter().filter_map(|user| Some((room?, *user)));
        batch.load_members(keys()).await?;
        let mut rows = Vec::new();
        for (room, user) in keys() {
            rows.extend(batch.member_row(room, user).await?);
        }
        Ok(Self { added, removed: rows })
    }

    /// Writes and publishes the changes.
    pub(super) async fn apply(self, batch: &mut Batch<'_>, room: RoomId, by: UserId) -> Result<()> {
        for user in &self.added {
            add_member(batch, room, user).await?;
        }
        for (row, user) in self.removed {
            remove_member(batch, row, user, by).await?;
        }
        Ok(())
    }
}

async fn current_members(batch: &Batch<'_>, room: RoomId) -> Result<BTreeSet<UserId>> {
    use members::Column as C;
    let ids = members::Entity::find()
        .select_only()
        .column(C::UserId)
        .filter(C::RoomId.eq(room.0))
        .filter(C::HasLeft.eq(false));
    Ok(ids.into_tuple::<i64>().all(batch.txn).await?.into_iter().map(UserId).collect())
}

/// The accounts with these ids, none of them disabled; otherwise an error in the field.
pub(super) async fn active_accounts(
    batch: &Batch<'_>,
    field: &str,
    ids: &BTreeSet<UserId>,
) -> Result<Vec<users::Model>> {
    use users::Column as C;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let select = users::Entity::find()
        .filter(C::Id.is_in(ids.iter().map(|id| id.0)))
        .filter(C::IsDisabled.eq(false));
    let accounts = select.all(batch.txn).await?;
    let found: BTreeSet<UserId> = accounts.iter().map(|user| UserId(user.id)).collect();
    match ids.difference(&found).next() {
        Some(id) => {
            let message = format!("Invalid pk \"{id}\" - object does not exist.");
            Err(FieldError::new(field, message).into())
        }
        None => Ok(accounts),
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
