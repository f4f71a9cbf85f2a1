//! Who is at the other end of the wire: the address that is held to account for failed tries.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use aide::OperationInput;
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Extensions, HeaderMap, request::Parts},
};

use crate::{App, Settings};

/// The client's address: the connection's, or what the trusted proxy before it says
/// ([`Settings::client_ip_header`]).
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

impl OperationInput for Peer {}

impl FromRequestParts<App> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(address(&parts.headers, &parts.extensions, &app.settings)))
    }
}

/// The client's address of a request.
pub fn address(headers: &HeaderMap, extensions: &Extensions, settings: &Settings) -> IpAddr {
    let forwarded = settings.client_ip_header.as_deref().and_then(|name| {
        // Of a list the last: only that one was written by the proxy that we trust.
        let last = headers.get_all(name).iter().next_back()?.to_str().ok()?;
        parse(last.rsplit(',').next()?)
    });
    let connected = || extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    forwarded.or_else(connected).unwrap_or(Ipv4Addr::UNSPECIFIED.into()).to_canonical()
}

/// An address, possibly with a port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    text.trim_matches(['[', ']']).parse().or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_write_addresses_in_many_ways() {
        for text in ["::1", "[::1]", " ::1", "[::1]:80"] {
            assert_eq!(parse(text), "::1".parse().ok(), "{text}");
        }
        assert_eq!(parse("192.0.2.7:1234"), "192.0.2.7".parse().ok());
        assert_eq!(parse("unknown"), None);
    }
}
