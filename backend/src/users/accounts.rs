//! Changing and reading accounts.

use std::net::IpAddr;

use axum::http::HeaderMap;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Select, Set, sea_query::LockType,
};
use shared::{
    access::Rank,
    administration::AuditAction,
    ids::{SessionId, UserId},
    problem::{Code, FieldError},
    rules,
    users::{ChangePassword, PatchUser, User},
};

use super::{default_rooms::record_default_joins, sessions};
use crate::{
    App, Error, Result,
    auth::{Caller, LoginSource, lock_if_unmodified, run_to_completion, username_key},
    tables::{
        AccountChange, AuditRecord, Connection, Database, Stored, Transaction, audit, audit_all,
        can_see_account, log_account_change, row_lock, users,
    },
};

/// The rank of an account that can sign in; `None` for any other.
pub(super) async fn rank_of(db: &impl Connection, id: Option<UserId>) -> Result<Option<Rank>> {
    let Some(id) = id else { return Ok(None) };
    let row = users::Entity::find_by_id(id.0).one(db).await?;
    Ok(row.filter(|row| row.is_active()).map(|row| row.rank.0))
}

/// An account that the caller may know of; 404 for any other.
pub async fn find(db: &impl Connection, caller: &User, id: UserId) -> Result<User> {
    if !can_see_account(db, caller, id).await? {
        return Err(Code::NotFound.into());
    }
    let row = users::Entity::find_by_id(id.0).one(db).await?;
    let user = row.map(User::from).ok_or(Code::NotFound)?;
    Ok(user.seen_by(caller))
}

/// Changes the caller's password, and ends all their access other than by this session. Returns the
/// headers that keep this device known, too. 422 if the current password is wrong.
pub async fn change_password(
    app: &App,
    Caller { user, session, .. }: &Caller,
    source: &LoginSource,
    request: ChangePassword,
) -> Result<(User, HeaderMap)> {
    rules::validate_password(&request.password.0)?;
    let session = *session;
    // Not 401, because clients take 401 for the end of the session.
    let as_field_error = |error: Error| match error.code() {
        Code::InvalidCredentials => FieldError::new("current_password", "is wrong").into(),
        _ => error,
    };
    let caller = (user, session);
    let verified = app.auth.verify_own_password(source, caller, request.current_password);
    let verified = verified.await.map_err(as_field_error)?;
    let hash = app.auth.hash_password(request.password).await?;
    let (handles, before) = (app.clone(), verified.clone());
    let row = run_to_completion(app.db.backend(), async move {
        let transaction = handles.db.begin().await?;
        let row = lock_if_unmodified(&transaction, &verified).await.map_err(as_field_error)?;
        let (row, change) = set_password(&transaction, row, hash, session).await?;
        transaction.commit().await?;
        handles.hub.announce_account_change(change);
        Ok(row)
    })
    .await?;
    let cookies = app.auth.renew_device(source, &before, row.generation)?;
    Ok((row.into(), cookies))
}

/// Sets a password, and ends all access that the old one gave, except by `session`.
pub(super) async fn set_password(
    transaction: &Transaction,
    row: users::Model,
    hash: String,
    session: Option<SessionId>,
) -> Result<(users::Model, AccountChange)> {
    let id = UserId(row.id);
    let generation = row.generation + 1;
    let mut row = users::ActiveModel::from(row);
    row.password_hash = Set(hash);
    row.generation = Set(generation);
    let row = row.update(transaction).await?;
    sessions::delete_all(transaction, id, session).await?;
    if let Some(session) = session {
        sessions::set_generation(transaction, session, generation).await?;
    }
    Ok((row, log_account_change(transaction, id).await?))
}

/// Changes the rank of an account, disables or enables it, or approves it. A disabled account is signed out
/// and its sockets are closed at once. 403 if `by` may not, 409 if no enabled owner would remain.
pub async fn update(
    app: &App,
    by: UserId,
    address: IpAddr,
    id: UserId,
    patch: PatchUser,
) -> Result<User> {
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        // Before any read, so that concurrent changes run one after the other.
        let owners = lock_owners(&transaction, id).await?;
        let by_rank = rank_of(&transaction, Some(by)).await?;
        let by_rank = by_rank.filter(|rank| rank.is_admin()).ok_or(Code::AdminOnly)?;
        let row = users::Entity::find_by_id(id.0)
            .filter(users::Column::DeletedAt.is_null())
            .lock(row_lock(&transaction, LockType::NoKeyUpdate));
        let row = row.one(&transaction).await?.ok_or(Code::NotFound)?;
        let (before, rank) = (row.rank.0, new_rank(row.rank.0, &patch)?);
        let is_disabled = patch.is_disabled.unwrap_or(row.is_disabled);
        let is_pending = row.is_pending && !approves(&patch)? && !rank.is_admin();
        if (rank, is_disabled, is_pending) == (before, row.is_disabled, row.is_pending) {
            return Ok(row.into());
        }
        let steps_down = by == id && rank < before && is_disabled == row.is_disabled;
        if before.max(rank).is_admin() && by_rank < Rank::Owner && !steps_down {
            return Err(Code::OwnerOnly.into());
        }
        let was_owner = before == Rank::Owner && !row.is_disabled;
        if was_owner && (rank != Rank::Owner || is_disabled) && owners == 1 {
            return Err(Code::LastOwner.into());
        }
        if row.is_pending && !is_pending {
            approve(&transaction, (id, rank), by, address).await?;
        }
        let row = users::Model { is_pending, ..row };
        let source = (Some(by), Some(address));
        let (user, change) =
            set_rank_and_state(&transaction, row, rank, is_disabled, source).await?;
        // Before the commit, so that no batch can start after it and use the old row.
        app.ledger.invalidate_accounts([id]);
        transaction.commit().await?;
        app.hub.announce_account_change(change);
        Ok(user)
    })
    .await
}

/// Records that an admin approved an account, and that it joins the default rooms.
async fn approve(
    transaction: &Transaction,
    (id, rank): (UserId, Rank),
    by: UserId,
    address: IpAddr,
) -> Result<()> {
    let record = AuditRecord::new(AuditAction::AccountApproved, Some(by));
    audit(transaction, record.user(id).address(address)).await?;
    record_default_joins(transaction, id, rank).await
}

/// Whether a request approves the account.
fn approves(patch: &PatchUser) -> Result<bool> {
    match patch.approved {
        Some(false) => {
            let message = "can only be true: to refuse an account, disable it";
            Err(FieldError::new("approved", message).into())
        }
        approved => Ok(approved.is_some()),
    }
}

/// The rank that a request asks for, in the present or the older form.
fn new_rank(current: Rank, patch: &PatchUser) -> Result<Rank> {
    match (patch.rank, patch.is_admin) {
        (Some(_), Some(_)) => {
            Err(FieldError::new("is_admin", "cannot be given together with rank").into())
        }
        (Some(rank), None) => Ok(rank),
        (None, Some(true)) => Ok(current.max(Rank::Admin)),
        (None, Some(false)) => Ok(current.min(Rank::Member)),
        (None, None) => Ok(current),
    }
}

/// Changes the rank and the state of an account. Disabling and enabling end all access: a disabled
/// account has none, and an enabled one does not get the old one back. `source` is who asked for it, and
/// from which address.
async fn set_rank_and_state(
    transaction: &Transaction,
    row: users::Model,
    rank: Rank,
    is_disabled: bool,
    (by, address): (Option<UserId>, Option<IpAddr>),
) -> Result<(User, AccountChange)> {
    let record = |action| AuditRecord::new(action, by).user(UserId(row.id)).address(address);
    let ranked = (rank != row.rank.0)
        .then(|| record(AuditAction::RankChanged).old_value(row.rank.0).new_value(rank));
    let switched = (is_disabled != row.is_disabled).then(|| {
        record(match is_disabled {
            true => AuditAction::AccountDisabled,
            false => AuditAction::AccountEnabled,
        })
    });
    audit_all(transaction, ranked.into_iter().chain(switched)).await?;
    let generation = row.generation + i64::from(is_disabled != row.is_disabled);
    let is_pending = row.is_pending;
    let mut row = users::ActiveModel::from(row);
    row.is_pending = Set(is_pending);
    row.rank = Set(Stored(rank));
    row.is_disabled = Set(is_disabled);
    row.generation = Set(generation);
    let user = User::from(row.update(transaction).await?);
    if is_disabled {
        sessions::delete_all(transaction, user.id, None).await?;
    }
    let change = log_account_change(transaction, user.id).await?;
    Ok((user, change))
}

/// Locks the rows of all enabled owners, and that of another account, which the transaction changes; counts the
/// owners. Without the locks, two owners could demote each other at the same time, which would leave none. One
/// statement locks them all by id, as every transaction of more than one account does.
pub(super) async fn lock_owners(db: &Transaction, other: UserId) -> Result<usize> {
    use users::Column as C;
    let is_owner =
        Condition::all().add(C::Rank.eq(Stored(Rank::Owner))).add(C::IsDisabled.eq(false));
    let rows = users::Entity::find()
        .filter(Condition::any().add(is_owner).add(C::Id.eq(other.0)))
        .order_by_asc(C::Id)
        .lock(row_lock(db, LockType::NoKeyUpdate));
    let rows = rows.all(db).await?;
    Ok(rows.iter().filter(|row| row.rank.0 == Rank::Owner && !row.is_disabled).count())
}

/// Raises an account to a rank, or leaves a higher one, and enables and approves it, for the command line. A
/// running server notices within 2 s, because it reads the log of changed accounts, and lets an account that
/// was pending join the default rooms a few seconds later.
pub async fn promote(db: &Database, username: &str, rank: Rank) -> Result<User> {
    let transaction = db.begin().await?;
    let row = lock_by_name(&transaction, username).await?;
    let rank = row.rank.0.max(rank);
    if row.is_pending {
        record_default_joins(&transaction, row.id.into(), rank).await?;
    }
    let row = users::Model { is_pending: false, ..row };
    let (user, _) = set_rank_and_state(&transaction, row, rank, false, (None, None)).await?;
    transaction.commit().await?;
    Ok(user)
}

/// Locks the account with a name, because a server may be changing it.
pub(super) async fn lock_by_name(txn: &Transaction, username: &str) -> Result<users::Model> {
    let row = by_name(username).lock(row_lock(txn, LockType::NoKeyUpdate)).one(txn).await?;
    row.ok_or_else(|| no_account(username))
}

/// The id of the account with a name, for a transaction that locks it together with others.
pub(super) async fn id_by_name(txn: &Transaction, username: &str) -> Result<UserId> {
    let row = by_name(username).one(txn).await?;
    Ok(UserId(row.ok_or_else(|| no_account(username))?.id))
}

fn by_name(username: &str) -> Select<users::Entity> {
    users::Entity::find()
        .filter(users::Column::UsernameKey.eq(username_key(username)))
        .filter(users::Column::DeletedAt.is_null())
}

fn no_account(username: &str) -> Error {
    Error::new(Code::NotFound, format!("There is no account named {username:?}."))
}
