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

/// The origin of a login. Not `Debug`, because it contains a token.
pub struct LoginOrigin {
    pub(super) address: IpAddr,
    pub(super) device: Option<Device>,
    pub(super) session_token: Option<String>,
}

impl LoginOrigin {
    /// The network by which the login throttle counts. A session stores and shows the address.
    pub(super) fn network(&self) -> IpAddr {
        network_of(self.address)
    }
}

impl Auth {
    /// The origin of a login with these headers from this address.
    pub fn login_origin(&self, address: IpAddr, headers: &HeaderMap) -> LoginOrigin {
        let settings = &self.0.settings;
        let device = device_token(headers, settings);
        LoginOrigin {
            address,
            device: device.and_then(|token| self.0.tokens.verify_device(&token)),
            session_token: session_token(headers, settings),
        }
    }

    /// The headers that keep a device known which changed the password of an account itself. `before`
    /// is the account before the change, `generation` the one after it. None for other devices.
    pub fn renew_device(
        &self,
        origin: &LoginOrigin,
        before: &users::Model,
        generation: i64,
    ) -> Result<HeaderMap> {
        let Some(device) = origin.device.filter(|device| device.is_known_to(before)) else {
            return Ok(HeaderMap::new());
        };
        let cookie = self.device_cookie(Device { generation, ..device })?;
        Ok(HeaderMap::from_iter([(header::SET_COOKIE, cookie)]))
    }
}
