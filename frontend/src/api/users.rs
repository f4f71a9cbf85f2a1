//! Accounts and sign-ins.

use gloo_net::http::Method;
use shared::{
    ids::SessionId,
    paths::{self, fill},
    users::{ChangePassword, Password, Register, SessionList, SignIn, SignedIn, User},
};

use super::{Answer, Failure, delete, get, put_in, send};

/// Who I am.
pub async fn me() -> Answer<User> {
    get(paths::ME).await
}

/// Makes an account.
pub async fn register(username: String, password: String) -> Answer<()> {
    let body = Register { username, password: Password(password), is_admin: None };
    let body = serde_json::to_string(&body).map_err(|_| Failure::Unreachable)?;
    send(Method::POST, paths::USERS, Some(body)).await.map(drop)
}

/// Signs in: from now on the browser's cookie says who I am.
pub async fn sign_in(username: String, password: String) -> Answer<User> {
    let body = SignIn { username, password: Password(password) };
    put_in::<SignedIn>(Method::POST, paths::SESSIONS, body).await.map(|signed_in| signed_in.user)
}

/// Signs this browser out.
pub async fn sign_out() -> Answer<()> {
    delete(&fill(paths::SESSION, &[&"current"])).await
}

/// Changes my password.
pub async fn change_password(current: String, new: String) -> Answer<()> {
    let body = ChangePassword { current_password: Password(current), password: Password(new) };
    let body = serde_json::to_string(&body).map_err(|_| Failure::Unreachable)?;
    send(Method::PATCH, paths::ME, Some(body)).await.map(drop)
}

/// Where I am signed in.
pub async fn sessions() -> Answer<SessionList> {
    get(paths::SESSIONS).await
}

/// Ends one of my sign-ins.
pub async fn end_session(id: SessionId) -> Answer<()> {
    delete(&fill(paths::SESSION, &[&id])).await
}
