//! Passwords: argon2id, a few at a time, on threads of their own.

use std::{sync::Arc, time::Duration};

use argon2::PasswordHasher;
use shared::{rules, users::Password};
use tokio::sync::Semaphore;

use super::kept::{Kept, argon2};
use crate::{Error, Result};

/// Stands in where there is no account: checking against it costs the same and never succeeds
/// (a hash of all zeros), so that the time taken does not tell which names exist.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How long one may wait for one's turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of checking a password.
pub(super) struct Checked {
    /// Whether it is the one.
    pub(super) is_right: bool,
    /// Whether it is kept as it would not be today.
    pub(super) is_dated: bool,
}

/// Hashes and checks.
pub(super) struct Passwords {
    /// As many at once as there are cores: each takes 19 MiB and all of a core.
    turns: Arc<Semaphore>,
}

impl Passwords {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, Into::into);
        Self { turns: Arc::new(Semaphore::new(cores)) }
    }

    /// The form in which a password is kept.
    pub(super) async fn hash(&self, password: Password) -> Result<String> {
        self.work(move || {
            let hash = argon2()?.hash_password(password.0.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(Error::internal)
        })
        .await
    }

    /// Whether it is the password that was kept; without one that can be right it takes as long as
    /// with one of ours and is not.
    pub(super) async fn verify(&self, kept: Option<String>, password: Password) -> Result<Checked> {
        self.work(move || {
            let is_possible = password.0.len() <= rules::PASSWORD_MAX_BYTES;
            let kept = kept.filter(|_| is_possible).and_then(|kept| Kept::read(&kept).ok());
            let (kept, bytes) = match kept {
                None | Some(Kept::Unusable) => (Kept::read(NOBODY)?, &b"nobody"[..]),
                Some(kept) => (kept, password.0.as_bytes()),
            };
            Ok(Checked { is_right: kept.fits(bytes)?, is_dated: !kept.is_ours()? })
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| Error::too_many(5))?.map_err(Error::internal)?;
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_and_only_that() {
        let passwords = Passwords::new();
        let hash = passwords.hash(Password("correct horse".into())).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let is = async |kept: Option<&String>, text: &str| {
            passwords.verify(kept.cloned(), Password(text.into())).await.unwrap().is_right
        };
        assert!(is(Some(&hash), "correct horse").await);
        assert!(!is(Some(&hash), "Correct horse").await);
        assert!(!is(None, "nobody").await);
    }

    #[test]
    fn nobody_can_be_parsed_and_so_costs_the_same() {
        assert!(Kept::read(NOBODY).unwrap().is_ours().unwrap());
    }
}
