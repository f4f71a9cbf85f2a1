//! Sessions. A token is valid only while the row of its session exists and has the account's
//! generation.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: i64,
    pub user_agent: String,
    pub created_at: i64,
    pub expires_at: i64,
    /// The generation of the account that the session belongs to.
    pub generation: i64,
    /// The last use, at most 10 minutes late.
    pub used_at: i64,
    /// The client's address at the last use; empty if unknown.
    pub address: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::users::Entity",
        from = "Column::UserId",
        to = "super::users::Column::Id"
    )]
    User,
}

impl Related<super::users::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
