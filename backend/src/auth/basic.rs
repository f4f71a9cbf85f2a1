//! HTTP Basic, for scripts. Verifying a password takes a core for 0.1 s, so credentials that were
//! just verified are cached under a keyed hash: for 60 s they are not verified again, and for a day
//! the login throttle lets them pass.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use moka::sync::Cache;
use sea_orm::EntityTrait;
use sha2::{Digest, Sha256};
use shared::{problem::Code, users::Password};

use super::{
    Auth, LoginSource, credentials::throttle_key, random_bytes, throttle::Sender, username_key,
};
use crate::{Result, tables::users};

/// How long credentials are not verified again.
const VERIFICATION_TTL: Duration = Duration::from_secs(60);
/// How long credentials are known to the login throttle.
const CREDENTIALS_TTL: Duration = Duration::from_secs(86_400);

/// Credentials that were right.
#[derive(Clone)]
struct Verified {
    account: i64,
    /// The generation of the account then. A password change increments it, which makes the entry
    /// invalid.
    generation: i64,
    at: Instant,
}

pub(super) struct BasicCache {
    /// Random per process. Without this secret, the cached keys cannot be used to guess passwords.
    secret: [u8; 32],
    verified: Cache<[u8; 32], Verified>,
}

impl BasicCache {
    pub(super) fn new() -> Result<Self> {
        let verified = Cache::builder().max_capacity(10_000).time_to_live(CREDENTIALS_TTL).build();
        Ok(Self { secret: random_bytes()?, verified })
    }

    /// The cache key of credentials from a network. From another network they are verified, and
    /// limited, as at the first time: a throttled guesser must not learn which password is known.
    /// Hashes the lengths too, so that no two pairs of username and password share a key.
    fn key(&self, network: IpAddr, username: &str, password: &Password) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(network.to_canonical().to_string());
        hash.update([0]);
        hash.update((username.len() as u64).to_le_bytes());
        hash.update((password.0.len() as u64).to_le_bytes());
        hash.update(username);
        hash.update(&password.0);
        hash.finalize().into()
    }
}

impl Auth {
    /// The account of Basic credentials (the part after `Basic `): 401 if they are wrong or the
    /// account is disabled, 429 after too many failed attempts.
    pub(super) async fn authenticate_basic(
        &self,
        source: &LoginSource,
        credentials: &str,
    ) -> Result<users::Model> {
        let (username, password) = parse(credentials).ok_or(Code::Unauthenticated)?;
        let (cache, throttle) = (&self.0.basic, &self.0.throttle);
        let throttle_key = throttle_key(&username);
        let network = source.network();
        throttle.check_flood(&throttle_key, network)?;
        let key = cache.key(network, &username_key(&username), &password);
        let known = cache.verified.get(&key);
        if let Some(verified) = known.as_ref().filter(|it| it.at.elapsed() < VERIFICATION_TTL) {
            let row = users::Entity::find_by_id(verified.account).one(&self.0.db.reader).await?;
            return match row {
                Some(row) if row.generation == verified.generation && !row.is_disabled => Ok(row),
                _ => {
                    cache.verified.invalidate(&key);
                    Err(Code::Unauthenticated.into())
                }
            };
        }
        let sender = match known {
            Some(_) => Sender::KnownCredentials,
            None => self.identify_sender(source, &throttle_key).await?,
        };
        let attempt = throttle.begin(&throttle_key, network, sender)?;
        let row = self.verify_attempt(attempt, &throttle_key, &password).await;
        let row = row.inspect_err(|error| {
            if error.code() == Code::InvalidCredentials {
                cache.verified.invalidate(&key);
            }
        })?;
        let (account, generation) = (row.id, row.generation);
        cache.verified.insert(key, Verified { account, generation, at: Instant::now() });
        Ok(row)
    }
}

fn parse(credentials: &str) -> Option<(String, Password)> {
    let bytes = STANDARD.decode(credentials.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (username, password) = text.split_once(':')?;
    Some((username.to_owned(), Password(password.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_contain_a_colon() {
        let (username, password) = parse(&STANDARD.encode("ada:a:b")).unwrap();
        assert_eq!((&*username, &*password.0), ("ada", "a:b"));
        assert!(parse("not base64!").is_none());
        assert!(parse(&STANDARD.encode("ada")).is_none());
    }

    #[test]
    fn different_credentials_have_different_keys() {
        let cache = BasicCache::new().unwrap();
        let key = |last: u8, user: &str, password: &str| {
            cache.key([192, 0, 2, last].into(), user, &Password(password.into()))
        };
        assert_eq!(key(1, "ada", "secret"), key(1, "ada", "secret"));
        assert_ne!(key(1, "ada", "secret"), key(1, "adas", "ecret"));
        assert_ne!(key(1, "ada", "secret"), key(2, "ada", "secret"));
    }
}
