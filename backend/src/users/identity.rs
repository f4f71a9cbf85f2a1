//! Who is asking: the extractors that a handler names in its signature, and with it its authority.

use aide::{
    OperationInput,
    generate::GenContext,
    openapi::{ApiKeyLocation, OpenApi, Operation, ReferenceOr, SecurityScheme},
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Uri, header, request::Parts},
};
use shared::{ids::SessionId, problem::Code, users::User};

use super::{accounts, basic, sessions::token_in_cookies};
use crate::{
    App, Result, Settings,
    http::{peer, problems},
};

/// Somebody who is signed in, by a token, by name and password, or by a browser's cookie.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub user: User,
    /// Under which sign-in; none with HTTP Basic.
    pub session: Option<SessionId>,
    /// Whether a browser said so by itself: then another site may be behind it.
    pub by_cookie: bool,
}

/// An admin who is signed in.
#[derive(Clone, Debug)]
pub struct Admin(pub Caller);

/// Whoever it is. A cookie that is no longer good is nobody; a wrong `Authorization` is an error.
#[derive(Clone, Debug)]
pub struct MaybeCaller(pub Option<Caller>);

impl Caller {
    /// Who it is by now, for what goes on after it was asked: 401 once the sign-in has ended or the
    /// account is shut.
    pub async fn still(&self, app: &App) -> Result<User> {
        let user = match self.session {
            Some(session) => app.users.sessions.user(&app.db, session).await?,
            None => Some(accounts::find(app, self.user.id).await?).filter(|user| !user.is_disabled),
        };
        user.ok_or_else(|| Code::Unauthenticated.into())
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = crate::Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        identify(parts, app).await?.ok_or_else(|| Code::Unauthenticated.into())
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = crate::Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if caller.user.is_admin { Ok(Self(caller)) } else { Err(Code::AdminOnly.into()) }
    }
}

impl FromRequestParts<App> for MaybeCaller {
    type Rejection = crate::Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        identify(parts, app).await.map(Self)
    }
}

async fn identify(parts: &Parts, app: &App) -> Result<Option<Caller>> {
    let headers = &parts.headers;
    if let Some(given) = headers.get(header::AUTHORIZATION) {
        let (scheme, rest) = given
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .ok_or(Code::Unauthenticated)?;
        return match scheme.to_ascii_lowercase().as_str() {
            "bearer" | "token" => authenticate_token(app, rest).await.map(Some),
            "basic" => {
                let address = peer::address(headers, &parts.extensions, &app.settings);
                let user = basic::verify(app, address, rest).await?;
                Ok(Some(Caller { user, session: None, by_cookie: false }))
            }
            _ => Err(Code::Unauthenticated.into()),
        };
    }
    let Some(token) = token_in_cookies(headers, &app.settings) else { return Ok(None) };
    let caller = match authenticate_token(app, token).await {
        Ok(caller) => Caller { by_cookie: true, ..caller },
        Err(error) if error.code() == Code::Unauthenticated => return Ok(None),
        Err(error) => return Err(error),
    };
    if parts.method.is_safe() || is_same_origin(headers, &app.settings) {
        Ok(Some(caller))
    } else {
        Err(Code::CrossOrigin.into())
    }
}

/// Whose token it is; 401 if it is none, has expired, or its session has ended.
pub async fn authenticate_token(app: &App, token: &str) -> Result<Caller> {
    let (id, session) = app.users.tokens.check(token.trim()).ok_or(Code::Unauthenticated)?;
    let user = app.users.sessions.user(&app.db, session).await?;
    match user {
        Some(user) if user.id == id => {
            Ok(Caller { user, session: Some(session), by_cookie: false })
        }
        _ => Err(Code::Unauthenticated.into()),
    }
}

/// Whether a request may be one of our own pages': browsers say where it comes from, and what says
/// nothing is no browser.
fn is_same_origin(headers: &HeaderMap, settings: &Settings) -> bool {
    match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        Some(b"same-origin" | b"none") => true,
        // Behind a proxy that changes the host, or from a browser that only says the site.
        Some(_) => headers.contains_key(header::ORIGIN) && origin_allowed(headers, settings),
        None => origin_allowed(headers, settings),
    }
}

/// Whether the `Origin` is ours: exactly the host that was asked, or the public one. Without one it
/// is not a browser.
pub fn origin_allowed(headers: &HeaderMap, settings: &Settings) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let (Ok(origin), None) = (origin.to_str(), origins.next()) else { return false };
    if settings.public_origin().is_some_and(|own| own.eq_ignore_ascii_case(origin)) {
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

const COOKIE: &str = "cookie";
const BEARER: &str = "bearer";
const BASIC: &str = "basic";

/// Documents the ways to say who one is.
pub fn security_schemes(document: &mut OpenApi) {
    let http = |scheme: &str, description: &str| SecurityScheme::Http {
        scheme: scheme.into(),
        bearer_format: (scheme == "bearer").then(|| "JWT".into()),
        description: Some(description.into()),
        extensions: Default::default(),
    };
    let cookie = SecurityScheme::ApiKey {
        location: ApiKeyLocation::Cookie,
        name: "hallway_session".into(),
        description: Some(
            "What a browser gets when it signs in (`__Host-hallway_session` behind https). \
             Requests that change something must come from the same origin."
                .into(),
        ),
        extensions: Default::default(),
    };
    let bearer = http(
        "bearer",
        "The `token` of `POST /api/v1/sessions`. `Authorization: Token ..` means the same.",
    );
    let basic = http("basic", "Name and password, for scripts.");
    let schemes = &mut document.components.get_or_insert_default().security_schemes;
    for (name, scheme) in [(COOKIE, cookie), (BEARER, bearer), (BASIC, basic)] {
        schemes.insert(name.into(), ReferenceOr::Item(scheme));
    }
}

fn document(ctx: &mut GenContext, operation: &mut Operation, codes: &[Code]) {
    for scheme in [COOKIE, BEARER, BASIC] {
        operation.security.push([(scheme.to_owned(), Vec::new())].into_iter().collect());
    }
    problems::document(ctx, operation, codes);
}

const REFUSALS: [Code; 4] =
    [Code::Unauthenticated, Code::InvalidCredentials, Code::CrossOrigin, Code::TooManyRequests];

impl OperationInput for Caller {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        document(ctx, operation, &REFUSALS);
    }
}

impl OperationInput for Admin {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        document(ctx, operation, &REFUSALS);
        problems::document(ctx, operation, &[Code::AdminOnly]);
    }
}

impl OperationInput for MaybeCaller {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        // An empty requirement: without any it works too.
        operation.security.push(Default::default());
        document(ctx, operation, &REFUSALS);
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
        Flags::parse_from(["hallway", "--public-url", "https://chat.example.org/"]).settings
    }

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        given.iter().map(header).collect()
    }

    #[test]
    fn an_origin_is_the_host_or_the_public_one() {
        let allowed = |origin: &'static str| {
            origin_allowed(&headers(&[("host", "localhost:8000"), ("origin", origin)]), &settings())
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
        assert!(origin_allowed(&headers(&[("host", "localhost:8000")]), &settings()));
    }

    #[test]
    fn a_browser_says_where_a_request_comes_from() {
        let same = |given: &[(&'static str, &'static str)]| {
            is_same_origin(&headers(&[&[("host", "a.example")], given].concat()), &settings())
        };
        assert!(same(&[("sec-fetch-site", "same-origin")]));
        assert!(same(&[]));
        assert!(!same(&[("sec-fetch-site", "cross-site")]));
        assert!(!same(&[("sec-fetch-site", "same-site"), ("origin", "https://b.example")]));
        assert!(same(&[("origin", "https://a.example")]));
        assert!(!same(&[("origin", "https://b.example")]));
    }
}
