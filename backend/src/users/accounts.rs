//! Creating, changing and reading accounts.

use std::net::IpAddr;

use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, ConnectionTrait, DatabaseTransaction,
    EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, sea_query::LockType,
};
use shared::{
    ids::{SessionId, UserId},
    problem::{Code, FieldError},
    rules,
    users::{ChangePassword, Password, PatchUser, Register, User},
};

use super::sessions;
use crate::{
    App, Error, Result,
    auth::{
        Caller, LoginSource, PasswordHasher, find_by_key, lock_if_unmodified, random_bytes,
        run_to_completion, username_key,
    },
    error::is_duplicate,
    http::client_address::network_of,
    tables::{
        AccountChange, Database, lock_first_account, log_account_change, now, row_lock, users,
    },
};

/// Creates an account; the first one becomes an admin. 403 if another admin is requested and `by` is
/// not an admin, 409 if the username is taken, 429 after too many accounts from one network.
pub async fn register(
    app: &App,
    by: Option<UserId>,
    address: IpAddr,
    request: Register,
) -> Result<User> {
    let name = rules::validate_username(&request.username);
    let errors =
        [name.as_ref().err().cloned(), rules::validate_password(&request.password.0).err()];
    let errors: Vec<FieldError> = errors.into_iter().flatten().collect();
    let Ok(username) = name else { return Err(errors.into()) };
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let as_admin = request.is_admin == Some(true);
    let key = rules::name_key(&username);
    let network = network_of(address);
    let is_by_admin = is_admin(&app.db.reader, by).await?;
    if !is_by_admin {
        app.limits.sign_up_attempts.check(&network, 1).map_err(too_many_sign_ups)?;
    }
    // Rejects early, before the expensive hash; the transaction below checks again.
    check_registration(&app.db.reader, as_admin && !is_by_admin, &key).await?;
    if !is_by_admin {
        app.limits.sign_ups.check(&network, 1).map_err(too_many_sign_ups)?;
    }
    let password_hash = app.auth.hash_sign_up_password(request.password).await?;
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        let must_be_first = as_admin && !is_admin(&transaction, by).await?;
        let mut is_first = check_registration(&transaction, must_be_first, &key).await?;
        if is_first {
            // Concurrent registrations wait here, so that only one of them is the first.
            lock_first_account(&transaction).await?;
            is_first = check_registration(&transaction, must_be_first, &key).await?;
        }
        let row = users::ActiveModel {
            id: NotSet,
            username: Set(username),
            username_key: Set(key),
            password_hash: Set(password_hash),
            is_admin: Set(is_first || as_admin),
            is_disabled: Set(false),
            created_at: Set(now()),
            generation: Set(0),
        };
        let row = row.insert(&transaction).await.map_err(|error| match is_duplicate(&error) {
            true => username_taken(),
            false => error.into(),
        })?;
        transaction.commit().await?;
        Ok(row.into())
    })
    .await
}

/// Checks that the username is free and, with `must_be_first` (somebody who is not an admin requests an
/// admin), that there is no account. Returns whether the account would be the first.
async fn check_registration(
    db: &impl ConnectionTrait,
    must_be_first: bool,
    username_key: &str,
) -> Result<bool> {
    let is_first = users::Entity::find().limit(1).one(db).await?.is_none();
    if must_be_first && !is_first {
        return Err(Code::AdminOnly.into());
    }
    match find_by_key(db, username_key).await? {
        Some(_) => Err(username_taken()),
        None => Ok(is_first),
    }
}

async fn is_admin(db: &impl ConnectionTrait, id: Option<UserId>) -> Result<bool> {
    let Some(id) = id else { return Ok(false) };
    let row = users::Entity::find_by_id(id.0).one(db).await?;
    Ok(row.is_some_and(|row| row.is_admin && !row.is_disabled))
}

fn too_many_sign_ups(seconds: u64) -> Error {
    let minutes = seconds.div_ceil(60);
    let plural = if minutes == 1 { "" } else { "s" };
    let detail = format!(
        "Too many new accounts from your network: try again in {minutes} minute{plural}, or ask an \
         admin for an account."
    );
    Error::new(Code::TooManyRequests, detail).retry_after(seconds)
}

fn username_taken() -> Error {
    let mut error = Error::from(Code::UsernameTaken);
    error.problem.errors = vec![FieldError::new("username", "is taken")];
    error
}

/// An account; 404 if there is none.
pub async fn find(db: &impl ConnectionTrait, id: UserId) -> Result<User> {
    let row = users::Entity::find_by_id(id.0).one(db).await?;
    row.map(User::from).ok_or_else(|| Code::NotFound.into())
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
async fn set_password(
    transaction: &DatabaseTransaction,
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

/// Changes the role of an account, or disables or enables it. A disabled account is signed out and its
/// sockets are closed at once. 403 if `by` is not an admin, 409 if no enabled admin would remain.
pub async fn update(app: &App, by: UserId, id: UserId, patch: PatchUser) -> Result<User> {
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        // Before any read, so that concurrent changes run one after the other.
        let admins = lock_admins(&transaction).await?;
        if !is_admin(&transaction, Some(by)).await? {
            return Err(Code::AdminOnly.into());
        }
        let row =
            users::Entity::find_by_id(id.0).lock(row_lock(&transaction, LockType::NoKeyUpdate));
        let row = row.one(&transaction).await?.ok_or(Code::NotFound)?;
        let is_admin = patch.is_admin.unwrap_or(row.is_admin);
        let is_disabled = patch.is_disabled.unwrap_or(row.is_disabled);
        let was_admin = row.is_admin && !row.is_disabled;
        if was_admin && (!is_admin || is_disabled) && admins == 1 {
            return Err(Code::LastAdmin.into());
        }
        if (is_admin, is_disabled) == (row.is_admin, row.is_disabled) {
            return Ok(row.into());
        }
        let (user, change) = set_role_and_state(&transaction, row, is_admin, is_disabled).await?;
        // Before the commit, so that no batch can start after it and use the old row.
        app.ledger.invalidate_accounts([id]);
        transaction.commit().await?;
        app.hub.announce_account_change(change);
        Ok(user)
    })
    .await
}

/// Changes the role and the state of an account. Disabling and enabling end all access: a disabled
/// account has none, and an enabled one does not get the old one back.
async fn set_role_and_state(
    transaction: &DatabaseTransaction,
    row: users::Model,
    is_admin: bool,
    is_disabled: bool,
) -> Result<(User, AccountChange)> {
    let generation = row.generation + i64::from(is_disabled != row.is_disabled);
    let mut row = users::ActiveModel::from(row);
    row.is_admin = Set(is_admin);
    row.is_disabled = Set(is_disabled);
    row.generation = Set(generation);
    let user = User::from(row.update(transaction).await?);
    if is_disabled {
        sessions::delete_all(transaction, user.id, None).await?;
    }
    let change = log_account_change(transaction, user.id).await?;
    Ok((user, change))
}

/// Locks the rows of all enabled admins and counts them. Without the locks, two admins could demote each
/// other at the same time, which would leave none.
async fn lock_admins(db: &DatabaseTransaction) -> Result<usize> {
    let admins = users::Entity::find()
        .filter(users::Column::IsAdmin.eq(true))
        .filter(users::Column::IsDisabled.eq(false))
        .order_by_asc(users::Column::Id)
        .lock(row_lock(db, LockType::NoKeyUpdate));
    Ok(admins.all(db).await?.len())
}

/// Sets a random password and ends all access of the account, for the command line. A running server
/// notices within 2 s, because it reads the log of changed accounts.
pub async fn reset_password(db: &Database, username: &str) -> Result<(User, Password)> {
    let password = Password(URL_SAFE_NO_PAD.encode(&random_bytes()?[..18]));
    let hash = PasswordHasher::default().hash(password.clone()).await?;
    let transaction = db.begin().await?;
    let row = lock_by_name(&transaction, username).await?;
    let (row, _) = set_password(&transaction, row, hash, None).await?;
    transaction.commit().await?;
    Ok((row.into(), password))
}

/// Makes an account an admin and enables it, for the command line. A running server notices within 2 s,
/// because it reads the log of changed accounts.
pub async fn promote(db: &Database, username: &str) -> Result<User> {
    let transaction = db.begin().await?;
    let row = lock_by_name(&transaction, username).await?;
    let (user, _) = set_role_and_state(&transaction, row, true, false).await?;
    transaction.commit().await?;
    Ok(user)
}

/// Locks the account with a name, because a server may be changing it.
async fn lock_by_name(txn: &DatabaseTransaction, username: &str) -> Result<users::Model> {
    let key = users::Column::UsernameKey.eq(username_key(username));
    let row = users::Entity::find().filter(key).lock(row_lock(txn, LockType::NoKeyUpdate));
    row.one(txn).await?.ok_or_else(|| {
        Error::new(Code::NotFound, format!("There is no account named {username:?}."))
    })
}
