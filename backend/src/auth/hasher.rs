//! Hashes and verifies passwords on blocking threads, at most one per core at a time.

use std::{sync::Arc, time::Duration};

use argon2::PasswordHasher as _;
use shared::{rules, users::Password};
use tokio::sync::Semaphore;

use super::password_hash::{PasswordHash, argon2};
use crate::{Error, Result};

/// Compared with the password if there is no account. This costs as much as with a real hash and never
/// matches (the hash is all zeros), so that response times do not reveal which usernames exist.
const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How long a request waits for a permit before it fails with 429.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(10);

/// The result of verifying a password.
pub(super) struct Verified {
    pub(super) is_match: bool,
    /// Whether the stored hash has another algorithm or other costs than a new one would.
    pub(super) needs_rehash: bool,
}

pub struct PasswordHasher {
    /// One permit per core: a hash takes 19 MiB and a whole core.
    permits: Arc<Semaphore>,
}

impl Default for PasswordHasher {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, Into::into);
        Self { permits: Arc::new(Semaphore::new(cores)) }
    }
}

impl PasswordHasher {
    pub async fn hash(&self, password: Password) -> Result<String> {
        self.run(move || {
            let hash = argon2()?.hash_password(password.0.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(Error::internal)
        })
        .await
    }

    /// Compares a password with a stored hash. If there is no usable hash or the password is too long,
    /// the password does not match, but the comparison takes as long as with one of our own hashes.
    pub(super) async fn verify(
        &self,
        stored: Option<String>,
        password: Password,
    ) -> Result<Verified> {
        self.run(move || {
            let is_length_valid = password.0.len() <= rules::PASSWORD_MAX_BYTES;
            let stored = stored.filter(|_| is_length_valid).and_then(|text| text.parse().ok());
            let (hash, bytes) = match stored {
                None | Some(PasswordHash::Unusable) => (DUMMY_HASH.parse()?, &b"nobody"[..]),
                Some(hash) => (hash, password.0.as_bytes()),
            };
            Ok(Verified { is_match: hash.verify(bytes)?, needs_rehash: !hash.is_current()? })
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = tokio::time::timeout(PERMIT_TIMEOUT, self.permits.clone().acquire_owned());
        let permit = permit.await.map_err(|_| Error::too_many(5))?.map_err(Error::internal)?;
        let work = move || {
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let hasher = PasswordHasher::default();
        let hash = hasher.hash(Password("correct horse".into())).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let matches = async |stored: Option<&String>, text: &str| {
            hasher.verify(stored.cloned(), Password(text.into())).await.unwrap().is_match
        };
        assert!(matches(Some(&hash), "correct horse").await);
        assert!(!matches(Some(&hash), "Correct horse").await);
        assert!(!matches(None, "nobody").await);
    }

    #[test]
    fn the_dummy_hash_has_current_costs() {
        assert!(DUMMY_HASH.parse::<PasswordHash>().unwrap().is_current().unwrap());
    }
}
