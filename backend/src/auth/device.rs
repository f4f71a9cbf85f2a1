//! Where a login comes from: a network, a device that signed in before, or a session. The device cookie
//! is signed and stored nowhere; it grants nothing.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

use super::{
    Auth,
    cookie::{device_token, session_token},
    token::Device,
};
use crate::{Result, http::client_address::network_of, tables::users};

/// The source of a login. Not `Debug`, because it contains a token.
pub struct LoginSource {
    pub(super) address: IpAddr,
    pub(super) device: Option<Device>,
    pub(super) session_token: Option<String>,
}

impl LoginSource {
    /// The network by which the login throttle counts. A session stores and shows the address.
    pub(super) fn network(&self) -> IpAddr {
        network_of(self.address)
    }
}

impl Auth {
    /// The source of a login with these headers from this address.
    pub fn login_source(&self, address: IpAddr, headers: &HeaderMap) -> LoginSource {
        let settings = &self.0.settings;
        let device = device_token(headers, settings);
        LoginSource {
            address,
            device: device.and_then(|token| self.0.tokens.verify_device(&token)),
            session_token: session_token(headers, settings),
        }
    }

    /// The headers that keep a device known which changed the password of an account itself. `before`
    /// is the account before the change, `generation` the one after it. Empty for other devices.
    pub fn renew_device(
        &self,
        source: &LoginSource,
        before: &users::Model,
        generation: i64,
    ) -> Result<HeaderMap> {
        let Some(device) = source.device.filter(|device| device.is_known_to(before)) else {
            return Ok(HeaderMap::new());
        };
        let cookie = self.device_cookie(Device { generation, ..device })?;
        Ok(HeaderMap::from_iter([(header::SET_COOKIE, cookie)]))
    }
}
