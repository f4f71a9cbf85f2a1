//! Blocks and unblocks, and tells the devices of the person who does.

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};
use shared::{
    ids::UserId,
    problem::{Code, FieldError},
    rules,
    users::User,
};

use crate::{
    App, Result,
    auth::run_to_completion,
    tables::{Transaction, blocked_by, delete_block, insert_block, row_lock, users},
    users::accounts,
};

/// Blocks an account; nothing changes if it is blocked already. 404 if the user may not know of it, or
/// if it is deleted.
pub(super) async fn block(app: &App, user: User, other: UserId) -> Result<()> {
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        let (blocked, exists) = lock_blocks(&transaction, user.id, other).await?;
        if blocked.contains(&other) {
            return Ok(());
        }
        if !exists {
            return Err(Code::NotFound.into());
        }
        accounts::find(&transaction, &user, other).await?;
        if blocked.len() as u64 >= rules::BLOCKS_MAX {
            let max = rules::BLOCKS_MAX;
            let message = format!("must not be more than {max} people: unblock somebody first");
            return Err(FieldError::new("user", message).into());
        }
        insert_block(&transaction, user.id, other).await?;
        transaction.commit().await?;
        app.hub.publish_blocks(user.id).await;
        Ok(())
    })
    .await
}

/// Unblocks an account; nothing changes if it is not blocked, whether or not it exists.
pub(super) async fn unblock(app: &App, user: User, other: UserId) -> Result<()> {
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        lock_blocks(&transaction, user.id, other).await?;
        if !delete_block(&transaction, user.id, other).await? {
            return Ok(());
        }
        transaction.commit().await?;
        app.hub.publish_blocks(user.id).await;
        Ok(())
    })
    .await
}

/// Locks the blocks of a user by the row of their account, so that concurrent changes run one after the
/// other and none exceeds the limit, and the other account, whose deletion would leave a new block behind.
/// Returns whom the user blocks, ascending, and whether the other account exists.
async fn lock_blocks(
    transaction: &Transaction,
    user: UserId,
    other: UserId,
) -> Result<(Vec<UserId>, bool)> {
    // By id, as everywhere in `users`: otherwise two people who block each other could deadlock.
    let rows = users::Entity::find()
        .filter(users::Column::Id.is_in([user.0, other.0]))
        .filter(users::Column::DeletedAt.is_null())
        .order_by_asc(users::Column::Id)
        .lock(row_lock(transaction, LockType::NoKeyUpdate));
    let rows = rows.all(transaction).await?;
    let exists = |id: UserId| rows.iter().any(|row| row.id == id.0);
    if !exists(user) {
        return Err(Code::Unauthenticated.into());
    }
    Ok((blocked_by(transaction, user).await?, exists(other)))
}
