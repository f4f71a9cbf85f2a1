//! Rooms. Only the ledger advances their counters `last_seq` and `last_rev`.

use sea_orm::entity::prelude::*;
use shared::rooms::Room;

use crate::tables::timestamps::to_timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rooms")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    pub name_key: Option<String>,
    /// Empty without a topic.
    pub topic: String,
    /// False for a room without a topic, which the classic endpoints tell from an empty one.
    pub has_topic: bool,
    pub created_by: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub deleted_at: Option<i64>,
    pub member_count: i64,
    pub last_seq: i64,
    pub last_rev: i64,
    pub rev: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Room {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            topic: row.topic,
            created_by: row.created_by.into(),
            created_at: to_timestamp(row.created_at),
            updated_at: to_timestamp(row.updated_at),
            member_count: row.member_count,
            last_seq: row.last_seq.into(),
            last_rev: row.last_rev.into(),
            rev: row.rev.into(),
        }
    }
}
