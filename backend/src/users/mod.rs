//! People: accounts, sign-ins, and who is asking. Knows nothing of rooms and messages.

use std::future::Future;

use sea_orm::DbBackend;
use tracing::Instrument;

use crate::{Error, Result, Settings, realtime::hub::Ended, tables::with_timeout};

mod accounts;
mod basic;
mod identity;
mod kept;
mod password;
mod routes;
mod sessions;
mod throttle;
mod token;

pub use accounts::{change, change_password, find, promote, register, reset_password};
pub use identity::{
    Admin, Caller, MaybeCaller, authenticate_token, origin_allowed, security_schemes,
};
pub use kept::{UNUSABLE, check_kept};
pub use routes::routes;
pub use sessions::{
    clear_session_cookie, end_session, list_sessions, session_cookie, sign_in, sweep,
};

/// Keys, caches and throttles of signing in.
pub struct Users {
    tokens: token::Tokens,
    passwords: password::Passwords,
    throttle: throttle::Throttle,
    sessions: sessions::Cache,
    basic: basic::Cache,
}

impl Users {
    /// Takes the key that signs sessions from the settings or the data folder (where it is made at
    /// the first start), and signs and checks one token with it, so that what is wrong with it
    /// shows now and not at the first sign-in.
    pub fn open(settings: &Settings) -> Result<Self> {
        Ok(Self {
            tokens: token::Tokens::open(settings)?,
            passwords: password::Passwords::new(),
            throttle: throttle::Throttle::new(settings.login_attempts),
            sessions: sessions::Cache::new(),
            basic: basic::Cache::new()?,
        })
    }

    /// What empties the caches when a sign-in or an account ends.
    pub fn forgetting(&self) -> impl Fn(&Ended) + Send + Sync + 'static {
        let sessions = self.sessions.clone();
        move |ended| sessions.forget_ended(ended)
    }
}

/// Runs to its end even if whoever asked has hung up: a dropped transaction would leave its
/// connection inside it (sqlx #4385), and what follows a commit must follow it.
async fn to_the_end<T: Send + 'static>(
    backend: DbBackend,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(with_timeout(backend, work).in_current_span()).await.map_err(Error::internal)?
}

/// A name as it is looked up: NFC, trimmed, without regard to case.
fn key(username: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    shared::rules::key(username.nfc().collect::<String>().trim())
}

/// Bytes that nobody can guess.
fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}
