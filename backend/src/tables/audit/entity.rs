//! The table of the audit log.

use sea_orm::entity::prelude::*;
use shared::administration::AuditAction;

use crate::tables::stored::Stored;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub created_at: i64,
    pub action: Stored<AuditAction>,
    /// `None` for the command line.
    pub actor_id: Option<i64>,
    pub user_id: Option<i64>,
    pub room_id: Option<i64>,
    /// The name of the room when the entry was written.
    pub room_name: Option<String>,
    pub old_value: Option<String>,
    pub new_value: Option<String>,
    pub address: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
