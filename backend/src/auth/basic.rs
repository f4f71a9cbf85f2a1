//! HTTP Basic, for scripts. Verifying a password takes a core for 0.1 s, so credentials that were
//! just verified are cached for 60 s under a keyed hash.

use std::{net::IpAddr, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use moka::sync::Cache;
use sea_orm::EntityTrait;
use sha2::{Digest, Sha256};
use shared::{
    problem::Code,
    users::{Password, User},
};

use super::{Auth, random_bytes, username_key};
use crate::{Result, tables::users};

const TIME_TO_LIVE: Duration = Duration::from_secs(60);

pub(super) struct BasicCache {
    /// Random per process. Without this secret, the cached keys cannot be used to guess passwords.
    secret: [u8; 32],
    /// The account id and the stored password hash that the credentials matched. A password change
    /// replaces the stored hash, which makes the entry invalid.
    verified: Cache<[u8; 32], (i64, String)>,
}

impl BasicCache {
    pub(super) fn new() -> Result<Self> {
        let verified = Cache::builder().max_capacity(10_000).time_to_live(TIME_TO_LIVE).build();
        Ok(Self { secret: random_bytes()?, verified })
    }

    /// The cache key of credentials. Hashes the lengths too, so that no two pairs of username and
    /// password share a key.
    fn key(&self, username: &str, password: &Password) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.secret);
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
        address: IpAddr,
        credentials: &str,
    ) -> Result<User> {
        let (username, password) = parse(credentials).ok_or(Code::Unauthenticated)?;
        let cache = &self.0.basic;
        let key = cache.key(&username_key(&username), &password);
        if let Some((id, hash)) = cache.verified.get(&key) {
            let row = users::Entity::find_by_id(id).one(&self.0.db.reader).await?;
            return match row {
                Some(row) if row.password_hash == hash && !row.is_disabled => Ok(row.into()),
                _ => {
                    cache.verified.invalidate(&key);
                    Err(Code::Unauthenticated.into())
                }
            };
        }
        let row = self.verify_credentials(address, &username, password).await?;
        cache.verified.insert(key, (row.id, row.password_hash.clone()));
        Ok(row.into())
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
        let key = |user: &str, password: &str| cache.key(user, &Password(password.into()));
        assert_eq!(key("ada", "secret"), key("ada", "secret"));
        assert_ne!(key("ada", "secret"), key("adas", "ecret"));
    }
}
