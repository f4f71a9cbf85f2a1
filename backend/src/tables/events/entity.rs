//! The rows of `room_events`. No row is ever changed.

use sea_orm::entity::prelude::*;
use shared::rooms::RoomEventKind;

use crate::tables::stored::Stored;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "room_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub rev: i64,
    /// The newest message of the room at that time.
    pub after_seq: i64,
    pub kind: Stored<RoomEventKind>,
    pub actor_id: i64,
    pub user_id: Option<i64>,
    pub old_value: Option<String>,
    pub new_value: Option<String>,
    pub created_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "crate::tables::entities::rooms::Entity",
        from = "Column::RoomId",
        to = "crate::tables::entities::rooms::Column::Id"
    )]
    Room,
}

impl Related<crate::tables::entities::rooms::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Room.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
