//! What admins see of the server: accounts, rooms and the audit log.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    access::RoomKind,
    ids::{AuditId, RoomId, UserId},
    users::{Password, User, UserRef},
};

/// An account in the list for admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountListing {
    /// The account.
    #[serde(flatten)]
    pub user: User,
    /// The last use of any of its sessions, up to 10 minutes late; absent for an account without
    /// sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
    /// The number of open and private rooms that it is in.
    pub room_count: i64,
}

/// `GET /users`: accounts, ordered by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountList {
    /// One page of the list.
    pub users: Vec<AccountListing>,
    /// The `after` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// `POST /users/{id}/password`: the new password, which no other response contains.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewPassword {
    /// The account.
    pub user: User,
    /// Its random password.
    pub password: Password,
}

/// An open or private room in the list for admins. It has no topic and no text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AdminRoom {
    /// The id of the room.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// `open` or `private`.
    pub kind: RoomKind,
    /// The number of members.
    pub member_count: i64,
    /// The hosts with the smallest ids, at most 10.
    pub hosts: Vec<UserRef>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// When its newest message was posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message_at: Option<Timestamp>,
    /// The number of its messages, without deleted ones.
    pub message_count: i64,
    /// Whether the caller is a member.
    pub joined: bool,
}

/// `GET /admin/rooms`: open and private rooms, ordered by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AdminRoomList {
    /// One page of the list.
    pub rooms: Vec<AdminRoom>,
    /// The `after` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<RoomId>,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What an entry of the audit log is about. `from` and `to` of the entry have the old and the new
        /// value where this says so.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum AuditAction { $($(#[$doc])* $name,)* }

        impl AuditAction {
            /// All actions, for filters.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

actions! {
    /// An admin created an account; `to` is its rank.
    AccountCreated,
    /// An admin approved an account.
    AccountApproved,
    /// The rank of an account changed: `from` one `to` another.
    RankChanged,
    /// An admin changed or removed the display name of an account: `from` one `to` another.
    DisplayNameChanged,
    /// An account was disabled.
    AccountDisabled,
    /// An account was enabled.
    AccountEnabled,
    /// An account was deleted, by its owner, an admin or the command line; `to` says what happened to its
    /// messages: `keep` or `delete`.
    AccountDeleted,
    /// Somebody else set a new password.
    PasswordReset,
    /// All sessions of an account were ended.
    SignedOut,
    /// A room was created; `to` is its kind.
    RoomCreated,
    /// A room was deleted; `to` is `bin` if it can be restored.
    RoomDeleted,
    /// A deleted room was restored from the bin.
    RoomRestored,
    /// A room was converted: `from` one kind `to` another.
    RoomConverted,
    /// A room was archived.
    RoomArchived,
    /// A room was restored from the archive.
    RoomUnarchived,
    /// New accounts join a room from now on.
    DefaultRoomAdded,
    /// New accounts no longer join a room.
    DefaultRoomRemoved,
    /// An admin entered a private room without being added; `to` is their role.
    RoomEntered,
    /// The role of a member changed: `from` one `to` another.
    RoleChanged,
    /// Somebody else added a member; `to` is their role.
    MemberAdded,
    /// Somebody else removed a member.
    MemberRemoved,
    /// Somebody kept a member from posting; `to` is for how many minutes.
    MemberTimedOut,
    /// Somebody ended the time-out of a member.
    TimeOutEnded,
    /// Somebody banned an account from a room.
    MemberBanned,
    /// Somebody lifted the ban of an account from a room.
    MemberUnbanned,
    /// Somebody closed a report of a message; `to` is `resolved` or `dismissed`. The author of the message
    /// is left out, because they may read the log.
    ReportClosed,
    /// Somebody created an invitation; `to` is its rank.
    InvitationCreated,
    /// Somebody revoked an invitation; `from` is its rank.
    InvitationRevoked,
    /// The name of the server changed: `from` one `to` another.
    ServerRenamed,
    /// Who may sign up changed: `from` one setting `to` another.
    SignUpChanged,
    /// The domains of the addresses with which people sign up changed: `from` some `to` others.
    EmailDomainsChanged,
    /// Who may create open rooms changed: `from` one setting `to` another.
    CreateRoomsChanged,
    /// With whom one may start direct rooms changed: `from` one setting `to` another.
    DirectChanged,
}

/// A room that an entry is about. It may have been renamed or deleted since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditRoom {
    /// The id of the room.
    pub id: RoomId,
    /// Its name when the entry was written.
    pub name: String,
}

/// An entry of the audit log. It has no text of a message, no password and no token, and nothing about
/// direct rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditEntry {
    /// The id of the entry. An entry that was written at the same time as others may appear after one
    /// with a greater id.
    pub id: AuditId,
    /// When the change was made.
    pub created_at: Timestamp,
    /// What was done.
    pub action: AuditAction,
    /// Who did it; absent for the command line of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserRef>,
    /// The account that it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserRef>,
    /// The room that it was done to, or in which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<AuditRoom>,
    /// The old value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The new value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The IP address of the client; absent where it is not known: for changes of rooms and members,
    /// which are written without it, and for the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// `GET /audit`: entries of the audit log, newest first; with `after`, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditList {
    /// One page of the log.
    pub entries: Vec<AuditEntry>,
    /// The `before` (with `after`: the `after`) of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<AuditId>,
}
