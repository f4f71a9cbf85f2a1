//! Rooms, members and read states.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    access::{History, Policies, RoomAccess, RoomKind},
    ids::{Rev, RoomId, Seq, UserId},
};

mod events;
mod members;
mod moderation;
mod my_rooms;

pub use events::{RoomEvent, RoomEventKind, RoomEvents};
pub use members::{Member, MemberList, MemberListing, PatchMember, People};
pub use moderation::{Ban, BanList, TimeOut, validate_slow_mode, validate_time_out};
pub use my_rooms::{MarkRead, MyRoom, PatchPreferences, ReadState, ReplaceFavourites, direct_name};

/// A chat room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Room {
    /// The id of the room.
    pub id: RoomId,
    /// 1 to 255 characters, unique among open rooms without regard to case; empty for a direct room.
    pub name: String,
    /// What the room is for; at most 255 characters, may be empty.
    pub topic: String,
    /// Who finds it.
    pub kind: RoomKind,
    /// Which messages new members may read.
    pub history: History,
    /// The lowest role that may do each of these.
    pub policies: Policies,
    /// When it was archived: nobody posts, joins or is added until it is restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// Whether new accounts join it by themselves, except guests. Only an open room that is not archived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_default: bool,
    /// Who created it.
    pub created_by: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed itself, such as its name.
    pub updated_at: Timestamp,
    /// The number of members.
    pub member_count: i64,
    /// The `seq` of its newest message; 0 if it has none.
    pub last_seq: Seq,
    /// The `rev` of its newest change.
    pub last_rev: Rev,
    /// The `rev` of the last change to the room itself, such as its name.
    pub rev: Rev,
}

impl Room {
    /// What [`crate::access::may`] needs to know.
    pub fn access(&self) -> RoomAccess {
        let Self { kind, policies, archived_at, .. } = self;
        RoomAccess { kind: *kind, policies: *policies, is_archived: archived_at.is_some() }
    }
}

/// A room in the list of the rooms that the caller may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomListing {
    /// The room.
    #[serde(flatten)]
    pub room: Room,
    /// Whether the caller is a member.
    pub joined: bool,
}

/// `GET /rooms`: the open rooms, and those that the caller is in, without direct rooms; ordered by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomList {
    /// One page of the list.
    pub rooms: Vec<RoomListing>,
    /// The `after` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<RoomId>,
}

/// `POST /rooms`: creates a room, with the caller as its host.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewRoom {
    /// 1 to 255 visible characters, unique among open rooms without regard to case.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub name: String,
    /// At most 255 characters.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 255)))]
    pub topic: String,
    /// `open` or `private`; direct rooms have an endpoint of their own.
    #[serde(default)]
    pub kind: RoomKind,
    /// Which messages new members may read.
    #[serde(default)]
    pub history: History,
    /// The lowest role that may do each of these.
    #[serde(default)]
    pub policies: Policies,
}

/// `POST /direct`: starts a direct room, or finds the one that the same people have.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewDirect {
    /// The other people, with or without the caller; at most 9 with the caller. Nobody else makes a room
    /// for the caller's notes.
    pub users: Vec<UserId>,
    /// A direct room of the caller whose people are all in `users`. It becomes the room of all these
    /// people, who then read its earlier messages too. Without it, they get a room without a past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<RoomId>,
}

/// `PUT /rooms/{id}`: replaces both fields.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplaceRoom {
    /// 1 to 255 visible characters, unique among open rooms without regard to case.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub name: String,
    /// At most 255 characters.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 255)))]
    pub topic: String,
}

/// `PATCH /rooms/{id}`: a field that is left out stays unchanged.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatchRoom {
    /// 1 to 255 characters, unique among open rooms without regard to case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub name: Option<String>,
    /// At most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 255)))]
    pub topic: Option<String>,
    /// `open` or `private`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<RoomKind>,
    /// If `kind` turns a private room into an open one, the first message that people who join later may
    /// read; by default the next one that is posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_from: Option<Seq>,
    /// Which messages new members may read. Those who are members keep what they may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// The lowest role that may do each of these; replaces all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Policies>,
    /// Archives the room, or restores it from the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Whether new accounts join the room by themselves (admins). Only an open room can; one that becomes
    /// private or is archived no longer does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
}

/// A deleted room that can be restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BinnedRoom {
    /// The id of the room.
    pub id: RoomId,
    /// Its name, which another room may have taken.
    pub name: String,
    /// Who found it.
    pub kind: RoomKind,
    /// The number of members.
    pub member_count: i64,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// When it can no longer be restored.
    pub purged_at: Timestamp,
}

/// `GET /rooms/bin`: the deleted rooms that the caller may restore, ordered by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Bin {
    /// One page of the list.
    pub rooms: Vec<BinnedRoom>,
    /// The `after` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<RoomId>,
}
