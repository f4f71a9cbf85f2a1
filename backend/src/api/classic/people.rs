//! `/register/` and `/login/`.

use axum::{extract::State, http::HeaderMap};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    ids::UserId,
    problem::Code,
    rules,
    users::{Password, Register, SignIn, SignedIn},
};

use super::{
    body::{FromFields, Validated},
    fields::{Fields, check_length},
};
use crate::{
    App, Result,
    auth::MaybeCaller,
    http::{
        client_address::ClientAddress,
        extract::{Created, Json, WithHeaders, WithStatus},
    },
    users,
};

/// A success message.
#[derive(Serialize, JsonSchema)]
pub struct Done {
    message: &'static str,
}

/// The response to a login.
#[derive(Serialize, JsonSchema)]
pub struct LoggedIn {
    /// For `Authorization: Token ..`.
    token: String,
    is_admin: bool,
    user_id: UserId,
}

pub async fn register(
    State(app): State<App>,
    MaybeCaller(caller): MaybeCaller,
    ClientAddress(address): ClientAddress,
    Validated(request): Validated<Register>,
) -> Result<Created<Done>> {
    users::register(&app, caller.map(|caller| caller.user.id), address, request).await?;
    Ok(WithStatus(Done { message: "User created successfully" }))
}

/// The credentials of a login.
#[derive(JsonSchema)]
pub struct Login {
    /// The username, in any case.
    username: String,
    /// The password. Blanks around it are removed if it is right without them.
    password: String,
}

/// The response to a login with a wrong username or password.
#[derive(Serialize, JsonSchema)]
pub struct WrongCredentials {
    error: &'static str,
}

type LoginResult = Result<WithHeaders<Json<LoggedIn>>, WithStatus<400, WrongCredentials>>;

pub async fn login(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Validated(Login { username, password }): Validated<Login>,
) -> Result<LoginResult> {
    let sign_in = async |password: &str| {
        let (username, password) = (username.clone(), Password(password.to_owned()));
        users::sign_in(&app, address, &headers, SignIn { username, password }).await
    };
    let is_wrong = |result: &Result<_>| {
        result.as_ref().is_err_and(|error| error.code() == Code::InvalidCredentials)
    };
    let trimmed = password.trim();
    let mut signed_in = sign_in(trimmed).await;
    // The classic chat trimmed passwords. Hallway does not, so blanks may be part of one.
    if is_wrong(&signed_in) && trimmed != password {
        signed_in = sign_in(&password).await;
    }
    if is_wrong(&signed_in) {
        return Ok(Err(WithStatus(WrongCredentials { error: "Invalid credentials" })));
    }
    let (signed_in, cookies) = signed_in?;
    let SignedIn { token, user, .. } = signed_in;
    let body = LoggedIn { token, is_admin: user.is_admin, user_id: user.id };
    Ok(Ok(WithHeaders(cookies, Json(body))))
}

impl FromFields for Register {
    fn from_fields(fields: &mut Fields) -> Self {
        let username = fields.required("username", Fields::text).unwrap_or_default();
        fields.check(check_length("username", &username, rules::USERNAME_MAX_CHARS));
        fields.check(rules::validate_username(&username));
        let password = fields.required("password", Fields::text).unwrap_or_default();
        fields.check(rules::validate_password(&password));
        let is_admin = fields.boolean("is_admin");
        Self { username, password: Password(password), is_admin, invitation: None, email: None }
    }
}

impl FromFields for Login {
    fn from_fields(fields: &mut Fields) -> Self {
        let username = fields.required("username", Fields::text).unwrap_or_default();
        fields.required("password", Fields::text);
        Self { username, password: fields.untrimmed_text("password").unwrap_or_default() }
    }
}
