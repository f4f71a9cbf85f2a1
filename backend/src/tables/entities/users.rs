//! Accounts.

use sea_orm::entity::prelude::*;
use shared::users::{User, UserRef};

use crate::tables::timestamps::to_timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub username: String,
    pub username_key: String,
    pub password_hash: String,
    pub is_admin: bool,
    pub is_disabled: bool,
    pub created_at: i64,
    /// Incremented by everything that ends all access of the account: a new password, disabling or
    /// enabling it. Access of an older generation is over.
    pub generation: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The short form in messages and memberships.
    pub fn to_ref(&self) -> UserRef {
        UserRef { id: self.id.into(), username: self.username.clone() }
    }
}

impl From<Model> for User {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            username: row.username,
            is_admin: row.is_admin,
            is_disabled: row.is_disabled,
            created_at: to_timestamp(row.created_at),
        }
    }
}
