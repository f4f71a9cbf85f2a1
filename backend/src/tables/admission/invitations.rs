//! Invitations.

use sea_orm::{
    entity::prelude::*,
    sea_query::{Condition, ExprTrait},
};
use sha2::{Digest, Sha256};
use shared::{access::Rank, users::InvitationToken};

use crate::tables::stored::Stored;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub token_hash: String,
    #[sea_orm(column_name = "server_rank")]
    pub rank: Stored<Rank>,
    pub rooms: Stored<Vec<i64>>,
    /// How many people may use it, and how many have.
    pub uses: i64,
    pub used: i64,
    pub created_by: i64,
    pub created_at: i64,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "crate::tables::users::Entity",
        from = "Column::CreatedBy",
        to = "crate::tables::users::Column::Id"
    )]
    Inviter,
}

impl Related<crate::tables::users::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Inviter.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

/// The form in which a token is stored.
pub fn token_hash(token: &InvitationToken) -> String {
    base16ct::lower::encode_string(&Sha256::digest(&token.0))
}

/// The invitation with a token, unless it is expired, revoked or used up.
pub fn usable(token: &InvitationToken, now: i64) -> Condition {
    Condition::all()
        .add(Column::TokenHash.eq(token_hash(token)))
        .add(Column::RevokedAt.is_null())
        .add(Column::ExpiresAt.gt(now))
        .add(Expr::col(Column::Used).lt(Expr::col(Column::Uses)))
}
