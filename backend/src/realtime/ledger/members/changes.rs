//! Replaces all members of a room by others.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use shared::{
    access::Role,
    ids::{RoomId, UserId},
    problem::FieldError,
};

use super::{super::Batch, NewMember, add_member, current_rows, remove_member};
use crate::{
    Result,
    tables::{audit_added, members, users},
};

/// The maximum number of members that one write adds and removes, because all other writes wait for it.
const MEMBER_CHANGES_MAX: usize = 250;

/// The accounts that a write adds to a room and removes from it.
pub(in crate::realtime::ledger) struct MemberChanges {
    added: Vec<users::Model>,
    removed: Vec<(members::Model, users::Model)>,
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
        for user in &self.added {
            let member = NewMember { role: role(user.id), ..NewMember::default() };
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
