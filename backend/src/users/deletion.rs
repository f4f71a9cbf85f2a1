//! Deleting accounts. The row stays, without a name and a password, because messages have an author; the
//! ledger then takes the account out of its rooms and, if that was asked for, deletes its messages.

use std::net::IpAddr;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    sea_query::LockType,
};
use shared::{
    access::Rank,
    administration::AuditAction,
    ids::UserId,
    problem::{Code, FieldError},
    users::{DELETED_USERNAME, DeleteMe, MessageRetention, User},
};

use super::{
    accounts::{id_by_name, lock_by_name, lock_owners, rank_of},
    revocation::check_subordinate,
    sessions,
};
use crate::{
    App, Error, Result,
    auth::{Caller, LoginSource, UNUSABLE, lock_if_unmodified, run_to_completion},
    realtime::{jobs::enqueue, ledger::deletion_job},
    tables::{
        AccountChange, AuditRecord, Database, Stored, Transaction, account_deletions, audit,
        confirmations, delete_blocks_of, erase_audited_names, invitations, log_account_change, now,
        pending_joins, row_lock, users,
    },
};

/// Deletes the caller's account. 422 if the password is wrong, 409 for the last owner.
pub(super) async fn delete_own(
    app: &App,
    Caller { user, session, .. }: &Caller,
    (source, address): (&LoginSource, IpAddr),
    request: DeleteMe,
) -> Result<()> {
    // Not 401, because clients take 401 for the end of the session.
    let as_field_error = |error: Error| match error.code() {
        Code::InvalidCredentials => FieldError::new("password", "is wrong").into(),
        _ => error,
    };
    let DeleteMe { password, messages } = request;
    let verified = app.auth.verify_own_password(source, (user, *session), password);
    let verified = verified.await.map_err(as_field_error)?;
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        // Before any other read, so that concurrent changes of owners run one after the other.
        let owners = lock_owners(&transaction, UserId(verified.id)).await?;
        let row = lock_if_unmodified(&transaction, &verified).await.map_err(as_field_error)?;
        let by = (Some(UserId(row.id)), Some(address));
        let deleted = Deletion { row, owners, messages, by };
        commit(&app, transaction, deleted).await
    })
    .await
}

/// Deletes the account of somebody else. 403 if `by` may not, or for the own account, which one deletes
/// with the password; 409 for the last owner.
pub(super) async fn delete_other(
    app: &App,
    by: UserId,
    address: IpAddr,
    id: UserId,
    messages: MessageRetention,
) -> Result<()> {
    if by == id {
        let detail = "Delete your own account in the account menu, with your password.";
        return Err(Error::new(Code::RankTooLow, detail));
    }
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        let owners = lock_owners(&transaction, id).await?;
        let by_rank = rank_of(&transaction, Some(by)).await?;
        let row = users::Entity::find_by_id(id.0)
            .filter(users::Column::DeletedAt.is_null())
            .lock(row_lock(&transaction, LockType::NoKeyUpdate));
        let row = row.one(&transaction).await?.ok_or(Code::NotFound)?;
        check_subordinate(by_rank, row.rank.0, false)?;
        let by = (Some(by), Some(address));
        let deleted = Deletion { row, owners, messages, by };
        commit(&app, transaction, deleted).await
    })
    .await
}

/// Deletes an account, for the command line. A running server notices within 2 s, because it reads the log
/// of changed accounts, and runs the job that finishes the deletion; otherwise the next start does. Returns the account as it was.
pub async fn delete_account(
    db: &Database,
    username: &str,
    messages: MessageRetention,
) -> Result<User> {
    let transaction = db.begin().await?;
    let id = id_by_name(&transaction, username).await?;
    let owners = lock_owners(&transaction, id).await?;
    // The account may have been renamed or deleted before it was locked.
    let row = lock_by_name(&transaction, username).await?;
    let user = User::from(row.clone());
    erase(&transaction, Deletion { row, owners, messages, by: (None, None) }).await?;
    transaction.commit().await?;
    Ok(user)
}

/// Deletes an account that was never confirmed, but is in a room. Its row is locked.
pub(super) async fn erase_pending(
    transaction: &Transaction,
    row: users::Model,
) -> Result<AccountChange> {
    // A pending account is no owner, so their number does not matter.
    let deletion = Deletion { row, owners: 0, messages: MessageRetention::Keep, by: (None, None) };
    erase(transaction, deletion).await
}

/// An account to delete, with its row locked.
struct Deletion {
    row: users::Model,
    /// The number of enabled owners, with their rows locked.
    owners: usize,
    messages: MessageRetention,
    /// Who asked for it, and from which address.
    by: (Option<UserId>, Option<IpAddr>),
}

async fn commit(app: &App, transaction: Transaction, deletion: Deletion) -> Result<()> {
    let id = UserId(deletion.row.id);
    let change = erase(&transaction, deletion).await?;
    // Before the commit, so that no batch can start after it and use the old row.
    app.ledger.invalidate_accounts([id]);
    transaction.commit().await?;
    app.hub.announce_account_change(change);
    Ok(())
}

/// Erases what only the account itself needs, and notes what remains to be done. Everything that belongs to
/// one account, and that no message needs, is deleted here.
async fn erase(
    transaction: &Transaction,
    Deletion { row, owners, messages, by: (by, address) }: Deletion,
) -> Result<AccountChange> {
    if row.rank.0 == Rank::Owner && !row.is_disabled && owners == 1 {
        return Err(Code::LastOwner.into());
    }
    let (id, now) = (UserId(row.id), now());
    let (generation, profile_rev) = (row.generation + 1, row.profile_rev + 1);
    let mut account = row.into_active_model();
    account.username = Set(DELETED_USERNAME.to_owned());
    account.username_key = Set(users::Model::deleted_key(id.0));
    account.username_fold = Set(None);
    // Every room that has published another one than this is one that the account has still to leave.
    account.profile_rev = Set(profile_rev);
    (account.display_name, account.display_key) = (Set(None), Set(None));
    (account.display_fold, account.pronouns) = (Set(None), Set(None));
    account.status_emoji = Set(None);
    account.status_text = Set(None);
    account.status_until = Set(None);
    account.password_hash = Set(UNUSABLE.to_owned());
    account.rank = Set(Stored(Rank::Member));
    account.is_disabled = Set(true);
    account.is_pending = Set(false);
    account.generation = Set(generation);
    account.deleted_at = Set(Some(now));
    (account.email, account.email_key) = (Set(None), Set(None));
    account.update(transaction).await?;
    sessions::delete_all(transaction, id, None).await?;
    invitations::Entity::update_many()
        .col_expr(invitations::Column::RevokedAt, now.into())
        .filter(invitations::Column::CreatedBy.eq(id.0))
        .filter(invitations::Column::RevokedAt.is_null())
        .exec(transaction)
        .await?;
    confirmations::Entity::delete_by_id(id.0).exec(transaction).await?;
    delete_blocks_of(transaction, id).await?;
    erase_audited_names(transaction, id).await?;
    let own_joins = pending_joins::Column::UserId.eq(id.0);
    pending_joins::Entity::delete_many().filter(own_joins).exec(transaction).await?;
    let remaining = account_deletions::Model {
        user_id: id.0,
        deletes_messages: messages == MessageRetention::Delete,
        created_at: now,
    };
    remaining.into_active_model().reset_all().insert(transaction).await?;
    enqueue(transaction, deletion_job(id)).await?;
    let record = AuditRecord::new(AuditAction::AccountDeleted, by);
    audit(transaction, record.user(id).address(address).new_value(messages)).await?;
    Ok(log_account_change(transaction, id).await?)
}
