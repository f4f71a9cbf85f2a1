//! Accounts whose e-mail address has to be confirmed. An account that is still pending when its row here
//! expires is deleted with it.

use sea_orm::entity::prelude::*;
use sha2::{Digest, Sha256};
use shared::users::EmailToken;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "confirmations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    pub token_hash: String,
    pub expires_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The form in which a token is stored.
pub fn token_hash(token: &EmailToken) -> String {
    base16ct::lower::encode_string(&Sha256::digest(&token.0))
}
