//! Same-origin checks of requests from browsers.

use axum::http::{HeaderMap, Uri, header};
use url::{Host, Url};

use crate::Settings;

/// Whether the request comes from our own page. Every browser sends `Sec-Fetch-Site` or `Origin`;
/// a request without both comes from another client and is allowed.
pub(super) fn is_same_origin(headers: &HeaderMap, settings: &Settings) -> bool {
    match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        Some(b"same-origin" | b"none") => true,
        // A proxy may have changed the host: then `Origin` still matches the public URL.
        Some(_) => headers.contains_key(header::ORIGIN) && is_origin_allowed(headers, settings),
        None => is_origin_allowed(headers, settings),
    }
}

/// Whether `Origin` has the requested host or is the origin of the public URL, or is missing (the client
/// is not a browser).
pub fn is_origin_allowed(headers: &HeaderMap, settings: &Settings) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let (Ok(origin), None) = (origin.to_str(), origins.next()) else { return false };
    if settings.public_url.as_ref().is_some_and(|url| is_public_origin(url, origin)) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Ok(uri) = origin.parse::<Uri>() else { return false };
    match (uri.scheme_str(), uri.authority(), host) {
        (Some("http" | "https"), Some(authority), Some(host)) => {
            authority.as_str().eq_ignore_ascii_case(host)
        }
        _ => false,
    }
}

/// Whether an origin is that of the public URL. All loopback names count as equal, because `trunk serve`
/// prints 127.0.0.1 beside localhost and replaces the `Host` header.
fn is_public_origin(public_url: &Url, origin: &str) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    public_url.origin() == origin.origin()
        || (is_loopback(public_url) && is_loopback(&origin))
            && public_url.scheme() == origin.scheme()
            && public_url.port_or_known_default() == origin.port_or_known_default()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        settings: Settings,
    }

    fn settings() -> Settings {
        settings_at("https://chat.example.org/")
    }

    fn settings_at(public_url: &str) -> Settings {
        Flags::parse_from(["hallway", "--public-url", public_url]).settings
    }

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        given.iter().map(header).collect()
    }

    #[test]
    fn the_requested_host_and_the_public_url_are_allowed() {
        let allowed = |origin: &'static str| {
            let headers = headers(&[("host", "localhost:8000"), ("origin", origin)]);
            is_origin_allowed(&headers, &settings())
        };
        assert!(allowed("http://localhost:8000"));
        assert!(allowed("https://chat.example.org"));
        for origin in [
            "http://localhost:8001",
            "http://localhost",
            "http://evil.example/localhost:8000",
            "http://localhost:8000.evil.example",
            "http://localhost:8000@evil.example",
            "https://chat.example.org.evil.example",
            "https://chat.example.org:444",
            "null",
            "",
        ] {
            assert!(!allowed(origin), "{origin}");
        }
        assert!(is_origin_allowed(&headers(&[("host", "localhost:8000")]), &settings()));
    }

    #[test]
    fn loopback_names_of_the_public_url_are_equal() {
        let allowed = |origin: &'static str| {
            let headers = headers(&[("host", "127.0.0.1"), ("origin", origin)]);
            is_origin_allowed(&headers, &settings_at("http://localhost:8080"))
        };
        assert!(allowed("http://127.0.0.1:8080"));
        assert!(allowed("http://[::1]:8080"));
        for origin in [
            "http://127.0.0.1:8081",
            "https://127.0.0.1:8080",
            "http://localhost.evil.example:8080",
        ] {
            assert!(!allowed(origin), "{origin}");
        }
    }

    #[test]
    fn cross_site_requests_are_rejected() {
        let is_same = |given: &[(&'static str, &'static str)]| {
            is_same_origin(&headers(&[&[("host", "a.example")], given].concat()), &settings())
        };
        assert!(is_same(&[("sec-fetch-site", "same-origin")]));
        assert!(is_same(&[]));
        assert!(!is_same(&[("sec-fetch-site", "cross-site")]));
        assert!(!is_same(&[("sec-fetch-site", "same-site"), ("origin", "https://b.example")]));
        assert!(is_same(&[("origin", "https://a.example")]));
        assert!(!is_same(&[("origin", "https://b.example")]));
    }
}
