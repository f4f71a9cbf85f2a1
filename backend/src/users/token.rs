//! The token: a signed handle of a session. It opens nothing by itself; the session's row does.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, crypto::rust_crypto, decode, encode,
};
use serde::{Deserialize, Serialize};
use shared::{
    ids::{SessionId, UserId},
    problem::Code,
};

use super::random;
use crate::{Error, Result, Settings, tables::now};

const ISSUER: &str = "hallway";
const AUDIENCE: &str = "hallway-session";
/// Not the plain `JWT`: a token that somebody signs with the same key for something else is none.
const KIND: &str = "hallway-session+jwt";
/// Clocks that differ by more than this are wrong, in seconds.
const LEEWAY_S: u64 = 10;

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: SessionId,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Signs and checks.
pub(super) struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
}

impl Tokens {
    /// The key from the settings or the data folder, tried out.
    pub(super) fn open(settings: &Settings) -> Result<Self> {
        // Says no when it is there already, which is as good.
        let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
        let tokens = match &settings.session_key {
            Some(key) => Self::new(&parse(&key.0).ok_or_else(|| {
                Error::new(Code::Internal, "HALLWAY_SESSION_KEY must be 32 bytes in base64")
            })?),
            None => Self::new(&load(&settings.storage.data.join("session.key"))?),
        };
        let (session, second) = (SessionId(uuid::Uuid::now_v7()), now() / 1_000_000);
        let token = tokens.sign(UserId(1), session, second, second + 60)?;
        match tokens.check(&token) {
            Some(found) if found == (UserId(1), session) => Ok(tokens),
            _ => Err(Error::new(Code::Internal, "a token that was just signed is refused")),
        }
    }

    fn new(key: &[u8; 32]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY_S;
        // Only that it is there: a clock that was set back must not send everybody away. Whether the
        // session has begun is for its row to say.
        validation.validate_nbf = false;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        Self {
            signing: EncodingKey::from_secret(key),
            checking: DecodingKey::from_secret(key),
            validation,
        }
    }

    /// The token of a session; moments in seconds since 1970.
    pub(super) fn sign(&self, user: UserId, sid: SessionId, from: i64, to: i64) -> Result<String> {
        let header = Header { typ: Some(KIND.into()), ..Header::new(Algorithm::HS256) };
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: user.to_string(),
            sid,
            iat: from,
            nbf: from,
            exp: to,
        };
        encode(&header, &claims, &self.signing).map_err(Error::internal)
    }

    /// Whose token it is and of which session, if it is one of ours and valid now.
    pub(super) fn check(&self, token: &str) -> Option<(UserId, SessionId)> {
        let data = decode::<Claims>(token, &self.checking, &self.validation).ok()?;
        if data.header.typ.as_deref() != Some(KIND) {
            return None;
        }
        Some((data.claims.sub.parse().ok()?, data.claims.sid))
    }
}

fn parse(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text.trim()).ok()?.try_into().ok()
}

/// The key in a file, made if there is none. Written whole under another name first: a key file cut
/// short by a crash would lock everybody out.
fn load(path: &Path) -> Result<[u8; 32]> {
    let wrong = |what: &str| {
        let text = format!("{}: {what}", path.display());
        Error::new(Code::Internal, text)
    };
    match fs::read_to_string(path) {
        Ok(text) => parse(&text).ok_or_else(|| wrong("is not 32 bytes in base64")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = STANDARD.encode(random()?);
            keep(path, &key).map_err(|error| wrong(&error.to_string()))?;
            load(path)
        }
        Err(error) => Err(wrong(&error.to_string())),
    }
}

/// Of several servers that start on one new folder, the first one's is kept.
fn keep(path: &Path, key: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("key.new");
    let mut options = OpenOptions::new();
    // Not truncated: while we wait for the lock it becomes the key.
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.lock()?;
    if path.exists() {
        return Ok(());
    }
    file.set_len(0)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()?;
    fs::rename(draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        let second = now() / 1_000_000;
        Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: "7".into(),
            sid: SessionId(uuid::Uuid::nil()),
            iat: second,
            nbf: second,
            exp: second + 60,
        }
    }

    fn is_taken(algorithm: Algorithm, kind: &str, change: impl FnOnce(&mut Claims)) -> bool {
        let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
        let tokens = Tokens::new(&[7; 32]);
        let mut claims = claims();
        change(&mut claims);
        let header = Header { typ: Some(kind.into()), ..Header::new(algorithm) };
        tokens.check(&encode(&header, &claims, &tokens.signing).unwrap()).is_some()
    }

    #[test]
    fn only_our_own_tokens_are_taken() {
        use Algorithm::{HS256, HS384};
        assert!(is_taken(HS256, KIND, |_| ()));
        assert!(is_taken(HS256, KIND, |it| it.exp -= 65), "within the leeway");
        assert!(!is_taken(HS256, KIND, |it| it.exp -= 75), "expired");
        assert!(is_taken(HS256, KIND, |it| it.nbf += 3_600), "a clock that was set back");
        assert!(!is_taken(HS256, KIND, |it| it.aud = "other".into()));
        assert!(!is_taken(HS256, KIND, |it| it.iss = "other".into()));
        assert!(!is_taken(HS256, KIND, |it| it.sub = "x".into()));
        assert!(!is_taken(HS256, "JWT", |_| ()));
        assert!(!is_taken(HS384, KIND, |_| ()), "another algorithm with the same key");
    }

    #[test]
    fn another_key_an_unsigned_token_and_missing_claims_are_refused() {
        let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
        let (ours, other) = (Tokens::new(&[7; 32]), Tokens::new(&[8; 32]));
        let second = now() / 1_000_000;
        let session = SessionId(uuid::Uuid::nil());
        let token = other.sign(UserId(7), session, second, second + 60).unwrap();
        assert_eq!(ours.check(&token), None);
        let encoded = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let body = serde_json::to_string(&claims()).unwrap();
        let unsigned = format!("{}.{}.", encoded(r#"{"alg":"none"}"#), encoded(&body));
        assert_eq!(ours.check(&unsigned), None);
        for claim in ["iss", "aud", "sub", "sid", "iat", "nbf", "exp"] {
            let mut less = serde_json::to_value(claims()).unwrap();
            less.as_object_mut().unwrap().remove(claim);
            let header = Header { typ: Some(KIND.into()), ..Header::default() };
            let token = encode(&header, &less, &ours.signing).unwrap();
            assert_eq!(ours.check(&token), None, "without {claim}");
        }
    }

    #[test]
    fn a_key_is_made_once_and_kept() {
        let folder = std::env::temp_dir().join(format!("hallway-{}", uuid::Uuid::now_v7()));
        let path = folder.join("session.key");
        let key = load(&path).unwrap();
        assert_eq!(load(&path).unwrap(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "short").unwrap();
        assert!(load(&path).is_err(), "a broken key is not quietly replaced");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn all_who_start_at_once_have_the_same_key() {
        for _ in 0..50 {
            let folder = std::env::temp_dir().join(format!("hallway-{}", uuid::Uuid::now_v7()));
            let path = folder.join("session.key");
            let keys: Vec<_> = std::thread::scope(|scope| {
                let all: Vec<_> = (0..4).map(|_| scope.spawn(|| load(&path).unwrap())).collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            });
            assert!(keys.iter().all(|key| *key == keys[0]));
            fs::remove_dir_all(folder).unwrap();
        }
    }
}
