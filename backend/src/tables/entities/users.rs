//! Accounts.

use sea_orm::entity::prelude::*;
use shared::{
    access::Rank,
    users::{User, UserRef},
};

use crate::tables::{stored::Stored, timestamps::to_timestamp};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub username: String,
    pub username_key: String,
    pub password_hash: String,
    #[sea_orm(column_name = "server_rank")]
    pub rank: Stored<Rank>,
    pub is_disabled: bool,
    /// Whether the account waits until an admin approves it.
    pub is_pending: bool,
    pub created_at: i64,
    /// Incremented by everything that ends all access of the account: a new password, disabling or
    /// enabling it. Access of an older generation is over.
    pub generation: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether the account can sign in.
    pub fn is_active(&self) -> bool {
        !self.is_disabled && !self.is_pending
    }

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
            rank: row.rank.0,
            is_admin: row.rank.0.is_admin(),
            is_disabled: row.is_disabled,
            is_pending: row.is_pending,
            created_at: to_timestamp(row.created_at),
        }
    }
}
