//! HTTP Basic, for scripts. Checking a password takes a tenth of a second of a core, so what was
//! right is remembered for a minute, under a keyed hash.

use std::{net::IpAddr, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use sea_orm::EntityTrait;
use sha2::{Digest, Sha256};
use shared::{
    problem::Code,
    users::{Password, User},
};

use super::{accounts, key};
use crate::{App, Result, tables::users};

const REMEMBERED: Duration = Duration::from_secs(60);

/// Credentials that were right a moment ago.
pub(super) struct Cache {
    /// Of this process only: the hashes are worth nothing without it.
    secret: [u8; 32],
    /// Whose they are, and the kept hash that they fitted: another password changes it.
    right: moka::sync::Cache<[u8; 32], (i64, String)>,
}

impl Cache {
    pub(super) fn new() -> Result<Self> {
        let right = moka::sync::Cache::builder().max_capacity(10_000).time_to_live(REMEMBERED);
        Ok(Self { secret: super::random()?, right: right.build() })
    }

    /// The key and the lengths come first, so that nothing can be moved between or appended to the
    /// parts.
    fn name(&self, username: &str, password: &Password) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update((username.len() as u64).to_le_bytes());
        hash.update((password.0.len() as u64).to_le_bytes());
        hash.update(username);
        hash.update(&password.0);
        hash.finalize().into()
    }
}

/// Whose credentials these are (the part after `Basic `).
pub(super) async fn verify(app: &App, address: IpAddr, credentials: &str) -> Result<User> {
    let (username, password) = parse(credentials).ok_or(Code::Unauthenticated)?;
    let cache = &app.users.basic;
    let name = cache.name(&key(&username), &password);
    if let Some((id, hash)) = cache.right.get(&name) {
        let row = users::Entity::find_by_id(id).one(&app.db.reader).await?;
        return match row {
            Some(row) if row.password_hash == hash && !row.is_disabled => Ok(row.into()),
            _ => {
                cache.right.invalidate(&name);
                Err(Code::Unauthenticated.into())
            }
        };
    }
    let row = accounts::verify(app, address, &username, password).await?;
    cache.right.insert(name, (row.id, row.password_hash.clone()));
    Ok(row.into())
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
    fn a_password_may_hold_a_colon() {
        let (username, password) = parse(&STANDARD.encode("ada:a:b")).unwrap();
        assert_eq!((&*username, &*password.0), ("ada", "a:b"));
        assert!(parse("not base64!").is_none());
        assert!(parse(&STANDARD.encode("ada")).is_none());
    }

    #[test]
    fn no_two_credentials_share_a_name() {
        let cache = Cache::new().unwrap();
        let name = |user: &str, password: &str| cache.name(user, &Password(password.into()));
        assert_eq!(name("ada", "secret"), name("ada", "secret"));
        assert_ne!(name("ada", "secret"), name("adas", "ecret"));
    }
}
