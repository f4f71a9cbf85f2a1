//! The formats of stored password hashes: ours, and those of accounts imported from Django, which
//! the first login replaces by ours.
//!
//! Until then a wrong password takes as long as the imported format costs, so its timing tells that
//! the account was imported and not used yet. Hiding this would make every login as slow as the most
//! expensive format; the login throttle bounds how many names can be tried.

use std::str::FromStr;

use argon2::{Algorithm, Argon2, Params, PasswordVerifier, Version};
use base64::{Engine, engine::general_purpose::STANDARD};
use pbkdf2::pbkdf2_hmac_array;
use sha2::Sha256;
use shared::problem::FieldError;
use subtle::ConstantTimeEq;

use crate::{Error, Result};

/// The stored hash of an account without a password.
pub const UNUSABLE: &str = "!";

/// Maximum number of PBKDF2 iterations, because an attempt with more would keep a core busy for
/// seconds. Django uses about a million.
const MAX_ITERATIONS: u32 = 3_000_000;
/// Maximum memory of argon2 in KiB, because each core can run an attempt at the same time. Django uses
/// 100 MiB.
const MAX_MEMORY_KIB: u32 = 128 * 1_024;
/// Maximum number of argon2 passes.
const MAX_PASSES: u32 = 8;

/// A stored password hash.
pub(super) enum PasswordHash {
    Argon2(Box<argon2::PasswordHash>, Params),
    /// Django's default, `pbkdf2_sha256$ITERATIONS$SALT$HASH` with the hash in base64.
    Django {
        iterations: u32,
        salt: String,
        hash: [u8; 32],
    },
    /// No password matches.
    Unusable,
}

impl FromStr for PasswordHash {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        if text.starts_with(UNUSABLE) {
            return Ok(Self::Unusable);
        }
        let parsed = match text.strip_prefix("pbkdf2_sha256$") {
            Some(rest) => parse_django(rest),
            None => parse_argon2id(text),
        };
        parsed.map_err(|message| FieldError::new("password_hash", message))
    }
}

impl PasswordHash {
    /// Whether this is the hash of the password.
    pub(super) fn verify(&self, password: &[u8]) -> Result<bool> {
        Ok(match self {
            Self::Argon2(hash, _) => argon2()?.verify_password(password, &**hash).is_ok(),
            Self::Django { iterations, salt, hash } => {
                pbkdf2_hmac_array::<Sha256, 32>(password, salt.as_bytes(), *iterations)
                    .ct_eq(hash)
                    .into()
            }
            Self::Unusable => false,
        })
    }

    /// Whether a new hash would have this algorithm and these costs.
    pub(super) fn is_current(&self) -> Result<bool> {
        let current = argon2()?;
        let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        Ok(matches!(self, Self::Argon2(_, params) if costs(params) == costs(current.params())))
    }
}

/// Checks that a text is a password hash that Hallway can verify at a bounded cost.
pub fn check_password_hash(text: &str) -> Result<(), FieldError> {
    text.parse::<PasswordHash>().map(drop)
}

/// The hasher of new passwords, with OWASP's second choice of costs: 19 MiB, two passes, one lane.
pub(super) fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn parse_django(text: &str) -> Result<PasswordHash, String> {
    let mut parts = text.split('$');
    let (iterations, salt, hash) = (parts.next(), parts.next(), parts.next());
    let iterations = iterations.and_then(|text| text.parse().ok());
    let hash = hash.and_then(|hash| STANDARD.decode(hash).ok()?.try_into().ok());
    let (Some(iterations), Some(salt), Some(hash), None) = (iterations, salt, hash, parts.next())
    else {
        return Err("must be pbkdf2_sha256$ITERATIONS$SALT$HASH, with 32 bytes in base64".into());
    };
    if !(1..=MAX_ITERATIONS).contains(&iterations) {
        return Err(format!("must have 1 to {MAX_ITERATIONS} iterations, but has {iterations}"));
    }
    Ok(PasswordHash::Django { iterations, salt: salt.into(), hash })
}

fn parse_argon2id(text: &str) -> Result<PasswordHash, String> {
    let hash = argon2::PasswordHash::new(text).ok().filter(|hash| hash.hash.is_some());
    let hash = hash.filter(|hash| hash.salt.is_some() && hash.algorithm == argon2::ARGON2ID_IDENT);
    let params = hash.as_ref().and_then(|hash| Params::try_from(hash).ok());
    let (Some(hash), Some(params)) = (hash, params) else {
        return Err("must be $argon2id$.., pbkdf2_sha256$.. or !".into());
    };
    if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_PASSES {
        return Err(format!(
            "must take at most {MAX_MEMORY_KIB} KiB and {MAX_PASSES} passes, but takes {} and {}",
            params.m_cost(),
            params.t_cost()
        ));
    }
    Ok(PasswordHash::Argon2(Box::new(hash), params))
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher;

    use super::*;

    /// From Python: `hashlib.pbkdf2_hmac("sha256", "correct horse".encode(), b"seasalt", 1000)`.
    const DJANGO: &str = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";

    #[test]
    fn a_django_hash_verifies() {
        let hash: PasswordHash = DJANGO.parse().unwrap();
        assert!(hash.verify(b"correct horse").unwrap());
        assert!(!hash.verify(b"Correct horse").unwrap());
        assert!(!hash.is_current().unwrap());
        let other_salt: PasswordHash = DJANGO.replace("seasalt", "seasalu").parse().unwrap();
        assert!(!other_salt.verify(b"correct horse").unwrap());
    }

    #[test]
    fn argon2_with_other_costs_verifies_but_is_not_current() {
        let params = Params::new(64, 1, 2, None).unwrap();
        let other = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let text = other.hash_password(b"correct horse").unwrap().to_string();
        let hash: PasswordHash = text.parse().unwrap();
        assert!(hash.verify(b"correct horse").unwrap());
        assert!(!hash.is_current().unwrap());
        let current = argon2().unwrap().hash_password(b"correct horse").unwrap().to_string();
        assert!(current.parse::<PasswordHash>().unwrap().is_current().unwrap());
    }

    #[test]
    fn expensive_and_malformed_hashes_are_rejected() {
        let argon2 = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(check_password_hash(argon2).is_ok());
        for (text, expected) in [
            (DJANGO.replace("$1000$", "$3000001$"), "1 to 3000000 iterations"),
            (DJANGO.replace("$1000$", "$0$"), "1 to 3000000 iterations"),
            (DJANGO.replace("$1000$", "$99999999999$"), "pbkdf2_sha256$ITERATIONS"),
            (DJANGO.replace('=', ""), "pbkdf2_sha256$ITERATIONS"),
            (format!("{DJANGO}$"), "pbkdf2_sha256$ITERATIONS"),
            (argon2.replace("m=19456", "m=4000000"), "at most 131072 KiB"),
            (argon2.replace("t=2", "t=9"), "8 passes"),
            (argon2.replace("argon2id", "argon2i"), "must be $argon2id$"),
            ("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA".into(), "must be $argon2id$"),
            (String::new(), "must be $argon2id$"),
        ] {
            let error = check_password_hash(&text).unwrap_err();
            assert!(error.message.contains(expected), "{text}: {error:?}");
        }
    }

    #[test]
    fn no_password_matches_an_unusable_hash() {
        for text in [UNUSABLE, "!x7d"] {
            assert!(!text.parse::<PasswordHash>().unwrap().verify(text.as_bytes()).unwrap());
        }
    }
}
