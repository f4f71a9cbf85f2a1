//! The cookies of browsers: the session, and the device.

use axum::http::{HeaderMap, HeaderValue, header};
use headers::{Cookie, HeaderMapExt};
use shared::users::SignedIn;
use uuid::Uuid;

use super::{Auth, token::Device};
use crate::{Result, Settings, tables::now};

const SESSION: &str = "session";
const DEVICE: &str = "device";
const DAY_S: i64 = 86_400;
/// How long a device is known after a login.
const DEVICE_DAYS: i64 = 365;

/// With https, the `__Host-` prefix makes browsers accept the cookie from this host only, and not from
/// another one such as a subdomain.
fn cookie_name(settings: &Settings, name: &str) -> String {
    let prefix = if settings.is_https() { "__Host-" } else { "" };
    format!("{prefix}hallway_{name}")
}

impl Auth {
    /// The headers that set the cookies after a login to an account of this generation.
    pub fn login_cookies(&self, signed_in: &SignedIn, generation: i64) -> Result<HeaderMap> {
        let session_s = i64::from(self.0.settings.session_days) * DAY_S;
        let device = Device { user: signed_in.user.id, id: Uuid::new_v4(), generation };
        let cookies =
            [self.cookie(SESSION, &signed_in.token, session_s), self.device_cookie(device)?];
        Ok(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)).collect())
    }

    pub(super) fn device_cookie(&self, device: Device) -> Result<HeaderValue> {
        let (now_s, max_age) = (now() / 1_000_000, DEVICE_DAYS * DAY_S);
        let token = self.0.tokens.sign_device(device, now_s, now_s + max_age)?;
        Ok(self.cookie(DEVICE, &token, max_age))
    }

    /// `Set-Cookie` after a logout. The device stays known to the login throttle.
    pub fn clear_session_cookie(&self) -> HeaderValue {
        self.cookie(SESSION, "", 0)
    }

    /// `max_age` is in seconds; 0 deletes the cookie.
    fn cookie(&self, name: &str, value: &str, max_age: i64) -> HeaderValue {
        let settings = &self.0.settings;
        let (name, secure) =
            (cookie_name(settings, name), if settings.is_https() { "; Secure" } else { "" });
        let text =
            format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// The session token in a request's cookies.
pub(super) fn session_token(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    value_of(headers, settings, SESSION)
}

/// The device token in a request's cookies.
pub(super) fn device_token(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    value_of(headers, settings, DEVICE)
}

fn value_of(headers: &HeaderMap, settings: &Settings, name: &str) -> Option<String> {
    let cookies = headers.typed_get::<Cookie>()?;
    let value = cookies.get(&cookie_name(settings, name));
    value.filter(|value| !value.is_empty()).map(str::to_owned)
}
