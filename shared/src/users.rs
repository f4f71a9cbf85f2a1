//! Users, accounts and sessions.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    access::Rank,
    ids::{SessionId, UserId},
};

mod blocks;
mod profile;

pub use blocks::{Block, BlockList};
pub use profile::{PatchProfile, Status};

/// The username of all deleted accounts. Nobody can take it.
pub const DELETED_USERNAME: &str = "Deleted account";

/// A reference to a user, as messages and members contain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserRef {
    /// The id of the user.
    pub id: UserId,
    /// The username as its owner wrote it; `Deleted account` for each account that was deleted.
    pub username: String,
    /// What people are shown instead of the username, if the user chose a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

impl UserRef {
    /// The name that people are shown: the display name, or else the username.
    pub fn name(&self) -> &str {
        self.display_name.as_deref().unwrap_or(&self.username)
    }
}

/// A user account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct User {
    /// The id of the user.
    pub id: UserId,
    /// The username as its owner wrote it; unique without regard to case.
    pub username: String,
    /// What people are shown instead of the username, if the user chose a name. Nobody else has it as a
    /// username or a display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The pronouns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pronouns: Option<String>,
    /// The status; absent if there is none or its time is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The rank. The first user to register is the owner.
    pub rank: Rank,
    /// Whether the rank is `admin` or `owner`.
    pub is_admin: bool,
    /// Whether an admin disabled the account: it cannot sign in, and its sessions are revoked.
    pub is_disabled: bool,
    /// Whether the account waits until an admin approves it or its address is confirmed, and cannot sign in
    /// yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_pending: bool,
    /// Whether the account was deleted. Its messages may remain, under the name `Deleted account`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_deleted: bool,
    /// The e-mail address with which the account was created, confirmed unless it is pending. Only the
    /// account itself and admins see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When the account was created.
    pub created_at: Timestamp,
}

impl User {
    /// The reference to this user.
    pub fn short(&self) -> UserRef {
        let (username, display_name) = (self.username.clone(), self.display_name.clone());
        UserRef { id: self.id, username, display_name }
    }

    /// The name that people are shown: the display name, or else the username.
    pub fn name(&self) -> &str {
        self.display_name.as_deref().unwrap_or(&self.username)
    }

    /// The account as `viewer` sees it.
    pub fn seen_by(self, viewer: &Self) -> Self {
        let sees_email = viewer.id == self.id || viewer.rank.is_admin();
        Self { email: self.email.filter(|_| sees_email), ..self }
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

/// The token of a link that confirms an e-mail address, 128 random bits in base64url. `Debug` does not
/// print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct EmailToken(pub String);

impl fmt::Debug for EmailToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailToken(..)")
    }
}

/// `POST /users/confirm`: confirms the address of an account, which can then sign in. It needs the password,
/// because the account may be somebody else's who signed up with this address.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmEmail {
    /// The token of the link.
    pub token: EmailToken,
    /// The password of the account.
    pub password: Password,
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
    /// The e-mail address, if people sign up by its domain: at most 254 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 254)))]
    pub email: Option<String>,
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
    /// The new display name, 1 to 100 visible characters; `null` removes it. Only alone: no other field may
    /// be given with it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "profile::deserialize_nullable"
    )]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 100)))]
    pub display_name: Option<Option<String>>,
}

/// What happens to the messages of an account that is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageRetention {
    /// They stay, under the name `Deleted account`.
    #[default]
    Keep,
    /// All of them are deleted, in all rooms, in the background.
    Delete,
}

/// `DELETE /users/me`: deletes the account of the caller for good.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeleteMe {
    /// The current password.
    pub password: Password,
    /// What happens to its messages.
    pub messages: MessageRetention,
}

/// `DELETE /users/{id}`: deletes an account for good.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeleteUser {
    /// What happens to its messages.
    pub messages: MessageRetention,
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
