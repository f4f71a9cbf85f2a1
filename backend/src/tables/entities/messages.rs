//! Messages. A deleted message keeps its row, without its text.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
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

impl Model {
    /// Reads a row of SQLite whose first columns are those of this table, in their order.
    pub fn from_sqlite(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            room_id: row.get(1)?,
            seq: row.get(2)?,
            rev: row.get(3)?,
            user_id: row.get(4)?,
            client_id: row.get(5)?,
            content: row.get(6)?,
            sent_hash: row.get(7)?,
            reply_to: row.get(8)?,
            created_at: row.get(9)?,
            edited_at: row.get(10)?,
            deleted_at: row.get(11)?,
        })
    }
}
