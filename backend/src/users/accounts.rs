//! Accounts: made, changed, looked up, and their passwords checked.

use std::net::IpAddr;

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
use unicode_normalization::UnicodeNormalization;

use super::{key, password::Passwords, random, sessions, to_the_end};
use crate::{
    App, Error, Result,
    error::is_duplicate,
    realtime::hub::Ended,
    tables::{Database, lock_first_account, now, row_lock, users},
};

/// Makes an account, the first one an admin's. Whoever asks for another admin must be one.
pub async fn register(app: &App, by: Option<&User>, wanted: Register) -> Result<User> {
    let name = rules::username(&wanted.username.nfc().collect::<String>());
    let errors = [name.as_ref().err().cloned(), rules::password(&wanted.password.0).err()];
    let errors: Vec<FieldError> = errors.into_iter().flatten().collect();
    let Ok(username) = name else { return Err(errors.into()) };
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let wants_admin = wanted.is_admin == Some(true);
    let by = by.map(|user| user.id);
    let username_key = rules::key(&username);
    // What can be refused now needs no hash; the transaction asks again.
    may_register(&app.db.reader, by, wants_admin, &username_key).await?;
    let password_hash = app.users.passwords.hash(wanted.password).await?;
    let app = app.clone();
    to_the_end(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        let mut is_first = may_register(&transaction, by, wants_admin, &username_key).await?;
        if is_first {
            // Only one can be.
            lock_first_account(&transaction).await?;
            is_first = may_register(&transaction, by, wants_admin, &username_key).await?;
        }
        let row = users::ActiveModel {
            id: NotSet,
            username: Set(username),
            username_key: Set(username_key),
            password_hash: Set(password_hash),
            is_admin: Set(is_first || wants_admin),
            is_disabled: Set(false),
            created_at: Set(now()),
        };
        let row = row.insert(&transaction).await.map_err(|error| match is_duplicate(&error) {
            true => taken(),
            false => error.into(),
        })?;
        transaction.commit().await?;
        Ok(row.into())
    })
    .await
}

/// Whether the account would be the first, if it may be made.
async fn may_register(
    db: &impl ConnectionTrait,
    by: Option<UserId>,
    wants_admin: bool,
    username_key: &str,
) -> Result<bool> {
    let anyone = users::Entity::find().limit(1).one(db).await?;
    let is_first = anyone.is_none();
    if wants_admin && !is_first && !is_admin(db, by).await? {
        return Err(Code::AdminOnly.into());
    }
    match find_row(db, username_key).await? {
        Some(_) => Err(taken()),
        None => Ok(is_first),
    }
}

async fn is_admin(db: &impl ConnectionTrait, id: Option<UserId>) -> Result<bool> {
    let Some(id) = id else { return Ok(false) };
    let row = users::Entity::find_by_id(id.0).one(db).await?;
    Ok(row.is_some_and(|row| row.is_admin && !row.is_disabled))
}

fn taken() -> Error {
    let mut error = Error::from(Code::UsernameTaken);
    error.problem.errors = vec![FieldError::new("username", "is taken")];
    error
}

async fn find_row(db: &impl ConnectionTrait, username_key: &str) -> Result<Option<users::Model>> {
    let by_key = users::Entity::find().filter(users::Column::UsernameKey.eq(username_key));
    Ok(by_key.one(db).await?)
}

/// Somebody's account; 404 if there is none.
pub async fn find(app: &App, id: UserId) -> Result<User> {
    let row = users::Entity::find_by_id(id.0).one(&app.db.reader).await?;
    row.map(User::from).ok_or_else(|| Code::NotFound.into())
}

/// Whose name and password these are: 401 if nobody's, 429 after too many tries. Somebody may change
/// the password the moment after: see [`unchanged`].
pub(super) async fn verify(
    app: &App,
    address: IpAddr,
    username: &str,
    password: Password,
) -> Result<users::Model> {
    // Longer than any name: it only must not fill the throttle's memory.
    let key: String = key(username).chars().take(2 * rules::USERNAME_MAX_CHARS).collect();
    let a_try = app.users.throttle.begin(&key, address)?;
    let (mut row, is_dated) = check(app, &key, &password).await?;
    if is_dated {
        row = match renewed(app, row, &password).await {
            Some(row) => row,
            // By another device with the same password, or it is another one by now.
            None => check(app, &key, &password).await?.0,
        };
    }
    a_try.worked();
    Ok(row)
}

/// The open account of this name and password, and whether the password is kept in a dated form.
async fn check(app: &App, key: &str, password: &Password) -> Result<(users::Model, bool)> {
    let row = find_row(&app.db.reader, key).await?;
    let kept = row.as_ref().map(|row| row.password_hash.clone());
    let checked = app.users.passwords.verify(kept, password.clone()).await?;
    match row {
        Some(row) if checked.is_right && !row.is_disabled => Ok((row, checked.is_dated)),
        _ => Err(Code::InvalidCredentials.into()),
    }
}

/// The account with its password, which was right, kept as we keep them; none if it was changed
/// meanwhile. Whoever was right is let in where that cannot be done just now, too.
async fn renewed(app: &App, row: users::Model, password: &Password) -> Option<users::Model> {
    let renewing = async {
        let hash = app.users.passwords.hash(password.clone()).await?;
        let (app, row) = (app.clone(), row.clone());
        to_the_end(app.db.backend(), async move {
            let done = users::Entity::update_many()
                .col_expr(users::Column::PasswordHash, hash.clone().into())
                .filter(users::Column::Id.eq(row.id))
                .filter(users::Column::PasswordHash.eq(&row.password_hash))
                .exec(&app.db.writer)
                .await?;
            let row = users::Model { password_hash: hash, ..row };
            Ok((done.rows_affected == 1).then_some(row))
        })
        .await
    };
    renewing.await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a password is kept in its old form for now");
        Some(row)
    })
}

/// The account as it was when its password was checked, held until the transaction ends. What is
/// done on the strength of a password must not outlive it: whoever changes it waits, and then finds
/// what was done here.
pub(super) async fn unchanged(
    txn: &DatabaseTransaction,
    checked: &users::Model,
) -> Result<users::Model> {
    let row = users::Entity::find_by_id(checked.id).lock(row_lock(txn, LockType::NoKeyUpdate));
    match row.one(txn).await? {
        Some(row) if row.password_hash == checked.password_hash && !row.is_disabled => Ok(row),
        _ => Err(Code::InvalidCredentials.into()),
    }
}

/// Changes one's own password, and ends all one's sessions but this one.
pub async fn change_password(
    app: &App,
    user: &User,
    session: Option<SessionId>,
    address: IpAddr,
    wanted: ChangePassword,
) -> Result<User> {
    rules::password(&wanted.password.0)?;
    // Not 401: the caller is signed in, and a client must not take it for the end of that.
    let wrong = |error: Error| match error.code() {
        Code::InvalidCredentials => FieldError::new("current_password", "is wrong").into(),
        _ => error,
    };
    let current = wanted.current_password;
    let checked = verify(app, address, &user.username, current).await.map_err(wrong)?;
    let hash = app.users.passwords.hash(wanted.password).await?;
    let app = app.clone();
    to_the_end(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        let row = unchanged(&transaction, &checked).await.map_err(wrong)?;
        let id = UserId(row.id);
        let mut row = users::ActiveModel::from(row);
        row.password_hash = Set(hash);
        let row = row.update(&transaction).await?;
        let ended = sessions::delete_others(&transaction, id, session).await?;
        transaction.commit().await?;
        sessions::closed(&app, ended);
        Ok(row.into())
    })
    .await
}

/// What an admin changes about somebody. Whoever is shut out is out at once, sockets included.
pub async fn change(app: &App, by: UserId, id: UserId, patch: PatchUser) -> Result<User> {
    let app = app.clone();
    to_the_end(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        // One change at a time, or what is read here would not be what is changed.
        let admins = admins(&transaction).await?;
        if !is_admin(&transaction, Some(by)).await? {
            return Err(Code::AdminOnly.into());
        }
        let row =
            users::Entity::find_by_id(id.0).lock(row_lock(&transaction, LockType::NoKeyUpdate));
        let row = row.one(&transaction).await?.ok_or(Code::NotFound)?;
        let before = User::from(row.clone());
        let is_admin = patch.is_admin.unwrap_or(row.is_admin);
        let is_disabled = patch.is_disabled.unwrap_or(row.is_disabled);
        let was_admin = row.is_admin && !row.is_disabled;
        if was_admin && (!is_admin || is_disabled) && admins == 1 {
            return Err(Code::LastAdmin.into());
        }
        let mut row = users::ActiveModel::from(row);
        row.is_admin = Set(is_admin);
        row.is_disabled = Set(is_disabled);
        let user = User::from(row.update(&transaction).await?);
        let ended = match is_disabled {
            true => sessions::delete_others(&transaction, id, None).await?,
            false => Vec::new(),
        };
        app.ledger.account_changes(&transaction);
        transaction.commit().await?;
        changed(&app, &before, &user, ended);
        Ok(user)
    })
    .await
}

fn changed(app: &App, before: &User, user: &User, ended: Vec<SessionId>) {
    sessions::closed(app, ended);
    if user.is_disabled {
        app.hub.end(Ended::User(user.id));
    } else if user.is_admin != before.is_admin {
        app.hub.end(Ended::Changed(user.clone()));
    }
}

/// How many admins there are. Their rows stay locked, or two of them could each make the other the
/// last one.
async fn admins(db: &DatabaseTransaction) -> Result<usize> {
    let admins = users::Entity::find()
        .filter(users::Column::IsAdmin.eq(true))
        .filter(users::Column::IsDisabled.eq(false))
        .order_by_asc(users::Column::Id)
        .lock(row_lock(db, LockType::NoKeyUpdate));
    Ok(admins.all(db).await?.len())
}

/// Gives somebody a random password, by whoever has the machine, and ends all their sessions. A
/// running server sees it within two seconds.
pub async fn reset_password(db: &Database, username: &str) -> Result<(User, Password)> {
    let password = Password(URL_SAFE_NO_PAD.encode(&random()?[..18]));
    let hash = Passwords::new().hash(password.clone()).await?;
    let transaction = db.begin().await?;
    let row = named(&transaction, username).await?;
    let mut row = users::ActiveModel::from(row);
    row.password_hash = Set(hash);
    let user = User::from(row.update(&transaction).await?);
    sessions::delete_others(&transaction, user.id, None).await?;
    transaction.commit().await?;
    Ok((user, password))
}

/// Makes somebody an admin, by whoever has the machine. A running server sees it within seconds.
pub async fn promote(writer: &impl ConnectionTrait, username: &str) -> Result<User> {
    let mut row = users::ActiveModel::from(named(writer, username).await?);
    row.is_admin = Set(true);
    row.is_disabled = Set(false);
    Ok(row.update(writer).await?.into())
}

async fn named(db: &impl ConnectionTrait, username: &str) -> Result<users::Model> {
    find_row(db, &key(username)).await?.ok_or_else(|| {
        Error::new(Code::NotFound, format!("There is no account named {username:?}."))
    })
}
