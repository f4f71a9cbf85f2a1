//! What a member prefers: their favourite rooms in an order, and whether a room is muted. Nobody else sees
//! it, so it is no change of the room and takes no `rev`; the devices of the member get a frame.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{CaseStatement, Expr, ExprTrait, LockType},
};
use shared::{
    access::Action,
    ids::{RoomId, UserId},
    problem::{Code, FieldError},
};

use super::super::{Batch, RoomWrite};
use crate::{
    Result,
    tables::{members, rooms, row_lock, users},
};

/// Mutes a room for a member, or ends that.
pub struct SetMuted {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub user: UserId,
    /// Whether to mute it; `None` changes nothing.
    pub muted: Option<bool>,
}

/// Replaces the favourites of an account.
pub struct SetFavourites {
    /// The account.
    pub user: UserId,
    /// The rooms in their order, validated by `shared::rules`.
    pub rooms: Vec<RoomId>,
}

impl RoomWrite for SetMuted {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.user)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        batch.authorize(self.room, self.user, Action::Read).await?;
        let Some(muted) = self.muted else { return Ok(()) };
        use members::Column as C;
        members::Entity::update_many()
            .col_expr(C::IsMuted, Expr::value(muted))
            .filter(C::RoomId.eq(self.room.0))
            .filter(C::UserId.eq(self.user.0))
            .filter(C::HasLeft.eq(false))
            .exec(batch.txn)
            .await?;
        batch.publish_preferences(self.user, [self.room]).await
    }
}

impl SetFavourites {
    /// The rooms whose positions change, with the new ones, by room.
    fn position_changes(
        &self,
        current: BTreeMap<RoomId, Option<i64>>,
    ) -> Vec<(RoomId, Option<i64>)> {
        let position = |room: &RoomId| self.rooms.iter().position(|other| other == room);
        current
            .into_iter()
            .map(|(room, before)| (room, before, position(&room).map(|nth| nth as i64 + 1)))
            .filter(|(_, before, after)| before != after)
            .map(|(room, _, after)| (room, after))
            .collect()
    }
}

impl RoomWrite for SetFavourites {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        None
    }

    /// All other writes of member rows hold the lock of the room. Two batches that write the same member
    /// rows without it could wait for each other. If another node changes the same list meanwhile, the
    /// change may affect further rooms; then the database ends a deadlock, and the batch is tried again.
    async fn other_rooms(&self, batch: &Batch<'_>) -> Result<Vec<RoomId>> {
        let current = favourites(batch, self.user).await?;
        Ok(self.position_changes(current).into_iter().map(|(room, _)| room).collect())
    }

    fn account(&self) -> Option<UserId> {
        Some(self.user)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        // Two lists of one account must not mix.
        let lock = row_lock(batch.txn, LockType::NoKeyUpdate);
        let user = users::Entity::find_by_id(self.user.0).lock(lock).one(batch.txn).await?;
        user.filter(users::Model::is_active).ok_or(Code::Unauthenticated)?;
        let current = favourites(batch, self.user).await?;
        if let Some(room) = self.rooms.iter().find(|room| !current.contains_key(room)) {
            let message = format!("must be rooms that you are in, but one is {room}");
            return Err(FieldError::new("rooms", message).into());
        }
        let changed = self.position_changes(current);
        if changed.is_empty() {
            return Ok(());
        }
        write_favourites(batch, self.user, &changed).await?;
        batch.publish_preferences(self.user, changed.into_iter().map(|(room, _)| room)).await
    }
}

/// The rooms that an account is in, with the positions of its favourites.
async fn favourites(batch: &Batch<'_>, user: UserId) -> Result<BTreeMap<RoomId, Option<i64>>> {
    use members::Column as C;
    let rows = members::Entity::find()
        .select_only()
        .columns([C::RoomId, C::Favourite])
        .inner_join(rooms::Entity)
        .filter(C::UserId.eq(user.0))
        .filter(C::HasLeft.eq(false))
        .filter(rooms::Column::DeletedAt.is_null());
    let rows = rows.into_tuple::<(i64, Option<i64>)>().all(batch.txn).await?;
    Ok(rows.into_iter().map(|(room, position)| (RoomId(room), position)).collect())
}

/// Writes new positions: one statement for the favourites, however many moved, and one for the others.
async fn write_favourites(
    batch: &Batch<'_>,
    user: UserId,
    changed: &[(RoomId, Option<i64>)],
) -> Result<()> {
    use members::Column as C;
    let (moved, removed): (Vec<_>, Vec<_>) =
        changed.iter().copied().partition(|(_, position)| position.is_some());
    let mut positions = CaseStatement::new();
    for (room, position) in &moved {
        positions = positions.case(C::RoomId.into_expr().eq(room.0), Expr::value(*position));
    }
    for (rooms, value) in [(removed, Expr::value(None::<i64>)), (moved, positions.into())] {
        if rooms.is_empty() {
            continue;
        }
        members::Entity::update_many()
            .col_expr(C::Favourite, value)
            .filter(C::UserId.eq(user.0))
            .filter(C::RoomId.is_in(rooms.iter().map(|(room, _)| room.0)))
            .filter(C::HasLeft.eq(false))
            .exec(batch.txn)
            .await?;
    }
    Ok(())
}
