//! The extractors that identify the caller. The extractor in a handler's signature determines the
//! authority that the handler requires.

use std::net::IpAddr;

use aide::{
    OperationInput,
    generate::GenContext,
    openapi::{ApiKeyLocation, OpenApi, Operation, ReferenceOr, SecurityScheme},
};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use shared::{ids::SessionId, problem::Code, users::User};

use super::{Auth, cookie::session_token, origin::is_same_origin};
use crate::{
    Error, Result,
    http::{client_address::client_address, problems},
    realtime::hub::Credential,
    tables::{now, sessions, users},
};

/// An authenticated caller; 401 without valid credentials.
#[derive(Clone, Debug)]
pub struct Caller {
    pub user: User,
    /// `None` with HTTP Basic.
    pub session: Option<SessionId>,
    /// The account's generation when the credentials were checked.
    pub generation: i64,
    /// When the session expires, in microseconds since 1970; `None` with HTTP Basic.
    pub expires_at: Option<i64>,
}

impl Caller {
    /// The credential of a socket of the caller, which the hub checks again after each account change.
    pub fn credential(&self) -> Credential {
        let Self { user, session, generation, expires_at } = self;
        Credential {
            user: user.id,
            session: *session,
            generation: *generation,
            expires_at: *expires_at,
        }
    }
}

/// An authenticated admin; 403 for other callers.
#[derive(Clone, Debug)]
pub struct Admin(pub Caller);

/// A caller who may be anonymous. An invalid cookie is ignored; an invalid `Authorization` header is
/// an error.
#[derive(Clone, Debug)]
pub struct MaybeCaller(pub Option<Caller>);

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Auth: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let caller = Auth::from_ref(state).identify(parts).await?;
        caller.ok_or_else(|| Code::Unauthenticated.into())
    }
}

impl<S> FromRequestParts<S> for Admin
where
    S: Send + Sync,
    Auth: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.user.rank.is_admin() { Ok(Self(caller)) } else { Err(Code::AdminOnly.into()) }
    }
}

impl<S> FromRequestParts<S> for MaybeCaller
where
    S: Send + Sync,
    Auth: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Auth::from_ref(state).identify(parts).await.map(Self)
    }
}

impl Auth {
    /// Identifies the caller by the `Authorization` header or, without one, by the session cookie;
    /// `None` without either or with an invalid cookie.
    async fn identify(&self, parts: &Parts) -> Result<Option<Caller>> {
        let (headers, settings) = (&parts.headers, &self.0.settings);
        let address = || client_address(headers, &parts.extensions, settings);
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let (scheme, credentials) = value
                .to_str()
                .ok()
                .and_then(|text| text.split_once(' '))
                .ok_or(Code::Unauthenticated)?;
            return match scheme.to_ascii_lowercase().as_str() {
                "bearer" | "token" => self.authenticate_token(credentials, address).await.map(Some),
                "basic" => {
                    let source = self.login_source(address(), headers);
                    // Boxed, because few requests have a password to verify, and the future would
                    // take space in all of them.
                    let row = Box::pin(self.authenticate_basic(&source, credentials)).await?;
                    let generation = row.generation;
                    let user = User::from(row);
                    Ok(Some(Caller { user, session: None, generation, expires_at: None }))
                }
                _ => Err(Code::Unauthenticated.into()),
            };
        }
        let Some(token) = session_token(headers, settings) else { return Ok(None) };
        let caller = match self.authenticate_token(&token, address).await {
            Ok(caller) => caller,
            Err(error) if error.code() == Code::Unauthenticated => return Ok(None),
            Err(error) => return Err(error),
        };
        // Even with `SameSite=Lax`, browsers send the cookie with requests from pages of sibling
        // subdomains.
        if parts.method.is_safe() || is_same_origin(headers, settings) {
            Ok(Some(caller))
        } else {
            Err(Code::CrossOrigin.into())
        }
    }

    /// The caller with this session token: 401 if the token is invalid, the session expired or ended,
    /// or the account is disabled. `address` returns that of the client; it is called only
    /// when the session's last use must be written.
    pub async fn authenticate_token(
        &self,
        token: &str,
        address: impl FnOnce() -> IpAddr,
    ) -> Result<Caller> {
        let (id, session) = self.0.tokens.verify(token.trim()).ok_or(Code::Unauthenticated)?;
        match self.0.sessions.find(&self.0.db, session, address).await? {
            Some(caller) if caller.user.id == id => Ok(caller),
            _ => Err(Code::Unauthenticated.into()),
        }
    }

    /// Checks a caller again during a long response or after a socket was registered: the current
    /// account, or 401 once the session ended, the password changed or the account was disabled.
    /// Reads the database and no cache, because a cached answer could miss a revocation.
    pub async fn reauthenticate(&self, caller: &Caller) -> Result<User> {
        let db = &self.0.db.reader;
        let row = match caller.session {
            Some(session) => {
                let row = sessions::Entity::find_by_id(session.0)
                    .filter(sessions::Column::ExpiresAt.gt(now()))
                    .find_also_related(users::Entity)
                    .one(db)
                    .await?;
                row.and_then(|(session, user)| {
                    user.filter(|user| user.generation == session.generation)
                })
            }
            None => {
                let row = users::Entity::find_by_id(caller.user.id.0).one(db).await?;
                row.filter(|row| row.generation == caller.generation)
            }
        };
        let row = row.filter(|row| !row.is_disabled && row.id == caller.user.id.0);
        row.map(User::from).ok_or_else(|| Code::Unauthenticated.into())
    }
}

const COOKIE: &str = "cookie";
const BEARER: &str = "bearer";
const BASIC: &str = "basic";

/// Adds the authentication schemes to the OpenAPI document.
pub fn add_security_schemes(document: &mut OpenApi) {
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
            "Set for browsers by `POST /api/v1/sessions` (`__Host-hallway_session` behind https). \
             Requests that change something must come from the same origin."
                .into(),
        ),
        extensions: Default::default(),
    };
    let bearer = http(
        "bearer",
        "The `token` of `POST /api/v1/sessions`. `Authorization: Token ..` is accepted too.",
    );
    let basic = http("basic", "Username and password, for scripts.");
    let schemes = &mut document.components.get_or_insert_default().security_schemes;
    for (name, scheme) in [(COOKIE, cookie), (BEARER, bearer), (BASIC, basic)] {
        schemes.insert(name.into(), ReferenceOr::Item(scheme));
    }
}

fn document_authentication(ctx: &mut GenContext, operation: &mut Operation) {
    for scheme in [COOKIE, BEARER, BASIC] {
        operation.security.push([(scheme.to_owned(), Vec::new())].into_iter().collect());
    }
    let codes =
        [Code::Unauthenticated, Code::InvalidCredentials, Code::CrossOrigin, Code::TooManyRequests];
    problems::document(ctx, operation, &codes);
}

impl OperationInput for Caller {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        document_authentication(ctx, operation);
    }
}

impl OperationInput for Admin {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        document_authentication(ctx, operation);
        problems::document(ctx, operation, &[Code::AdminOnly]);
    }
}

impl OperationInput for MaybeCaller {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        // An empty requirement makes authentication optional.
        operation.security.push(Default::default());
        document_authentication(ctx, operation);
    }
}
