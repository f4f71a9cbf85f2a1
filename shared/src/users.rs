//! Users, accounts and sessions.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    access::Rank,
    ids::{SessionId, UserId},
};

/// A reference to a user, as messages and members contain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserRef {
    /// The id of the user.
    pub id: UserId,
    /// The username as its owner wrote it.
    pub username: String,
}

/// A user account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct User {
    /// The id of the user.
    pub id: UserId,
    /// The username as its owner wrote it; unique without regard to case.
    pub username: String,
    /// The rank. The first user to register is the owner.
    pub rank: Rank,
    /// Whether the rank is `admin` or `owner`.
    pub is_admin: bool,
    /// Whether an admin disabled the account: it cannot sign in, and its sessions are revoked.
    pub is_disabled: bool,
    /// Whether the account waits until an admin approves it, and cannot sign in yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_pending: bool,
    /// When the account was created.
    pub created_at: Timestamp,
}

impl User {
    /// The reference to this user.
    pub fn short(&self) -> UserRef {
        UserRef { id: self.id, username: self.username.clone() }
    }
}

/// A password. `Debug` does not print it, and no response contains one that somebody chose.
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

/// The token of an invitation in a request, 128 random bits in base64url. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct InvitationToken(pub String);

impl fmt::Debug for InvitationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationToken(..)")
    }
}

/// `POST /users`: creates an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Register {
    /// 1 to 150 visible characters without a colon, unique without regard to case.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 150)))]
    pub username: String,
    /// 8 to 1 024 characters, without control characters.
    #[cfg_attr(feature = "schema", schemars(length(min = 8, max = 1024)))]
    pub password: Password,
    /// Whether to create an admin. Only an owner may (403 otherwise). The first account is always
    /// the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_admin: Option<bool>,
    /// The token of an invitation: the account gets its rank and joins its rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<InvitationToken>,
}

/// `PATCH /users/me`: changes the caller's password and revokes their other sessions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangePassword {
    /// The current password.
    pub current_password: Password,
    /// The new password, 8 to 1 024 characters, without control characters.
    #[cfg_attr(feature = "schema", schemars(length(min = 8, max = 1024)))]
    pub password: Password,
}

/// `PATCH /users/{id}`: what an admin can change. A field that is left out stays unchanged.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatchUser {
    /// The new rank. Only an owner makes somebody an admin or an owner, or changes the rank of one; the
    /// last owner stays one (409).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
    /// The older form of `rank`: `true` makes a member or a guest an admin, `false` an admin or an owner a
    /// member. Only one of both may be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_admin: Option<bool>,
    /// Disables or enables the account. Disabling revokes its sessions and closes its sockets at
    /// once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_disabled: Option<bool>,
    /// `true` approves a pending account, which can then sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
}

/// `POST /sessions`: signs in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignIn {
    /// The username, in any case.
    pub username: String,
    /// The password.
    pub password: Password,
}

/// The response to a sign-in. A browser gets the same token in an `HttpOnly` cookie.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedIn {
    /// The token for `Authorization: Bearer ..` (or `Token ..`), valid until `session.expires_at`.
    pub token: String,
    /// The user who signed in.
    pub user: User,
    /// The session of the token.
    pub session: Session,
}

/// A session: one sign-in on one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// The id for `DELETE /sessions/{id}`.
    pub id: SessionId,
    /// When it started.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The `User-Agent` of the device, at most 255 characters.
    pub user_agent: String,
    /// When it was last used, by a request or an open socket; up to 10 minutes late.
    pub used_at: Timestamp,
    /// The IP address of the last use; empty if unknown.
    pub address: String,
    /// Whether this is the session of the caller.
    pub is_current: bool,
}

/// `GET /sessions`: the sessions of the caller, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionList {
    /// At most 100.
    pub sessions: Vec<Session>,
}
