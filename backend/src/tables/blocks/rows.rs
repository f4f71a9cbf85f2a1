//! Reads and writes the rows.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, sea_query::ExprTrait,
};
use shared::{
    ids::UserId,
    users::{Block, BlockList, User, UserRef},
};

use crate::tables::database::Connection;

pub use super::entity::Model as BlockRow;
use super::entity::{Column, Entity};
use crate::tables::{
    entities::users,
    timestamps::{now, to_timestamp},
    visibility::visible_accounts,
};

/// The people whom a user blocks, the last one first. Those of whom the user may no longer know have only
/// their username.
pub async fn block_list(db: &impl Connection, user: &User) -> Result<BlockList, DbErr> {
    let rows = Entity::find()
        .filter(Column::UserId.eq(user.id.0))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::BlockedId)
        .find_also_related(users::Entity)
        .all(db)
        .await?;
    let ids: Vec<_> = rows.iter().map(|(row, _)| UserId(row.blocked_id)).collect();
    let known = visible_accounts(db, user, ids).await?;
    let block = |(row, blocked): (BlockRow, Option<users::Model>)| {
        let user = blocked?.to_ref();
        let display_name = user.display_name.filter(|_| known.contains(&user.id));
        let user = UserRef { display_name, ..user };
        Some(Block { user, created_at: to_timestamp(row.created_at) })
    };
    Ok(BlockList { blocks: rows.into_iter().filter_map(block).collect() })
}

/// Blocks somebody whom the user does not block yet.
pub async fn insert_block(
    db: &impl Connection,
    user: UserId,
    blocked: UserId,
) -> Result<(), DbErr> {
    let row = BlockRow { user_id: user.0, blocked_id: blocked.0, created_at: now() };
    insert_block_rows(db, vec![row]).await
}

/// Unblocks somebody; returns whether they were blocked.
pub async fn delete_block(
    db: &impl Connection,
    user: UserId,
    blocked: UserId,
) -> Result<bool, DbErr> {
    let deleted = Entity::delete_by_id((user.0, blocked.0)).exec(db).await?;
    Ok(deleted.rows_affected > 0)
}

/// Deletes the blocks by an account and of it.
pub async fn delete_blocks_of(txn: &impl Connection, user: UserId) -> Result<(), DbErr> {
    let either = Condition::any().add(Column::UserId.eq(user.0)).add(Column::BlockedId.eq(user.0));
    Entity::delete_many().filter(either).exec(txn).await.map(drop)
}

/// The number of all blocks.
pub async fn count_blocks(db: &impl Connection) -> Result<u64, DbErr> {
    Entity::find().count(db).await
}

/// The blocks after one, ordered by the two accounts, at most `limit`.
pub async fn block_rows(
    db: &impl Connection,
    (user, blocked): (i64, i64),
    limit: u64,
) -> Result<Vec<BlockRow>, DbErr> {
    let of_user = Column::UserId.eq(user).and(Column::BlockedId.gt(blocked));
    Entity::find()
        .filter(Condition::any().add(Column::UserId.gt(user)).add(of_user))
        .order_by_asc(Column::UserId)
        .order_by_asc(Column::BlockedId)
        .limit(limit)
        .all(db)
        .await
}

/// Inserts rows.
pub async fn insert_block_rows(db: &impl Connection, rows: Vec<BlockRow>) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    Entity::insert_many(rows).exec_without_returning(db).await.map(drop)
}
