//! The table of the blocks.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blocks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub blocked_id: i64,
    pub created_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "crate::tables::users::Entity",
        from = "Column::BlockedId",
        to = "crate::tables::users::Column::Id"
    )]
    Blocked,
}

impl Related<crate::tables::users::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Blocked.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
