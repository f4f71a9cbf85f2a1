//! Memberships with read positions. The row stays when a user leaves the room.

use sea_orm::entity::prelude::*;
use shared::rooms::{Member, Role};

use super::users;
use crate::tables::timestamps::to_timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "members")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    pub joined_at: i64,
    pub has_left: bool,
    pub read_seq: i64,
    pub rev: i64,
    /// Whether the row's last change published the user as an admin.
    pub is_admin: bool,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::users::Entity",
        from = "Column::UserId",
        to = "super::users::Column::Id"
    )]
    User,
    #[sea_orm(
        belongs_to = "super::rooms::Entity",
        from = "Column::RoomId",
        to = "super::rooms::Column::Id"
    )]
    Room,
}

impl Related<super::users::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl Related<super::rooms::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Room.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The membership as clients see it.
    pub fn to_member(&self, user: &users::Model) -> Member {
        Member {
            user: user.to_ref(),
            role: role(user.is_admin),
            joined_at: to_timestamp(self.joined_at),
            left: self.has_left,
            rev: self.rev.into(),
        }
    }
}

/// The role of a user in the rooms that they are in.
pub fn role(is_admin: bool) -> Role {
    if is_admin { Role::Admin } else { Role::Member }
}
