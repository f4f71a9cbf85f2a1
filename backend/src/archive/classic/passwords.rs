//! Passwords as Django keeps them.

use crate::auth::{UNUSABLE, check_password_hash};

/// The form in which Hallway can check it, or why it cannot.
pub fn bring(text: &str) -> Result<String, String> {
    // As Django says that there is none.
    if text.is_empty() || text.starts_with('!') {
        return Ok(UNUSABLE.into());
    }
    // It says the algorithm twice: argon2$argon2id$v=19$..
    let text = text.strip_prefix("argon2").filter(|rest| rest.starts_with('$')).unwrap_or(text);
    match check_password_hash(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => {
            let kind = text.trim_start_matches('$').split('$').next().unwrap_or_default();
            Err(format!("{kind} cannot be taken over: it {}", error.message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_checked_comes_over() {
        let hash = "mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";
        let good = format!("pbkdf2_sha256$260000$salt${hash}");
        assert_eq!(bring(&good), Ok(good.clone()));
        let argon2 = "$argon2id$v=19$m=102400,t=2,p=8$b3VyIG93biBzYWx0$\
            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(bring(&format!("argon2{argon2}")), Ok(argon2.into()));
        for none in ["", "!", "!gN3kQq"] {
            assert_eq!(bring(none), Ok(UNUSABLE.into()));
        }
        for (text, says) in [
            (format!("pbkdf2_sha256$90000000$salt${hash}"), "pbkdf2_sha256 cannot be taken over"),
            ("bcrypt_sha256$$2b$12$abc".into(), "bcrypt_sha256 cannot be taken over"),
            ("md5$salt$abc".into(), "md5 cannot be taken over"),
        ] {
            assert!(bring(&text).unwrap_err().contains(says), "{text}: {:?}", bring(&text));
        }
    }
}
