//! `/register/` and `/login/`.

use axum::{
    extract::State,
    http::{HeaderMap, header},
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    ids::UserId,
    users::{Register, SignIn},
};

use crate::{
    App, Result,
    http::{
        extract::{Answer, Created, Json, With},
        peer::Peer,
    },
    users::{self, MaybeCaller},
};

/// It worked.
#[derive(Serialize, JsonSchema)]
pub struct Done {
    message: &'static str,
}

/// The answer to a sign-in.
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
    Json(new): Json<Register>,
) -> Result<Created<Done>> {
    users::register(&app, caller.map(|caller| caller.user).as_ref(), new).await?;
    Ok(Answer(Done { message: "User created successfully" }))
}

pub async fn login(
    State(app): State<App>,
    Peer(address): Peer,
    headers: HeaderMap,
    Json(sign_in): Json<SignIn>,
) -> Result<With<Json<LoggedIn>>> {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let signed = users::sign_in(&app, address, agent.unwrap_or(""), sign_in).await?;
    let cookie = users::session_cookie(&app, &signed);
    let user = signed.user;
    let said = LoggedIn { token: signed.token, is_admin: user.is_admin, user_id: user.id };
    let headers = HeaderMap::from_iter([(header::SET_COOKIE, cookie)]);
    Ok(With(headers, Json(said)))
}
