//! Messages. A deleted message keeps its row, without its text.

use sea_orm::entity::prelude::*;
use shared::{
    messages::Reactions,
    text::{Format, FormattedText},
};

use crate::tables::stored::Stored;

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
    pub format: Stored<Format>,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    pub sent_hash: Option<Vec<u8>>,
    pub reply_to: Option<i64>,
    pub created_at: i64,
    pub edited_at: Option<i64>,
    pub deleted_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub reactions: Option<Stored<Reactions>>,
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
    /// The number of columns.
    pub const WIDTH: usize = 14;

    /// Reads a row of SQLite whose first columns are those of this table, in their order.
    pub fn from_sqlite(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            room_id: row.get(1)?,
            seq: row.get(2)?,
            rev: row.get(3)?,
            user_id: row.get(4)?,
            client_id: row.get(5)?,
            format: row.get(6)?,
            content: row.get(7)?,
            sent_hash: row.get(8)?,
            reply_to: row.get(9)?,
            created_at: row.get(10)?,
            edited_at: row.get(11)?,
            deleted_at: row.get(12)?,
            reactions: row.get(13)?,
        })
    }

    /// The text with its format.
    pub fn text(&self) -> FormattedText<'_> {
        FormattedText::new(self.format.0, &self.content)
    }
}
