//! Accounts and sessions.

use gloo_net::http::Method;
use shared::{
    ids::{SessionId, UserId},
    paths::{self, fill},
    users::{
        BlockList, ChangePassword, ConfirmEmail, DeleteMe, EmailToken, InvitationToken,
        MessageRetention, Password, PatchProfile, Register, SessionList, SignIn, SignedIn, User,
    },
};

use super::{Result, delete, encode, get, send, send_json};

pub async fn get_me() -> Result<User> {
    get(paths::ME).await
}

pub async fn get_user(id: UserId) -> Result<User> {
    get(&fill(paths::USER, &[&id])).await
}

pub async fn list_blocks() -> Result<BlockList> {
    get(paths::BLOCKS).await
}

/// Blocks somebody. The socket then sends `blocks`.
pub async fn block_user(id: UserId) -> Result<()> {
    send(Method::PUT, &fill(paths::BLOCK, &[&id]), None).await.map(drop)
}

pub async fn unblock_user(id: UserId) -> Result<()> {
    delete(&fill(paths::BLOCK, &[&id])).await
}

/// Creates an account, by an invitation if there is one, or with an e-mail address if the server asks for it.
pub async fn register(
    username: String,
    password: String,
    invitation: Option<InvitationToken>,
    email: Option<String>,
) -> Result<User> {
    let password = Password(password);
    let body = Register { username, password, is_admin: None, invitation, email };
    send_json(Method::POST, paths::USERS, body).await
}

/// Confirms the address of an account, which can then sign in.
pub async fn confirm_email(token: EmailToken, password: String) -> Result<User> {
    let body = ConfirmEmail { token, password: Password(password) };
    send_json(Method::POST, paths::CONFIRM_EMAIL, body).await
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

pub async fn change_profile(patch: PatchProfile) -> Result<User> {
    send_json(Method::PATCH, paths::MY_PROFILE, patch).await
}

pub async fn delete_me(password: String, messages: MessageRetention) -> Result<()> {
    let body = DeleteMe { password: Password(password), messages };
    send(Method::DELETE, paths::ME, Some(encode(&body)?)).await.map(drop)
}

pub async fn list_sessions() -> Result<SessionList> {
    get(paths::SESSIONS).await
}

pub async fn end_session(id: SessionId) -> Result<()> {
    delete(&fill(paths::SESSION, &[&id])).await
}
