//! The session cookie of browsers.

use axum::http::{HeaderMap, HeaderValue};
use headers::{Cookie, HeaderMapExt};
use shared::users::SignedIn;

use super::Auth;
use crate::Settings;

/// With https, the `__Host-` prefix makes browsers accept the cookie from this host only, and not from
/// another one such as a subdomain.
fn cookie_name(settings: &Settings) -> &'static str {
    if settings.is_https() { "__Host-hallway_session" } else { "hallway_session" }
}

impl Auth {
    /// `Set-Cookie` after a login.
    pub fn session_cookie(&self, signed_in: &SignedIn) -> HeaderValue {
        self.cookie(&signed_in.token, i64::from(self.0.settings.session_days) * 86_400)
    }

    /// `Set-Cookie` after a logout.
    pub fn clear_session_cookie(&self) -> HeaderValue {
        self.cookie("", 0)
    }

    /// `max_age` is in seconds; 0 deletes the cookie.
    fn cookie(&self, value: &str, max_age: i64) -> HeaderValue {
        let settings = &self.0.settings;
        let (name, secure) =
            (cookie_name(settings), if settings.is_https() { "; Secure" } else { "" });
        let text =
            format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// The session token in a request's cookies.
pub(super) fn session_token(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    let cookies = headers.typed_get::<Cookie>()?;
    cookies.get(cookie_name(settings)).filter(|token| !token.is_empty()).map(str::to_owned)
}
