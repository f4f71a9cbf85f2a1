//! The accounts that can neither join a room nor be added to it.

use std::collections::HashSet;

use sea_orm::{QuerySelect, entity::prelude::*};
use shared::ids::{RoomId, UserId};

use crate::tables::database::Connection;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "room_bans")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    pub banned_by: i64,
    pub created_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Whether an account is banned from a room.
pub async fn is_banned(db: &impl Connection, room: RoomId, user: UserId) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id((room.0, user.0)).one(db).await?.is_some())
}

/// Those of the accounts that are banned from a room.
pub async fn banned_among(
    db: &impl Connection,
    room: RoomId,
    users: impl IntoIterator<Item = UserId>,
) -> Result<HashSet<UserId>, DbErr> {
    let banned = Entity::find()
        .select_only()
        .column(Column::UserId)
        .filter(Column::RoomId.eq(room.0))
        .filter(Column::UserId.is_in(users.into_iter().map(|user| user.0)));
    Ok(banned.into_tuple::<i64>().all(db).await?.into_iter().map(UserId).collect())
}
