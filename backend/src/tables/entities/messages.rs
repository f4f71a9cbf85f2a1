//! Messages. A deleted message keeps its row, without its text.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

/// A row; deserialized from the JSON in which SQLite returns many rows at once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub room_id: i64,
    pub seq: i64,
    pub rev: i64,
    pub user_id: i64,
    pub client_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    pub sent_hash: Option<Vec<u8>>,
    pub reply_to: Option<i64>,
    pub created_at: i64,
    pub edited_at: Option<i64>,
    pub deleted_at: Option<i64>,
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
