//! The client's IP address, by which limits count connections, failed logins and new accounts.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use aide::OperationInput;
use axum::{
    extract::{ConnectInfo, FromRef, FromRequestParts},
    http::{Extensions, HeaderMap, request::Parts},
};

use crate::Settings;

/// The client's address: that of the connection, or the one that a trusted proxy reports in
/// [`Settings::client_ip_header`].
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl OperationInput for ClientAddress {}

impl<S> FromRequestParts<S> for ClientAddress
where
    S: Send + Sync,
    Arc<Settings>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let settings = Arc::<Settings>::from_ref(state);
        Ok(Self(client_address(&parts.headers, &parts.extensions, &settings)))
    }
}

/// The client's address in canonical form (no IPv4-mapped IPv6): the connection's if the header is
/// absent or invalid, 0.0.0.0 if there is none.
pub fn client_address(headers: &HeaderMap, extensions: &Extensions, settings: &Settings) -> IpAddr {
    let forwarded = settings.client_ip_header.as_deref().and_then(|name| {
        // The last address of a list: the trusted proxy appended it, and clients can forge the others.
        let last = headers.get_all(name).iter().next_back()?.to_str().ok()?;
        parse_address(last.rsplit(',').next()?)
    });
    let connected = || extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    forwarded.or_else(connected).unwrap_or(Ipv4Addr::UNSPECIFIED.into()).to_canonical()
}

/// The network of an address, for limits: an IPv6 customer has a whole /64, so all its addresses count
/// as one.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// Parses an address with or without a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    text.trim_matches(['[', ']']).parse().or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_customer_is_one_network() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("2001:db8::1:2:3"), network("2001:db8::9"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[test]
    fn addresses_parse_in_all_notations() {
        for text in ["::1", "[::1]", " ::1", "[::1]:80"] {
            assert_eq!(parse_address(text), "::1".parse().ok(), "{text}");
        }
        assert_eq!(parse_address("192.0.2.7:1234"), "192.0.2.7".parse().ok());
        assert_eq!(parse_address("unknown"), None);
    }
}
