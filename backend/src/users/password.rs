//! Passwords: argon2id, a few at a time, on threads of their own.

use std::{sync::Arc, time::Duration};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use shared::{rules, users::Password};
use tokio::sync::Semaphore;

use crate::{Error, Result};

/// Stands in where there is no account: checking against it costs the same and never succeeds
/// (a hash of all zeros), so that the time taken does not tell which names exist.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How long one may wait for one's turn.
const PATIENCE: Duration = Duration::from_secs(10);

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

    /// Whether it is the password that was kept; without a kept one it takes as long and is not.
    pub(super) async fn verify(&self, kept: Option<String>, password: Password) -> Result<bool> {
        self.work(move || {
            let is_possible = password.0.len() <= rules::PASSWORD_MAX_BYTES;
            let (kept, bytes) = match kept {
                Some(kept) if is_possible => (kept, password.0.as_bytes()),
                _ => (NOBODY.to_owned(), &b"nobody"[..]),
            };
            Ok(argon2()?.verify_password(bytes, kept.as_str()).is_ok())
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

/// OWASP's second choice: 19 MiB, two passes, one lane.
fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
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
            passwords.verify(kept.cloned(), Password(text.into())).await.unwrap()
        };
        assert!(is(Some(&hash), "correct horse").await);
        assert!(!is(Some(&hash), "Correct horse").await);
        assert!(!is(None, "nobody").await);
    }

    #[test]
    fn nobody_can_be_parsed_and_so_costs_the_same() {
        assert!(argon2::PasswordHash::new(NOBODY).is_ok());
    }
}
