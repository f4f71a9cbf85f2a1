//! `/register/` and `/login/`.

use axum::{extract::State, http::HeaderMap};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    ids::UserId,
    users::{Register, SignIn, SignedIn},
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
    Json(request): Json<Register>,
) -> Result<Created<Done>> {
    users::register(&app, caller.map(|caller| caller.user.id), address, request).await?;
    Ok(WithStatus(Done { message: "User created successfully" }))
}

pub async fn login(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(request): Json<SignIn>,
) -> Result<WithHeaders<Json<LoggedIn>>> {
    let (signed_in, cookies) = users::sign_in(&app, address, &headers, request).await?;
    let SignedIn { token, user, .. } = signed_in;
    Ok(WithHeaders(cookies, Json(LoggedIn { token, is_admin: user.is_admin, user_id: user.id })))
}
