//! Same-origin checks of requests from browsers.

use axum::http::{HeaderMap, Uri, header, request::Parts, uri::Authority};
use url::{Host, Url};

use crate::Settings;

/// Whether our own page sent the request. Every browser sends `Sec-Fetch-Site` or `Origin`; a request
/// without both comes from a client that is not a browser, and is allowed.
pub fn is_same_origin(headers: &HeaderMap, settings: &Settings) -> bool {
    match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        Some(b"same-origin" | b"none") => true,
        // A page on one loopback name may send a request to another: to a browser, `localhost` and
        // 127.0.0.1 are two sites.
        Some(_) => {
            headers.contains_key(header::ORIGIN) && is_origin_header_allowed(headers, settings)
        }
        None => is_origin_header_allowed(headers, settings),
    }
}

/// Whether `Origin` has the requested host or is the origin of the public URL, or is missing (the client
/// is not a browser). For the host of the public URL the scheme and the port must match too, because a
/// page that an attacker serves over http is another origin.
pub fn is_origin_header_allowed(headers: &HeaderMap, settings: &Settings) -> bool {
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
            let is_public = |url: &Url| !is_loopback(url) && is_host_of(url, authority.host());
            !settings.public_url.as_ref().is_some_and(is_public)
                && authority.as_str().eq_ignore_ascii_case(host)
        }
        _ => false,
    }
}

/// Whether a request is for this server: for the host of the public URL, or for a loopback name. Without
/// a public URL, every host is allowed. A page of another name that resolves to this server (DNS
/// rebinding) would otherwise count as the same origin.
pub fn is_host_allowed(request: &Parts, settings: &Settings) -> bool {
    let Some(public_url) = &settings.public_url else { return true };
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let authority = match (request.uri.authority(), hosts.next(), hosts.next()) {
        // A request target in absolute form overrides `Host` (RFC 9112, section 3.2.2).
        (Some(authority), ..) => authority.clone(),
        (None, Some(host), None) => match Authority::try_from(host.as_bytes()) {
            Ok(authority) => authority,
            Err(_) => return false,
        },
        _ => return false,
    };
    let Ok(url) = Url::parse(&format!("{}://{authority}", public_url.scheme())) else {
        return false;
    };
    let ports = [&url, public_url].map(Url::port_or_known_default);
    is_loopback(&url) || (is_host_of(public_url, authority.host()) && ports[0] == ports[1])
}

/// Whether a host name is that of a URL, ignoring case and a trailing dot.
fn is_host_of(url: &Url, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    url.host_str().is_some_and(|own| own.eq_ignore_ascii_case(host))
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
            is_origin_header_allowed(&headers, &settings())
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
        assert!(is_origin_header_allowed(&headers(&[("host", "localhost:8000")]), &settings()));
    }

    #[test]
    fn another_scheme_or_port_of_the_public_host_is_another_site() {
        let allowed = |host: &'static str, origin: &'static str| {
            let headers = headers(&[("host", host), ("origin", origin)]);
            is_origin_header_allowed(&headers, &settings())
        };
        assert!(allowed("chat.example.org", "https://chat.example.org"));
        assert!(!allowed("chat.example.org", "http://chat.example.org"));
        assert!(!allowed("CHAT.example.org.", "http://chat.EXAMPLE.org."));
        assert!(!allowed("chat.example.org:8080", "http://chat.example.org:8080"));
    }

    #[test]
    fn only_the_public_host_and_loopback_names_are_served() {
        let allowed = |uri: &str, hosts: &[&'static str]| {
            let mut request = axum::http::Request::builder().uri(uri);
            for host in hosts {
                request = request.header("host", *host);
            }
            is_host_allowed(&request.body(()).unwrap().into_parts().0, &settings())
        };
        for host in [
            "chat.example.org",
            "Chat.Example.org:443",
            "chat.example.org.",
            "localhost:8000",
            "127.0.0.1",
            "[::1]:8000",
        ] {
            assert!(allowed("/", &[host]), "{host}");
        }
        for hosts in [
            &["evil.example"][..],
            &["chat.example.org.evil.example"],
            &["chat.example.org:8443"],
            &["localhost.evil.example"],
            &["ada@evil.example"],
            &["192.0.2.7:8000"],
            &["chat.example.org", "evil.example"],
            &[""],
            &[],
        ] {
            assert!(!allowed("/", hosts), "{hosts:?}");
        }
        assert!(!allowed("http://evil.example/", &["chat.example.org"]));
        assert!(allowed("http://chat.example.org:443/", &["chat.example.org"]));
    }

    #[test]
    fn loopback_names_of_the_public_url_are_equal() {
        let allowed = |origin: &'static str| {
            let headers = headers(&[("host", "127.0.0.1"), ("origin", origin)]);
            is_origin_header_allowed(&headers, &settings_at("http://localhost:8080"))
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
    fn a_page_on_another_loopback_name_is_of_the_same_origin() {
        let is_same = |origin: &'static str| {
            let host = ("host", "127.0.0.1:8080");
            let headers = headers(&[host, ("sec-fetch-site", "cross-site"), ("origin", origin)]);
            is_same_origin(&headers, &settings_at("http://localhost:8080"))
        };
        assert!(is_same("http://localhost:8080"));
        assert!(!is_same("http://localhost:8081"));
        assert!(!is_same("http://evil.example:8080"));
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
