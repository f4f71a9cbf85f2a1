//! Members of a room, and people.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    access::{Rank, Role},
    ids::{Rev, Seq, UserId},
    users::{Status, UserRef},
};

/// `PATCH /rooms/{id}/members/{user}`: changes the role of a member.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatchMember {
    /// The new role.
    pub role: Role,
}

/// A membership. The row stays when the member leaves, so that a client that catches up learns of
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// The user.
    pub user: UserRef,
    /// Their role in the room.
    pub role: Role,
    /// Their rank on the server.
    pub rank: Rank,
    /// The `seq` of the first message that they may read.
    pub visible_from: Seq,
    /// Until when they may not post. It may be in the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed_out_until: Option<Timestamp>,
    /// When they joined last.
    pub joined_at: Timestamp,
    /// Whether they left or were removed.
    pub left: bool,
    /// The `rev` of the last change of this row.
    pub rev: Rev,
}

/// A member with their presence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberListing {
    /// The member.
    #[serde(flatten)]
    pub member: Member,
    /// Whether any of their devices has a live socket.
    pub online: bool,
    /// Their status; absent if there is none or its time is over. A new one is no change of the room: it
    /// comes with the next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

/// `GET /rooms/{id}/members`: the present members, ordered by user id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberList {
    /// One page of the list.
    pub members: Vec<MemberListing>,
    /// The `after` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// `GET /people`: the users who share a room with the caller, and the caller.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct People {
    /// At most 20: first the names that start with the search text, then by name.
    pub people: Vec<UserRef>,
}
