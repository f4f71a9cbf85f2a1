//! The rooms that new accounts join by themselves.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use shared::{access::Rank, ids::UserId};

use super::invitation_use::insert_joins;
use crate::{
    Result,
    tables::{Transaction, now, pending_joins, rooms},
};

/// Notes that a new account joins the default rooms, which the caller finishes after the commit. Guests join
/// none.
///
/// The account counts as the one that invited it, so the joins need nobody's right to add people. They
/// replace those of an invitation to the same rooms, whose inviter may lose that right.
pub(super) async fn record_default_joins(
    transaction: &Transaction,
    user: UserId,
    rank: Rank,
) -> Result<()> {
    use rooms::Column as C;
    if rank < Rank::Member {
        return Ok(());
    }
    let ids = rooms::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::IsDefault.eq(true))
        .filter(C::DeletedAt.is_null())
        .order_by_asc(C::Id);
    let ids: Vec<i64> = ids.into_tuple().all(transaction).await?;
    let created_at = now();
    let joins = ids.into_iter().map(|room_id| pending_joins::Model {
        user_id: user.0,
        room_id,
        invited_by: user.0,
        created_at,
    });
    insert_joins(transaction, user, joins).await
}
