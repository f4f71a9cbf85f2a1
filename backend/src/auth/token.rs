//! Session tokens: JWTs that name a session. A token alone grants nothing; the session's row must exist.

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
use uuid::Uuid;

use super::random_bytes;
use crate::{
    Error, Result, Settings,
    tables::{now, users},
};

const ISSUER: &str = "hallway";
const AUDIENCE: &str = "hallway-session";
/// More specific than `JWT`, so that tokens signed with the same key for another purpose are rejected.
const TOKEN_TYPE: &str = "hallway-session+jwt";
/// The audience of device tokens, which are no credentials: see `device`.
const DEVICE_AUDIENCE: &str = "hallway-device";
const DEVICE_TOKEN_TYPE: &str = "hallway-device+jwt";
/// Accepted clock difference between nodes, in seconds.
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

/// A device that signed in to an account before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Device {
    pub(super) user: UserId,
    pub(super) id: Uuid,
    /// The generation of the account then. A new password, which increments it, makes the device
    /// unknown.
    pub(super) generation: i64,
}

impl Device {
    /// Whether the device signed in to the account as it is now.
    pub(super) fn is_known_to(&self, account: &users::Model) -> bool {
        self.user.0 == account.id && self.generation == account.generation
    }
}

/// The claims of a device token.
#[derive(Debug, Serialize, Deserialize)]
struct DeviceClaims {
    iss: String,
    aud: String,
    sub: String,
    device: Uuid,
    generation: i64,
    nbf: i64,
    exp: i64,
}

pub(super) struct TokenSigner {
    encoding_key: EncodingKey,
    decoding_key: DecodingKey,
    validation: Validation,
    device_validation: Validation,
}

impl TokenSigner {
    /// Loads the key from the settings or the data folder (where the first start creates it), and
    /// signs one token, so that a broken setup fails at start and not at the first login.
    pub(super) fn open(settings: &Settings) -> Result<Self> {
        // Fails if another server of this process installed the provider already.
        let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
        let signer = match &settings.session_key {
            Some(key) => Self::new(&parse_key(&key.0).ok_or_else(|| {
                Error::new(Code::Internal, "HALLWAY_SESSION_KEY must be 32 bytes in base64")
            })?),
            None => Self::new(&load_or_create(&settings.storage.data.join("session.key"))?),
        };
        let (session, now_s) = (SessionId(uuid::Uuid::now_v7()), now() / 1_000_000);
        let token = signer.sign(UserId(1), session, now_s, now_s + 60)?;
        match signer.verify(&token) {
            Some(found) if found == (UserId(1), session) => Ok(signer),
            _ => Err(Error::new(
                Code::Internal,
                "cannot verify a session token that was just signed",
            )),
        }
    }

    fn new(key: &[u8; 32]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY_S;
        // `nbf` is required but not compared with the clock: after a clock is set back, the server
        // would reject all newer sessions.
        validation.validate_nbf = false;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        let mut device_validation = validation.clone();
        device_validation.set_audience(&[DEVICE_AUDIENCE]);
        Self {
            encoding_key: EncodingKey::from_secret(key),
            decoding_key: DecodingKey::from_secret(key),
            validation,
            device_validation,
        }
    }

    /// Signs the token of a session. Times are in seconds since 1970.
    pub(super) fn sign(&self, user: UserId, sid: SessionId, iat: i64, exp: i64) -> Result<String> {
        let header = Header { typ: Some(TOKEN_TYPE.into()), ..Header::new(Algorithm::HS256) };
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: user.to_string(),
            sid,
            iat,
            nbf: iat,
            exp,
        };
        encode(&header, &claims, &self.encoding_key).map_err(Error::internal)
    }

    /// The account and the session that a token names; `None` if the token is invalid or expired.
    pub(super) fn verify(&self, token: &str) -> Option<(UserId, SessionId)> {
        let data = decode::<Claims>(token, &self.decoding_key, &self.validation).ok()?;
        if data.header.typ.as_deref() != Some(TOKEN_TYPE) {
            return None;
        }
        Some((data.claims.sub.parse().ok()?, data.claims.sid))
    }
}

/// The tokens of devices.
impl TokenSigner {
    /// Signs the token of a device. Times are in seconds since 1970.
    pub(super) fn sign_device(&self, device: Device, iat: i64, exp: i64) -> Result<String> {
        let header =
            Header { typ: Some(DEVICE_TOKEN_TYPE.into()), ..Header::new(Algorithm::HS256) };
        let claims = DeviceClaims {
            iss: ISSUER.into(),
            aud: DEVICE_AUDIENCE.into(),
            sub: device.user.to_string(),
            device: device.id,
            generation: device.generation,
            nbf: iat,
            exp,
        };
        encode(&header, &claims, &self.encoding_key).map_err(Error::internal)
    }

    /// The device that a device token names; `None` if the token is invalid or expired.
    pub(super) fn verify_device(&self, token: &str) -> Option<Device> {
        let data = decode::<DeviceClaims>(token, &self.decoding_key, &self.device_validation);
        let data = data.ok()?;
        let is_device = data.header.typ.as_deref() == Some(DEVICE_TOKEN_TYPE);
        let DeviceClaims { sub, device: id, generation, .. } = data.claims;
        let user = sub.parse().ok()?;
        is_device.then_some(Device { user, id, generation })
    }
}

fn parse_key(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text.trim()).ok()?.try_into().ok()
}

/// Reads the key from a file, and creates the file if it is missing.
fn load_or_create(path: &Path) -> Result<[u8; 32]> {
    let fail = |text: &str| Error::new(Code::Internal, format!("{}: {text}", path.display()));
    match fs::read_to_string(path) {
        Ok(text) => parse_key(&text).ok_or_else(|| fail("is not 32 bytes in base64")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = STANDARD.encode(random_bytes()?);
            create(path, &key).map_err(|error| fail(&error.to_string()))?;
            load_or_create(path)
        }
        Err(error) => Err(fail(&error.to_string())),
    }
}

/// Writes the key to a draft and renames the draft, because with a key file that a crash truncated no
/// server starts. If several servers start on one new folder, all use the key of the first.
fn create(path: &Path, key: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("key.new");
    let mut options = OpenOptions::new();
    // Not truncated: while we wait for the lock, another server can rename the draft to the key file.
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
        let now_s = now() / 1_000_000;
        Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: "7".into(),
            sid: SessionId(uuid::Uuid::nil()),
            iat: now_s,
            nbf: now_s,
            exp: now_s + 60,
        }
    }

    fn is_accepted(
        algorithm: Algorithm,
        token_type: &str,
        change: impl FnOnce(&mut Claims),
    ) -> bool {
        let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
        let signer = TokenSigner::new(&[7; 32]);
        let mut claims = claims();
        change(&mut claims);
        let header = Header { typ: Some(token_type.into()), ..Header::new(algorithm) };
        signer.verify(&encode(&header, &claims, &signer.encoding_key).unwrap()).is_some()
    }

    #[test]
    fn only_our_own_tokens_are_accepted() {
        use Algorithm::{HS256, HS384};
        assert!(is_accepted(HS256, TOKEN_TYPE, |_| ()));
        assert!(is_accepted(HS256, TOKEN_TYPE, |claims| claims.exp -= 65), "within the leeway");
        assert!(!is_accepted(HS256, TOKEN_TYPE, |claims| claims.exp -= 75), "expired");
        assert!(
            is_accepted(HS256, TOKEN_TYPE, |claims| claims.nbf += 3_600),
            "a clock that was set back"
        );
        assert!(!is_accepted(HS256, TOKEN_TYPE, |claims| claims.aud = "other".into()));
        assert!(!is_accepted(HS256, TOKEN_TYPE, |claims| claims.iss = "other".into()));
        assert!(!is_accepted(HS256, TOKEN_TYPE, |claims| claims.sub = "x".into()));
        assert!(!is_accepted(HS256, "JWT", |_| ()));
        assert!(!is_accepted(HS384, TOKEN_TYPE, |_| ()), "another algorithm with the same key");
    }

    #[test]
    fn the_token_of_a_device_is_no_session_and_the_other_way_round() {
        let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
        let signer = TokenSigner::new(&[7; 32]);
        let (now_s, id) = (now() / 1_000_000, Uuid::now_v7());
        let device = Device { user: UserId(7), id, generation: 3 };
        let token = signer.sign_device(device, now_s, now_s + 60).unwrap();
        let session = signer.sign(UserId(7), SessionId(id), now_s, now_s + 60).unwrap();
        assert_eq!(signer.verify_device(&token), Some(device));
        assert_eq!((signer.verify(&token), signer.verify_device(&session)), (None, None));
        let other = TokenSigner::new(&[8; 32]).sign_device(device, now_s, now_s + 60);
        assert_eq!(signer.verify_device(&other.unwrap()), None);
    }

    #[test]
    fn foreign_unsigned_and_incomplete_tokens_are_rejected() {
        let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
        let (ours, other) = (TokenSigner::new(&[7; 32]), TokenSigner::new(&[8; 32]));
        let now_s = now() / 1_000_000;
        let session = SessionId(uuid::Uuid::nil());
        let token = other.sign(UserId(7), session, now_s, now_s + 60).unwrap();
        assert_eq!(ours.verify(&token), None);
        let encoded = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let body = serde_json::to_string(&claims()).unwrap();
        let unsigned = format!("{}.{}.", encoded(r#"{"alg":"none"}"#), encoded(&body));
        assert_eq!(ours.verify(&unsigned), None);
        for claim in ["iss", "aud", "sub", "sid", "iat", "nbf", "exp"] {
            let mut incomplete = serde_json::to_value(claims()).unwrap();
            incomplete.as_object_mut().unwrap().remove(claim);
            let header = Header { typ: Some(TOKEN_TYPE.into()), ..Header::default() };
            let token = encode(&header, &incomplete, &ours.encoding_key).unwrap();
            assert_eq!(ours.verify(&token), None, "without {claim}");
        }
    }

    #[test]
    fn a_key_is_created_once() {
        let folder = std::env::temp_dir().join(format!("hallway-{}", uuid::Uuid::now_v7()));
        let path = folder.join("session.key");
        let key = load_or_create(&path).unwrap();
        assert_eq!(load_or_create(&path).unwrap(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "short").unwrap();
        assert!(load_or_create(&path).is_err(), "a broken key file is not replaced");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn concurrent_starts_share_one_key() {
        for _ in 0..50 {
            let folder = std::env::temp_dir().join(format!("hallway-{}", uuid::Uuid::now_v7()));
            let path = folder.join("session.key");
            let keys: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> =
                    (0..4).map(|_| scope.spawn(|| load_or_create(&path).unwrap())).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(keys.iter().all(|key| *key == keys[0]));
            fs::remove_dir_all(folder).unwrap();
        }
    }
}
