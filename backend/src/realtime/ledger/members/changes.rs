//! Replaces all members of a room by others.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use shared::{
    access::Role,
    ids::{RoomId, UserId},
    problem::{Code, FieldError},
    rooms::RoomEventKind,
};

use super::{
    super::{Batch, NewEvent},
    BANNED, NewMember, add_member, current_rows, remove_member,
};
use crate::{
    Error, Result,
    tables::{audit_added, banned_among, members, users},
};

/// The maximum number of members that one write adds and removes, because all other writes wait for it.
const MEMBER_CHANGES_MAX: usize = 250;

/// The accounts that a write adds to a room and removes from it.
pub(in crate::realtime::ledger) struct MemberChanges {
    added: Vec<users::Model>,
    removed: Vec<(members::Model, users::Model)>,
    /// Whether the room is new: its first members are no events.
    is_new: bool,
}

impl MemberChanges {
    /// Finds the changes that make `wanted` the members of a room, or of a new one; writes nothing. An
    /// error in the field `users` if a new member has no account or there are too many changes.
    pub(in crate::realtime::ledger) async fn plan(
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
        if let Some(room) = room
            && !banned_among(batch.txn, room, added.iter().copied()).await?.is_empty()
        {
            return Err(Error::new(Code::Banned, BANNED));
        }
        let added = active_accounts(batch, "users", &added).await?;
        let keys = || removed.iter().filter_map(|user| Some((room?, *user)));
        batch.load_members(keys()).await?;
        let mut rows = Vec::new();
        for (room, user) in keys() {
            rows.extend(batch.member_row(room, user).await?);
        }
        Ok(Self { added, removed: rows, is_new: room.is_none() })
    }

    /// Writes and publishes the changes.
    pub(in crate::realtime::ledger) async fn apply(
        self,
        batch: &mut Batch<'_>,
        room: RoomId,
        by: UserId,
    ) -> Result<()> {
        let creator = batch.room(room)?.created_by;
        let role = |id| if id == creator { Role::Host } else { Role::Member };
        let added = self.added.iter().map(|user| (UserId(user.id), role(user.id)));
        audit_added(batch.txn, batch.room(room)?, by, added).await?;
        let actor = batch.actor(room, by).await?;
        // One query for all, instead of one for each.
        let keys = self.added.iter().map(|user| (room, UserId(user.id)));
        batch.load_members(keys).await?;
        for user in &self.added {
            let kind = match user.id == by.0 {
                true => NewEvent::new(RoomEventKind::Joined, actor.clone()),
                false => NewEvent::new(RoomEventKind::Added, actor.clone()).for_user(user),
            };
            let event = (!self.is_new).then_some(kind);
            let member = NewMember { role: role(user.id), event, ..NewMember::default() };
            add_member(batch, room, user, member).await?;
        }
        for (row, user) in self.removed {
            remove_member(batch, row, user, by).await?;
        }
        Ok(())
    }
}

async fn current_members(batch: &Batch<'_>, room: RoomId) -> Result<BTreeSet<UserId>> {
    let ids = current_rows(room).select_only().column(members::Column::UserId);
    Ok(ids.into_tuple::<i64>().all(batch.txn).await?.into_iter().map(UserId).collect())
}

/// The accounts with these ids, all of which can sign in; otherwise an error in the field.
pub(in crate::realtime::ledger) async fn active_accounts(
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
        .filter(C::IsDisabled.eq(false))
        .filter(C::IsPending.eq(false));
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
