//! Queries for invitations.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use shared::{
    access::{Action, Role, may},
    admission::{Invitation, InvitationList},
    ids::{InvitationId, RoomId, UserId},
    users::{User, UserRef},
};

use crate::{
    Result,
    tables::{
        Connection, invitation_uses, invitations, members, rooms, to_timestamp, users,
        visible_rooms,
    },
};

/// The first of these rooms to which a user may not add people; also one that does not exist.
pub async fn find_closed_room(
    db: &impl Connection,
    user: &User,
    ids: &[RoomId],
) -> Result<Option<RoomId>> {
    use members::Column as M;
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let visible = rooms::Entity::find()
        .filter(visible_rooms(user.id, user.rank))
        .filter(rooms::Column::Id.is_in(ids.iter().copied()));
    let visible = visible.all(db).await?.into_iter();
    let visible: HashMap<i64, rooms::Model> = visible.map(|room| (room.id, room)).collect();
    let memberships = members::Entity::find()
        .filter(M::UserId.eq(user.id.0))
        .filter(M::HasLeft.eq(false))
        .filter(M::RoomId.is_in(ids.iter().copied()));
    let memberships = memberships.all(db).await?.into_iter();
    let roles: HashMap<i64, Role> = memberships.map(|row| (row.room_id, row.role.0)).collect();
    let may_add = |id: &i64| {
        let role = roles.get(id).copied();
        visible.get(id).is_some_and(|room| may(user.rank, &room.access(), role, Action::Invite))
    };
    Ok(ids.iter().find(|id| !may_add(id)).copied().map(RoomId))
}

/// A page of the invitations of an account, or of all, newest first, as a user sees them.
pub async fn list(
    db: &impl Connection,
    user: &User,
    created_by: Option<UserId>,
    before: Option<InvitationId>,
    limit: u64,
) -> Result<InvitationList> {
    use invitations::Column as C;
    let mut select = invitations::Entity::find()
        .order_by_desc(C::Id)
        .limit(limit + 1)
        .find_also_related(users::Entity);
    if let Some(created_by) = created_by {
        select = select.filter(C::CreatedBy.eq(created_by.0));
    }
    if let Some(before) = before {
        select = select.filter(C::Id.lt(before.0));
    }
    let mut rows = select.all(db).await?;
    let has_more = rows.len() as u64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|(row, _)| InvitationId(row.id));
    let mut used_by = find_users(db, rows.iter().map(|(row, _)| row.id).collect()).await?;
    let ids = rows.iter().flat_map(|(row, _)| row.rooms.0.iter().copied());
    let visible = find_visible(db, user, ids.collect()).await?;
    let invitations = rows.into_iter().filter_map(|(row, inviter)| {
        let used_by = used_by.remove(&row.id).unwrap_or_default();
        Some(to_invitation(row, inviter?.to_ref(), used_by, |room| visible.contains(&room)))
    });
    Ok(InvitationList { invitations: invitations.collect(), next })
}

/// The accounts that used these invitations, by invitation, in the order of their uses.
async fn find_users(db: &impl Connection, ids: Vec<i64>) -> Result<HashMap<i64, Vec<UserRef>>> {
    use invitation_uses::Column as C;
    let uses = invitation_uses::Entity::find()
        .filter(C::InvitationId.is_in(ids))
        .order_by_asc(C::CreatedAt)
        .order_by_asc(C::UserId)
        .find_also_related(users::Entity);
    let mut found: HashMap<i64, Vec<UserRef>> = HashMap::new();
    for (row, user) in uses.all(db).await? {
        found.entry(row.invitation_id).or_default().extend(user.map(|user| user.to_ref()));
    }
    Ok(found)
}

/// Those of the rooms that a user may see.
async fn find_visible(
    db: &impl Connection,
    user: &User,
    ids: HashSet<i64>,
) -> Result<HashSet<i64>> {
    let visible = rooms::Entity::find()
        .select_only()
        .column(rooms::Column::Id)
        .filter(visible_rooms(user.id, user.rank))
        .filter(rooms::Column::Id.is_in(ids));
    Ok(visible.into_tuple::<i64>().all(db).await?.into_iter().collect())
}

/// An invitation as somebody sees it who may see these rooms.
pub fn to_invitation(
    row: invitations::Model,
    created_by: UserRef,
    used_by: Vec<UserRef>,
    sees: impl Fn(i64) -> bool,
) -> Invitation {
    let rooms = row.rooms.0.into_iter().filter(|room| sees(*room));
    Invitation {
        id: row.id.into(),
        rank: row.rank.0,
        rooms: rooms.map(RoomId).collect(),
        uses: u32::try_from(row.uses).unwrap_or(u32::MAX),
        used_by,
        created_by,
        created_at: to_timestamp(row.created_at),
        expires_at: to_timestamp(row.expires_at),
        revoked_at: row.revoked_at.map(to_timestamp),
    }
}
