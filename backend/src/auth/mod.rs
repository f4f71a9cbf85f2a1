//! Authentication: password hashes, session tokens, login throttling, and the extractors that
//! identify the caller of a request. Independent of the slices; handlers use it through [`Auth`].

use std::{collections::HashMap, future::Future, net::IpAddr, sync::Arc};

use sea_orm::DbBackend;
use shared::{
    ids::{SessionId, UserId},
    users::Password,
};
use tracing::Instrument;

use crate::{
    Error, Result, Settings,
    realtime::hub::Hub,
    tables::{Database, with_timeout},
};

mod basic;
mod caller;
mod cookie;
mod credentials;
mod device;
mod hasher;
mod origin;
mod password_hash;
mod session_cache;
mod throttle;
mod token;

pub use caller::{Admin, Caller, MaybeCaller, add_security_schemes};
pub use credentials::{find_by_key, lock_if_unmodified, username_key};
pub use device::LoginSource;
pub use hasher::PasswordHasher;
pub use origin::{is_host_allowed, is_origin_header_allowed, is_same_origin};
pub use password_hash::{UNUSABLE, check_password_hash};

/// A handle to the keys, caches and throttles of authentication; cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    settings: Arc<Settings>,
    db: Database,
    tokens: token::TokenSigner,
    hasher: PasswordHasher,
    throttle: throttle::LoginThrottle,
    sessions: session_cache::SessionCache,
    basic: basic::BasicCache,
}

impl Auth {
    /// Loads the session key (the first start creates it). A changed account loses its entries in the
    /// session cache as soon as the hub hears of the change.
    pub fn open(settings: Arc<Settings>, db: Database, hub: &Hub) -> Result<Self> {
        let sessions = session_cache::SessionCache::default();
        let cache = sessions.clone();
        hub.on_account_change(move |user| cache.invalidate(user));
        Ok(Self(Arc::new(Inner {
            tokens: token::TokenSigner::open(&settings)?,
            hasher: PasswordHasher::default(),
            throttle: throttle::LoginThrottle::new(settings.login_attempts),
            sessions,
            basic: basic::BasicCache::new()?,
            settings,
            db,
        })))
    }

    /// Takes the sessions that were used and whose last use is not written yet, each with the time of
    /// its use and the client's address.
    pub fn take_uses(&self) -> HashMap<SessionId, (i64, IpAddr)> {
        self.0.sessions.take_uses()
    }

    /// Hashes a new password.
    pub async fn hash_password(&self, password: Password) -> Result<String> {
        self.0.hasher.hash(password).await
    }

    /// Hashes the password of a new account. Sign-ups have their own permits, so that many of them do
    /// not delay logins.
    pub async fn hash_sign_up_password(&self, password: Password) -> Result<String> {
        self.0.hasher.hash_sign_up(password).await
    }

    /// Signs the token of a session; times are in seconds since 1970.
    pub fn sign_token(
        &self,
        user: UserId,
        session: SessionId,
        issued_at: i64,
        expires_at: i64,
    ) -> Result<String> {
        self.0.tokens.sign(user, session, issued_at, expires_at)
    }
}

/// Runs database work in its own task, so that it completes even if the client disconnects: dropping
/// the work midway would return a connection with an open transaction to the pool (sqlx #4385).
/// Fails after 5 s, except on SQLite.
pub async fn run_to_completion<T: Send + 'static>(
    backend: DbBackend,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(with_timeout(backend, work).in_current_span()).await.map_err(Error::internal)?
}

/// Cryptographically random bytes.
pub fn random_bytes() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}
