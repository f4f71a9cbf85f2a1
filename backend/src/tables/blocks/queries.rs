//! What depends on a block.

use std::collections::{BTreeSet, HashSet};

use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, JoinType, Query},
};
use shared::ids::{RoomId, UserId};

use super::entity::{Column, Entity};
use crate::tables::entities::members;

use crate::tables::database::Connection;

/// The people whom a user blocks, ascending.
pub async fn blocked_by(db: &impl Connection, user: UserId) -> Result<Vec<UserId>, DbErr> {
    let ids = Entity::find()
        .select_only()
        .column(Column::BlockedId)
        .filter(Column::UserId.eq(user.0))
        .order_by_asc(Column::BlockedId)
        .into_tuple::<i64>()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(UserId).collect())
}

/// Those of some people who block a user or whom the user blocks.
pub async fn blocked_either_way(
    db: &impl Connection,
    user: UserId,
    people: &[UserId],
) -> Result<HashSet<UserId>, DbErr> {
    let ids = || people.iter().map(|person| person.0);
    let by_user = Column::UserId.eq(user.0).and(Column::BlockedId.is_in(ids()));
    let of_user = Column::BlockedId.eq(user.0).and(Column::UserId.is_in(ids()));
    let rows = Entity::find()
        .filter(Condition::any().add(by_user).add(of_user))
        .all(db)
        .await?
        .into_iter();
    let other = |row: super::entity::Model| match row.user_id == user.0 {
        true => row.blocked_id,
        false => row.user_id,
    };
    Ok(rows.map(other).map(UserId).collect())
}

/// The blocks by some accounts of some others, as pairs of the blocker and the blocked account.
pub async fn blocks_between(
    db: &impl Connection,
    people: &BTreeSet<UserId>,
    others: impl IntoIterator<Item = UserId>,
) -> Result<HashSet<(UserId, UserId)>, DbErr> {
    let others: BTreeSet<i64> = others.into_iter().map(|user| user.0).collect();
    let pairs = Entity::find()
        .select_only()
        .columns([Column::UserId, Column::BlockedId])
        .filter(Column::BlockedId.is_in(others))
        .filter(Column::UserId.is_in(people.iter().map(|person| person.0)))
        .into_tuple::<(i64, i64)>()
        .all(db)
        .await?;
    Ok(pairs.into_iter().map(|(user, blocked)| (UserId(user), UserId(blocked))).collect())
}

/// Those of some rooms in which a member blocks another one.
pub async fn refused_rooms(
    db: &impl Connection,
    rooms: BTreeSet<RoomId>,
) -> Result<HashSet<RoomId>, DbErr> {
    use members::Column as M;
    let member = |column: M| Expr::col((members::Entity, column));
    let other = |column: M| Expr::col(("other", column));
    let blocks = |column: Column| Expr::col((Entity, column));
    let blocked = Condition::all()
        .add(other(M::RoomId).equals((members::Entity, M::RoomId)))
        .add(other(M::UserId).equals((Entity, Column::BlockedId)));
    let select = Query::select()
        .column((members::Entity, M::RoomId))
        .from(members::Entity)
        .inner_join(Entity, blocks(Column::UserId).equals((members::Entity, M::UserId)))
        .join_as(JoinType::InnerJoin, members::Entity, "other", blocked)
        .and_where(member(M::RoomId).is_in(rooms.into_iter().map(|room| room.0)))
        .and_where(member(M::HasLeft).eq(false))
        .and_where(other(M::HasLeft).eq(false))
        .take();
    let rows = db.query_all(&select).await?;
    rows.iter().map(|row| row.try_get_by_index::<i64>(0).map(RoomId)).collect()
}
