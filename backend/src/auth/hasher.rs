//! Hashes and verifies passwords on blocking threads, at most one per core at a time.

use std::{sync::Arc, time::Duration};

use argon2::PasswordHasher as _;
use shared::{rules, unicode, users::Password};
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
    /// A permit for every second core, for sign-ups, so that many of them do not delay logins.
    sign_up_permits: Arc<Semaphore>,
}

impl Default for PasswordHasher {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, Into::into);
        let permits = |number| Arc::new(Semaphore::new(number));
        Self { permits: permits(cores), sign_up_permits: permits((cores / 2).max(1)) }
    }
}

impl PasswordHasher {
    /// Hashes the new password of an account.
    pub async fn hash(&self, password: Password) -> Result<String> {
        run(&self.permits, move || hash(&password)).await
    }

    /// Hashes the password of a new account.
    pub(super) async fn hash_sign_up(&self, password: Password) -> Result<String> {
        run(&self.sign_up_permits, move || hash(&password)).await
    }

    /// Compares a password with a stored hash. If there is no usable hash or the password is too long,
    /// the password does not match, but the comparison takes as long as with one of our own hashes.
    pub(super) async fn verify(
        &self,
        stored: Option<String>,
        password: Password,
    ) -> Result<Verified> {
        run(&self.permits, move || {
            let is_length_valid = password.0.len() <= rules::PASSWORD_MAX_BYTES;
            // Decides about a second hash for accounts that do not exist as well: otherwise the time would
            // tell which ones exist.
            let has_other_form = is_length_valid && opaque_string(&password.0) != *password.0;
            let stored = stored.filter(|_| is_length_valid).and_then(|text| text.parse().ok());
            let (hash, typed) = match stored {
                None | Some(PasswordHash::Unusable) => (DUMMY_HASH.parse()?, "nobody"),
                Some(hash) => (hash, &*password.0),
            };
            let normalized = opaque_string(typed);
            if hash.verify(normalized.as_bytes())? {
                return Ok(Verified { is_match: true, needs_rehash: !hash.is_current()? });
            }
            // Hashes from before the normalization, and Django's, are of the password as it was typed.
            let is_match = has_other_form && hash.verify(typed.as_bytes())?;
            Ok(Verified { is_match, needs_rehash: is_match })
        })
        .await
    }
}

/// A password in the form that is hashed, so that it matches from any keyboard and system: the
/// OpaqueString profile of RFC 8265 without its checks, that is, other blanks become U+0020, and the
/// result is in NFC.
fn opaque_string(password: &str) -> String {
    // The general category Zs without U+0020.
    let is_other_blank = |c| {
        matches!(
            c,
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
        )
    };
    unicode::nfc(&password.replace(is_other_blank, " ")).into_owned()
}

fn hash(password: &Password) -> Result<String> {
    let hash = argon2()?.hash_password(opaque_string(&password.0).as_bytes());
    hash.map(|hash| hash.to_string()).map_err(Error::internal)
}

async fn run<T: Send + 'static>(
    permits: &Arc<Semaphore>,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let permit = tokio::time::timeout(PERMIT_TIMEOUT, permits.clone().acquire_owned());
    let permit = permit.await.map_err(|_| Error::too_many(5))?.map_err(Error::internal)?;
    let work = move || {
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
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

    #[tokio::test]
    async fn a_password_matches_in_every_unicode_form() {
        let hasher = PasswordHasher::default();
        let composed = "p\u{e4}ssw\u{f6}rter f\u{fc}r";
        let decomposed = "pa\u{308}sswo\u{308}rter\u{a0}fu\u{308}r";
        let verify = async |stored: &str, typed: &str| {
            hasher.verify(Some(stored.into()), Password(typed.into())).await.unwrap()
        };
        for (new, typed) in [(composed, decomposed), (decomposed, composed)] {
            let hash = hasher.hash(Password(new.into())).await.unwrap();
            let verified = verify(&hash, typed).await;
            assert!(verified.is_match && !verified.needs_rehash);
        }
        // An old hash of the password as it was typed.
        let old = argon2().unwrap().hash_password(decomposed.as_bytes()).unwrap().to_string();
        let verified = verify(&old, decomposed).await;
        assert!(verified.is_match && verified.needs_rehash);
        assert!(!verify(&old, composed).await.is_match);
    }

    #[test]
    fn only_blanks_and_the_unicode_form_change() {
        assert_eq!(opaque_string("a\u{3000}b\u{2009}c d"), "a b c d");
        for text in ["Ａ ﬁ ǅ", "  x  ", "\u{ad}\u{200d}", ""] {
            assert_eq!(opaque_string(text), text);
        }
    }

    #[tokio::test]
    async fn sign_ups_leave_permits_for_logins() {
        let hasher = PasswordHasher::default();
        let permits = hasher.sign_up_permits.available_permits() as u32;
        let _busy = hasher.sign_up_permits.acquire_many(permits).await.unwrap();
        assert!(!hasher.verify(None, Password("x".into())).await.unwrap().is_match);
    }

    #[test]
    fn the_dummy_hash_has_current_costs() {
        assert!(DUMMY_HASH.parse::<PasswordHash>().unwrap().is_current().unwrap());
    }
}
