//! Changing profiles: display names, pronouns and statuses.
//!
//! A display name is never the username or the display name of another account, nor does it look like one. A
//! unique index keeps equal display names apart; [`lock_account_names`] and [`is_name_taken`] keep all names
//! and their look-alikes apart. Older accounts with names that look alike keep them.

use std::net::IpAddr;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Set,
    sea_query::LockType,
};
use shared::{
    access::Rank,
    administration::AuditAction,
    ids::UserId,
    problem::{Code, FieldError},
    rules,
    unicode::fold_name,
    users::{DELETED_USERNAME, PatchProfile, PatchUser, Status, User},
};

use super::accounts::rank_of;
use crate::{
    App, Error, Result,
    auth::run_to_completion,
    error::is_duplicate,
    tables::{
        AccountChange, AuditRecord, Connection, Transaction, audit, lock_account_names,
        log_account_change, now, row_lock, to_timestamp, users,
    },
};

/// Whether a name, or one that looks like it, is the username or the display name of another account than
/// `own`, or the name of deleted accounts.
pub(super) async fn is_name_taken(
    db: &impl Connection,
    name: &str,
    own: Option<UserId>,
) -> Result<bool> {
    use users::Column as C;
    let folded = fold_name(name);
    if folded == fold_name(DELETED_USERNAME) {
        return Ok(true);
    }
    let columns = [C::UsernameKey, C::UsernameFold, C::DisplayKey, C::DisplayFold];
    let is_called = columns.into_iter().fold(Condition::any(), |any, c| any.add(c.eq(&*folded)));
    // No account has the id 0.
    let others = C::Id.ne(own.map_or(0, |own| own.0));
    let found = users::Entity::find().filter(is_called).filter(others).limit(1);
    Ok(found.one(db).await?.is_some())
}

/// Changes the caller's profile. 409 if the display name is somebody else's name, 429 after too many
/// changes.
pub(super) async fn change(app: &App, id: UserId, patch: PatchProfile) -> Result<User> {
    app.limits.profiles.check(&id, 1).map_err(Error::too_many)?;
    let patch = validate(patch)?;
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        // Before the account, as in every transaction that names one.
        if patch.display_name.is_some() {
            lock_account_names(&transaction).await?;
        }
        let row = find_and_lock(&transaction, id).await?;
        let row = row.filter(users::Model::is_active).ok_or(Code::Unauthenticated)?;
        match write(&transaction, row.clone(), patch).await? {
            None => Ok(row.into()),
            Some((user, change)) => commit(&app, transaction, user, change).await,
        }
    })
    .await
}

/// Changes or removes the display name of an account, by an admin. 403 if `by` may not, 409 if it is
/// somebody else's name.
pub(super) async fn rename(
    app: &App,
    by: UserId,
    address: IpAddr,
    id: UserId,
    patch: PatchUser,
) -> Result<User> {
    app.limits.profiles.check(&by, 1).map_err(Error::too_many)?;
    let PatchUser { rank, is_admin, is_disabled, approved, display_name } = patch;
    if rank.is_some() || is_admin.or(is_disabled).or(approved).is_some() {
        let message = "cannot be given together with other fields";
        return Err(FieldError::new("display_name", message).into());
    }
    let patch = validate(PatchProfile { display_name, ..PatchProfile::default() })?;
    let app = app.clone();
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        lock_account_names(&transaction).await?;
        let by_rank = rank_of(&transaction, Some(by)).await?;
        let by_rank = by_rank.filter(|rank| rank.is_admin()).ok_or(Code::AdminOnly)?;
        let row = find_and_lock(&transaction, id).await?.ok_or(Code::NotFound)?;
        if by != id && row.rank.0.is_admin() && by_rank < Rank::Owner {
            return Err(Code::OwnerOnly.into());
        }
        let Some((user, change)) = write(&transaction, row.clone(), patch).await? else {
            return Ok(row.into());
        };
        let mut record = AuditRecord::new(AuditAction::DisplayNameChanged, Some(by));
        if let Some(before) = row.display_name {
            record = record.old_value(before);
        }
        if let Some(after) = &user.display_name {
            record = record.new_value(after);
        }
        audit(&transaction, record.user(id).address(address)).await?;
        commit(&app, transaction, user, change).await
    })
    .await
}

/// Checks all fields; returns them as they are stored.
fn validate(patch: PatchProfile) -> Result<PatchProfile> {
    let now = to_timestamp(now());
    let mut errors = Vec::new();
    let valid = PatchProfile {
        display_name: checked(patch.display_name, &mut errors, |name| {
            rules::validate_display_name(name)
        }),
        pronouns: checked(patch.pronouns, &mut errors, |text| rules::validate_pronouns(text)),
        status: checked(patch.status, &mut errors, |status| status.validate(now)),
    };
    if errors.is_empty() { Ok(valid) } else { Err(errors.into()) }
}

/// The checked value of a field that is neither missing nor null.
fn checked<T>(
    value: Option<Option<T>>,
    errors: &mut Vec<FieldError>,
    check: impl FnOnce(&T) -> Result<T, FieldError>,
) -> Option<Option<T>> {
    match value {
        Some(Some(value)) => match check(&value) {
            Ok(value) => Some(Some(value)),
            Err(error) => {
                errors.push(error);
                None
            }
        },
        other => other,
    }
}

async fn find_and_lock(txn: &Transaction, id: UserId) -> Result<Option<users::Model>> {
    let row = users::Entity::find_by_id(id.0)
        .filter(users::Column::DeletedAt.is_null())
        .lock(row_lock(txn, LockType::NoKeyUpdate));
    Ok(row.one(txn).await?)
}

/// Writes the changed fields of a locked account; `None` if there are none.
async fn write(
    txn: &Transaction,
    row: users::Model,
    patch: PatchProfile,
) -> Result<Option<(User, AccountChange)>> {
    let PatchProfile { display_name, pronouns, status } = patch;
    let mut new = row.clone();
    if let Some(pronouns) = pronouns {
        new.pronouns = pronouns;
    }
    if let Some(status) = status {
        let Status { emoji, text, until } = status.unwrap_or_default();
        (new.status_emoji, new.status_text) = (emoji, text);
        new.status_until = until.map(|until| until.timestamp_micros());
    }
    if let Some(name) = display_name {
        new.display_key = name.as_deref().map(rules::name_key);
        new.display_fold = name.as_deref().and_then(users::Model::fold);
        new.display_name = name;
    }
    if new == row {
        return Ok(None);
    }
    let mut update = users::ActiveModel::from(row.clone());
    if new.display_name != row.display_name {
        check_display_name(txn, &new).await?;
        update.display_name = Set(new.display_name);
        update.display_key = Set(new.display_key);
        update.display_fold = Set(new.display_fold);
        update.profile_rev = Set(row.profile_rev + 1);
    }
    update.pronouns = Set(new.pronouns);
    update.status_emoji = Set(new.status_emoji);
    update.status_text = Set(new.status_text);
    update.status_until = Set(new.status_until);
    let row = update.update(txn).await.map_err(|error| match is_duplicate(&error) {
        true => display_name_taken(),
        false => error.into(),
    })?;
    let change = log_account_change(txn, row.id.into()).await?;
    Ok(Some((row.into(), change)))
}

/// Refuses a display name that [`is_name_taken`].
async fn check_display_name(txn: &Transaction, new: &users::Model) -> Result<()> {
    let Some(name) = &new.display_name else { return Ok(()) };
    let is_taken = is_name_taken(txn, name, Some(UserId(new.id))).await?;
    if is_taken { Err(display_name_taken()) } else { Ok(()) }
}

async fn commit(
    app: &App,
    transaction: Transaction,
    user: User,
    change: AccountChange,
) -> Result<User> {
    // Before the commit, so that no batch can start after it and use the old row.
    app.ledger.invalidate_accounts([user.id]);
    transaction.commit().await?;
    app.hub.announce_account_change(change);
    Ok(user)
}

fn display_name_taken() -> Error {
    let mut error = Error::from(Code::DisplayNameTaken);
    error.problem.errors = vec![FieldError::new("display_name", "is the name of somebody else")];
    error
}
