//! People, and their sign-ins.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{SessionId, UserId},
};

/// Who somebody is, as short as it gets: the form inside messages and members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserRef {
    /// The account's number.
    pub id: UserId,
    /// The name as its owner wrote it.
    pub username: String,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct User {
    /// The account's number.
    pub id: UserId,
    /// The name as its owner wrote it; unique without regard to case.
    pub username: String,
    /// Whether this person manages rooms and people. The first to register does.
    pub is_admin: bool,
    /// Whether an admin has shut the account: it cannot sign in and its sessions are ended.
    pub is_disabled: bool,
    /// When the account was made.
    pub created_at: Timestamp,
}

impl User {
    /// The short form, for messages and members.
    pub fn short(&self) -> UserRef {
        UserRef { id: self.id, username: self.username.clone() }
    }
}

/// A password on its way in. Never shown by `Debug`, never sent out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Password(
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))] pub String,
);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// `POST /users`: make an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Register {
    /// 1 to 150 visible characters, unique without regard to case.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 150)))]
    pub username: String,
    /// 8 to 1 024 bytes.
    #[cfg_attr(feature = "schema", schemars(length(min = 8, max = 1024)))]
    pub password: Password,
    /// Ask for an admin. Only an admin may (403 otherwise); the first account is one anyway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_admin: Option<bool>,
}

/// `PATCH /users/me`: change one's own password. Ends all one's other sessions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangePassword {
    /// The password in use until now.
    pub current_password: Password,
    /// The one from now on, 8 to 1 024 bytes.
    #[cfg_attr(feature = "schema", schemars(length(min = 8, max = 1024)))]
    pub password: Password,
}

/// `PATCH /users/{id}`: what an admin can change about somebody. What is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatchUser {
    /// Make or unmake an admin. The last admin stays one (409).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_admin: Option<bool>,
    /// Shut the account or open it again. Shutting ends its sessions and sockets at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_disabled: Option<bool>,
}

/// `POST /sessions`: sign in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignIn {
    /// The name, in any case.
    pub username: String,
    /// The password.
    pub password: Password,
}

/// The answer to a sign-in. A browser has the same token in an `HttpOnly` cookie.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedIn {
    /// For `Authorization: Bearer ..` (or `Token ..`), until `session.expires_at`.
    pub token: String,
    /// Who signed in.
    pub user: User,
    /// The session that the token stands for.
    pub session: Session,
}

/// One sign-in on one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// The session's name, for `DELETE /sessions/{id}`.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// What the device called itself (its `User-Agent`), at most 255 characters.
    pub user_agent: String,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// `GET /sessions`: all of one's own sign-ins, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionList {
    /// At most 100.
    pub sessions: Vec<Session>,
}
