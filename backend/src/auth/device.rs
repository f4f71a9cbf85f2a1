//! Where a login comes from: a network, a device that signed in before, or a session. The device cookie
//! is signed and stored nowhere; it grants nothing.

use std::net::IpAddr;

use axum::http::HeaderMap;
use shared::ids::UserId;
use uuid::Uuid;

use super::{
    Auth,
    cookie::{DEVICE_DAYS, device_token, session_token},
};
use crate::{Result, http::client_address::network_of, tables::now};

/// The origin of a login. Not `Debug`, because it contains a token.
pub struct LoginOrigin {
    pub(super) network: IpAddr,
    pub(super) device: Option<(UserId, Uuid)>,
    pub(super) session_token: Option<String>,
}

impl Auth {
    /// The origin of a login with these headers from this address.
    pub fn login_origin(&self, address: IpAddr, headers: &HeaderMap) -> LoginOrigin {
        let settings = &self.0.settings;
        let device = device_token(headers, settings);
        LoginOrigin {
            network: network_of(address),
            device: device.and_then(|token| self.0.tokens.verify_device(&token)),
            session_token: session_token(headers, settings),
        }
    }

    /// A new device token for the account.
    pub(super) fn device_token(&self, user: UserId) -> Result<String> {
        let now_s = now() / 1_000_000;
        self.0.tokens.sign_device(user, Uuid::new_v4(), now_s, now_s + DEVICE_DAYS * 86_400)
    }
}
