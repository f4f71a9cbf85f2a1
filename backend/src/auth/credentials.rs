//! Verifies usernames and passwords.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::LockType};
use shared::{
    ids::{SessionId, UserId},
    problem::Code,
    rules,
    users::{Password, User},
};

use super::{
    Auth, LoginSource, run_to_completion,
    throttle::{LoginAttempt, Sender},
};
use crate::{
    Error, Result,
    tables::{Connection, Transaction, row_lock, users},
};

const UNCONFIRMED: &str = "Confirm your e-mail address first: open the link in the mail that you got. If there is \
     none, create your account again tomorrow, or ask an admin.";

/// The form by which a username is looked up: trimmed, NFC, lower case.
pub fn username_key(username: &str) -> String {
    rules::name_key(username.trim())
}

/// The throttle's key of an account: its [`username_key`], cut at twice the maximum length of a
/// username, because lower case can lengthen a name. Longer keys would only fill memory.
pub(super) fn throttle_key(username: &str) -> String {
    username_key(username).chars().take(2 * rules::USERNAME_MAX_CHARS).collect()
}

/// The account with this [`username_key`].
pub async fn find_by_key(db: &impl Connection, key: &str) -> Result<Option<users::Model>> {
    // No name has a NUL, and PostgreSQL would report an error.
    if key.contains('\0') {
        return Ok(None);
    }
    Ok(users::Entity::find().filter(users::Column::UsernameKey.eq(key)).one(db).await?)
}

/// Locks the account's row until the transaction ends, if neither the password nor the disabled
/// flag changed since `verified` was read; 401 otherwise. Compares the generation, because a rehash
/// of the same password changes the stored hash. A transaction that relies on a verified
/// password must call this: a concurrent password change then waits for its commit, and revokes the
/// session that it created.
pub async fn lock_if_unmodified(
    txn: &Transaction,
    verified: &users::Model,
) -> Result<users::Model> {
    let row = users::Entity::find_by_id(verified.id).lock(row_lock(txn, LockType::NoKeyUpdate));
    match row.one(txn).await? {
        Some(row) if row.generation == verified.generation && !row.is_disabled => Ok(row),
        _ => Err(Code::InvalidCredentials.into()),
    }
}

impl Auth {
    /// The enabled account with this username and password: 401 if there is none, 403 if it is pending,
    /// 429 after too many failed attempts. The password may change at any time after: see [`lock_if_unmodified`].
    pub async fn verify_credentials(
        &self,
        source: &LoginSource,
        username: &str,
        password: Password,
    ) -> Result<users::Model> {
        let key = throttle_key(username);
        let sender = self.identify_sender(source, &key).await?;
        let attempt = self.0.throttle.begin(&key, source.network(), sender)?;
        self.verify_attempt(attempt, &key, &password).await
    }

    /// The account of a caller who gives their current password: 401 if it is wrong, 429 after too
    /// many failed attempts of this session. Failed logins from elsewhere do not count.
    pub async fn verify_own_password(
        &self,
        source: &LoginSource,
        (user, session): (&User, Option<SessionId>),
        password: Password,
    ) -> Result<users::Model> {
        let key = throttle_key(&user.username);
        let sender = Sender::Owner(user.id, session);
        let attempt = self.0.throttle.begin(&key, source.network(), sender)?;
        self.verify_attempt(attempt, &key, &password).await
    }

    /// Checks the password of an account that need not be able to sign in yet, under the limits of logins: 401
    /// if it is wrong, 429 after too many failed attempts.
    pub async fn verify_pending(
        &self,
        source: &LoginSource,
        row: &users::Model,
        password: Password,
    ) -> Result<()> {
        let key = throttle_key(&row.username);
        let sender = self.identify_sender(source, &key).await?;
        let attempt = self.0.throttle.begin(&key, source.network(), sender)?;
        match self.0.hasher.verify(Some(row.password_hash.clone()), password).await {
            Ok(verified) if verified.is_match => {
                attempt.succeeded();
                Ok(())
            }
            Ok(_) => Err(Code::InvalidCredentials.into()),
            Err(error) => {
                attempt.refund();
                Err(error)
            }
        }
    }

    /// Identifies the sender of a login to the account with this key.
    pub(super) async fn identify_sender(&self, source: &LoginSource, key: &str) -> Result<Sender> {
        if source.device.is_none() && source.session_token.is_none() {
            return Ok(Sender::Stranger);
        }
        let Some(row) = find_by_key(&self.0.db.reader, key).await? else {
            return Ok(Sender::Stranger);
        };
        let user = UserId(row.id);
        if let Some(device) = source.device.filter(|device| device.is_known_to(&row)) {
            return Ok(Sender::KnownDevice(device.id));
        }
        let Some(token) = &source.session_token else { return Ok(Sender::Stranger) };
        Ok(match self.authenticate_token(token, || source.address).await {
            Ok(caller) if caller.user.id == user => Sender::Owner(user, caller.session),
            _ => Sender::Stranger,
        })
    }

    pub(super) async fn verify_attempt(
        &self,
        attempt: LoginAttempt<'_>,
        key: &str,
        password: &Password,
    ) -> Result<users::Model> {
        let verified = self.check_and_rehash(key, password).await;
        match &verified {
            Ok(_) => attempt.succeeded(),
            Err(error) if error.code() == Code::InvalidCredentials => {}
            Err(_) => attempt.refund(),
        }
        verified
    }

    async fn check_and_rehash(&self, key: &str, password: &Password) -> Result<users::Model> {
        let (row, needs_rehash) = self.check_password(key, password).await?;
        if !needs_rehash {
            return Ok(row);
        }
        match self.rehash(row, password).await {
            Some(row) => Ok(row),
            // A concurrent login stored a new hash, or the password changed.
            None => Ok(self.check_password(key, password).await?.0),
        }
    }

    /// The account with this key and password, and whether its hash should be replaced by a new one.
    async fn check_password(&self, key: &str, password: &Password) -> Result<(users::Model, bool)> {
        let row = find_by_key(&self.0.db.reader, key).await?;
        let hash = row.as_ref().map(|row| row.password_hash.clone());
        let verified = self.0.hasher.verify(hash, password.clone()).await?;
        match row {
            // Only somebody with the password learns that the account is pending.
            Some(row) if verified.is_match && row.is_pending && !row.is_disabled => {
                Err(pending(&row))
            }
            Some(row) if verified.is_match && !row.is_disabled => Ok((row, verified.needs_rehash)),
            _ => Err(Code::InvalidCredentials.into()),
        }
    }

    /// Replaces an imported or outdated hash of a password that was just verified; `None` if the
    /// stored hash changed meanwhile. An error only goes to the log, so that the login succeeds with
    /// the old hash.
    async fn rehash(&self, row: users::Model, password: &Password) -> Option<users::Model> {
        let rehash = async {
            let hash = self.hash_password(password.clone()).await?;
            let (db, row) = (self.0.db.clone(), row.clone());
            run_to_completion(db.backend(), async move {
                let updated = users::Entity::update_many()
                    .col_expr(users::Column::PasswordHash, hash.clone().into())
                    .filter(users::Column::Id.eq(row.id))
                    .filter(users::Column::PasswordHash.eq(&row.password_hash))
                    .exec(&db.writer)
                    .await?;
                let row = users::Model { password_hash: hash, ..row };
                Ok((updated.rows_affected == 1).then_some(row))
            })
            .await
        };
        rehash.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot store the new hash of a password");
            Some(row)
        })
    }
}

/// Says for what an account waits. The same whether or not the address can still be confirmed, because that
/// would tell whether another account has it.
fn pending(row: &users::Model) -> Error {
    match row.email {
        Some(_) => Error::new(Code::AccountPending, UNCONFIRMED),
        None => Code::AccountPending.into(),
    }
}
