//! Converts Django's password hashes.

use crate::auth::{UNUSABLE, check_password_hash};

/// The hash in a format that Hallway can verify, or the reason why there is none.
pub fn convert(text: &str) -> Result<String, String> {
    // Django stores an empty string or a `!` prefix for an account without a password.
    if text.is_empty() || text.starts_with('!') {
        return Ok(UNUSABLE.into());
    }
    // Django puts its own algorithm name in front: argon2$argon2id$v=19$..
    let text = text.strip_prefix("argon2").filter(|rest| rest.starts_with('$')).unwrap_or(text);
    match check_password_hash(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => {
            let algorithm = text.trim_start_matches('$').split('$').next().unwrap_or_default();
            Err(format!("its {algorithm} hash is not supported: it {}", error.message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supported_hashes_are_converted() {
        let hash = "mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";
        let django = format!("pbkdf2_sha256$260000$salt${hash}");
        assert_eq!(convert(&django), Ok(django.clone()));
        let argon2 = "$argon2id$v=19$m=102400,t=2,p=8$b3VyIG93biBzYWx0$\
            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(convert(&format!("argon2{argon2}")), Ok(argon2.into()));
        for unusable in ["", "!", "!gN3kQq"] {
            assert_eq!(convert(unusable), Ok(UNUSABLE.into()));
        }
        for (text, expected) in [
            (
                format!("pbkdf2_sha256$90000000$salt${hash}"),
                "its pbkdf2_sha256 hash is not supported",
            ),
            ("bcrypt_sha256$$2b$12$abc".into(), "its bcrypt_sha256 hash is not supported"),
            ("md5$salt$abc".into(), "its md5 hash is not supported"),
        ] {
            assert!(convert(&text).unwrap_err().contains(expected), "{text}: {:?}", convert(&text));
        }
    }
}
