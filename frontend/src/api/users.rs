//! Accounts and sessions.

use gloo_net::http::Method;
use shared::{
    ids::{SessionId, UserId},
    paths::{self, fill},
    users::{
        ChangePassword, InvitationToken, Password, Register, SessionList, SignIn, SignedIn, User,
    },
};

use super::{Result, delete, encode, get, send, send_json};

pub async fn get_me() -> Result<User> {
    get(paths::ME).await
}

pub async fn get_user(id: UserId) -> Result<User> {
    get(&fill(paths::USER, &[&id])).await
}

/// Creates an account, by an invitation if there is one.
pub async fn register(
    username: String,
    password: String,
    invitation: Option<InvitationToken>,
) -> Result<User> {
    let body = Register { username, password: Password(password), is_admin: None, invitation };
    send_json(Method::POST, paths::USERS, body).await
}

/// Signs in. The response sets the session cookie of this browser.
pub async fn sign_in(username: String, password: String) -> Result<User> {
    let body = SignIn { username, password: Password(password) };
    let response: SignedIn = send_json(Method::POST, paths::SESSIONS, body).await?;
    Ok(response.user)
}

pub async fn sign_out() -> Result<()> {
    delete(&fill(paths::SESSION, &[&"current"])).await
}

pub async fn change_password(current: String, new: String) -> Result<()> {
    let body = ChangePassword { current_password: Password(current), password: Password(new) };
    send(Method::PATCH, paths::ME, Some(encode(&body)?)).await.map(drop)
}

pub async fn list_sessions() -> Result<SessionList> {
    get(paths::SESSIONS).await
}

pub async fn end_session(id: SessionId) -> Result<()> {
    delete(&fill(paths::SESSION, &[&id])).await
}
