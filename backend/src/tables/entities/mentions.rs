//! Mentions: one row for each member whom a message mentions, so that counting unread mentions
//! reads no text.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mentions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Whether it counts for the member: not if they blocked the author when it was written.
    pub is_counted: bool,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::members::Entity",
        from = "(Column::RoomId, Column::UserId)",
        to = "(super::members::Column::RoomId, super::members::Column::UserId)"
    )]
    Member,
}

impl ActiveModelBehavior for ActiveModel {}
