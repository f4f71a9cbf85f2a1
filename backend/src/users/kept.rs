//! The forms in which a password may be kept: ours, and those in which people bring theirs from a
//! Django. Whoever signs in with one of the latter is kept in ours from then on.
//!
//! Until then, checking costs what the other form asks for and not what ours does, so the time that
//! a wrong password takes tells that a name came from elsewhere and was not used here yet; the
//! throttle of sign-ins bounds how many names can be tried. Hiding it would mean to let every
//! sign-in cost as much as the dearest.

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordVerifier, Version};
use base64::{Engine, engine::general_purpose::STANDARD};
use pbkdf2::pbkdf2_hmac_array;
use sha2::Sha256;
use shared::problem::FieldError;

use crate::{Error, Result};

/// In the place of a password that nobody has.
pub const UNUSABLE: &str = "!";

/// The rounds of PBKDF2 at most: one try would hold a core for seconds. Django asks for a million
/// or so.
const ROUNDS_MAX: u32 = 3_000_000;
/// The memory of argon2 at most, in KiB: one try may take it at every core. Django asks for 100 MiB.
const MEMORY_MAX: u32 = 128 * 1_024;
/// The passes of argon2 at most.
const PASSES_MAX: u32 = 8;

/// A password as it is kept.
pub(super) enum Kept {
    /// As we hash, or with other costs.
    Argon2(Box<PasswordHash>, Params),
    /// `pbkdf2_sha256$ROUNDS$SALT$HASH`, the hash in base64: Django's own.
    Django { rounds: u32, salt: String, hash: [u8; 32] },
    /// None.
    Unusable,
}

impl Kept {
    /// Reads it, or says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, FieldError> {
        if text.starts_with(UNUSABLE) {
            return Ok(Self::Unusable);
        }
        let read = match text.strip_prefix("pbkdf2_sha256$") {
            Some(rest) => django(rest),
            None => argon2id(text),
        };
        read.map_err(|message| FieldError::new("password_hash", message))
    }

    /// Whether it is this one.
    pub(super) fn fits(&self, password: &[u8]) -> Result<bool> {
        Ok(match self {
            Self::Argon2(hash, _) => argon2()?.verify_password(password, &**hash).is_ok(),
            Self::Django { rounds, salt, hash } => {
                let found = pbkdf2_hmac_array::<Sha256, 32>(password, salt.as_bytes(), *rounds);
                // All of it, so that the time does not tell how much of it is right.
                found.iter().zip(hash).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
            }
            Self::Unusable => false,
        })
    }

    /// Whether we would keep it so.
    pub(super) fn is_ours(&self) -> Result<bool> {
        let ours = argon2()?;
        let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        Ok(matches!(self, Self::Argon2(_, params) if costs(params) == costs(ours.params())))
    }
}

/// Whether a text is a password as it may be kept. What costs too much to check is refused.
pub fn check_kept(text: &str) -> Result<(), FieldError> {
    Kept::read(text).map(drop)
}

/// OWASP's second choice: 19 MiB, two passes, one lane.
pub(super) fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn django(text: &str) -> Result<Kept, String> {
    let mut parts = text.split('$');
    let (rounds, salt, hash) = (parts.next(), parts.next(), parts.next());
    let rounds = rounds.and_then(|rounds| rounds.parse().ok());
    let hash = hash.and_then(|hash| STANDARD.decode(hash).ok()?.try_into().ok());
    let (Some(rounds), Some(salt), Some(hash), None) = (rounds, salt, hash, parts.next()) else {
        return Err("must be pbkdf2_sha256$ROUNDS$SALT$HASH, with 32 bytes in base64".into());
    };
    if !(1..=ROUNDS_MAX).contains(&rounds) {
        return Err(format!("must have 1 to {ROUNDS_MAX} rounds, and has {rounds}"));
    }
    Ok(Kept::Django { rounds, salt: salt.into(), hash })
}

fn argon2id(text: &str) -> Result<Kept, String> {
    let hash = PasswordHash::new(text).ok().filter(|hash| hash.hash.is_some());
    let hash = hash.filter(|hash| hash.salt.is_some() && hash.algorithm == argon2::ARGON2ID_IDENT);
    let params = hash.as_ref().and_then(|hash| Params::try_from(hash).ok());
    let (Some(hash), Some(params)) = (hash, params) else {
        return Err("must be $argon2id$.., pbkdf2_sha256$.. or !".into());
    };
    if params.m_cost() > MEMORY_MAX || params.t_cost() > PASSES_MAX {
        return Err(format!(
            "must take at most {MEMORY_MAX} KiB and {PASSES_MAX} passes, and takes {} and {}",
            params.m_cost(),
            params.t_cost()
        ));
    }
    Ok(Kept::Argon2(Box::new(hash), params))
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher;

    use super::*;

    /// By Python: `hashlib.pbkdf2_hmac("sha256", "correct horse".encode(), b"seasalt", 1000)`.
    const DJANGO: &str = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";

    #[test]
    fn a_password_of_django_fits() {
        let kept = Kept::read(DJANGO).unwrap();
        assert!(kept.fits(b"correct horse").unwrap());
        assert!(!kept.fits(b"Correct horse").unwrap());
        assert!(!kept.is_ours().unwrap());
        let salted = Kept::read(&DJANGO.replace("seasalt", "seasalu")).unwrap();
        assert!(!salted.fits(b"correct horse").unwrap());
    }

    #[test]
    fn argon2_with_other_costs_fits_and_is_not_ours() {
        let params = Params::new(64, 1, 2, None).unwrap();
        let theirs = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let text = theirs.hash_password(b"correct horse").unwrap().to_string();
        let kept = Kept::read(&text).unwrap();
        assert!(kept.fits(b"correct horse").unwrap());
        assert!(!kept.is_ours().unwrap());
        let ours = argon2().unwrap().hash_password(b"correct horse").unwrap().to_string();
        assert!(Kept::read(&ours).unwrap().is_ours().unwrap());
    }

    #[test]
    fn what_costs_too_much_is_refused_and_so_is_what_is_no_hash() {
        let argon2 = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(check_kept(argon2).is_ok());
        for (text, says) in [
            (DJANGO.replace("$1000$", "$3000001$"), "1 to 3000000 rounds"),
            (DJANGO.replace("$1000$", "$0$"), "1 to 3000000 rounds"),
            (DJANGO.replace("$1000$", "$99999999999$"), "pbkdf2_sha256$ROUNDS"),
            (DJANGO.replace('=', ""), "pbkdf2_sha256$ROUNDS"),
            (format!("{DJANGO}$"), "pbkdf2_sha256$ROUNDS"),
            (argon2.replace("m=19456", "m=4000000"), "at most 131072 KiB"),
            (argon2.replace("t=2", "t=9"), "8 passes"),
            (argon2.replace("argon2id", "argon2i"), "must be $argon2id$"),
            ("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA".into(), "must be $argon2id$"),
            (String::new(), "must be $argon2id$"),
        ] {
            let error = check_kept(&text).unwrap_err();
            assert!(error.message.contains(says), "{text}: {error:?}");
        }
    }

    #[test]
    fn nobody_has_a_password_that_cannot_be_used() {
        for text in [UNUSABLE, "!x7d"] {
            assert!(!Kept::read(text).unwrap().fits(text.as_bytes()).unwrap());
        }
    }
}
