//! Rooms, and who is in them.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{Rev, RoomId, Seq, UserId},
    users::UserRef,
};

/// A topic room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Room {
    /// The room's number.
    pub id: RoomId,
    /// 1 to 255 characters, unique without regard to case.
    pub name: String,
    /// What the room is for; at most 255 characters, may be empty.
    pub topic: String,
    /// The admin who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name or topic last changed.
    pub updated_at: Timestamp,
    /// How many people are in it.
    pub member_count: i64,
    /// The number of its newest message, 0 before the first.
    pub last_seq: Seq,
    /// The number of its newest change.
    pub last_rev: Rev,
    /// The number of the last change to the room itself (name, topic).
    pub rev: Rev,
}

/// A room as somebody browsing sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomListing {
    /// The room.
    #[serde(flatten)]
    pub room: Room,
    /// Whether the one who asks is in it.
    pub joined: bool,
}

/// `GET /rooms`: every room, by number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomList {
    /// One page of them.
    pub rooms: Vec<RoomListing>,
    /// Give this as `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<RoomId>,
}

/// `POST /rooms`, and `PUT /rooms/{id}` (which replaces both).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewRoom {
    /// 1 to 255 characters, unique without regard to case.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub name: String,
    /// At most 255 characters.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 255)))]
    pub topic: String,
}

/// `PATCH /rooms/{id}`: what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatchRoom {
    /// 1 to 255 characters, unique without regard to case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub name: Option<String>,
    /// At most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 255)))]
    pub topic: Option<String>,
}

/// What somebody may do in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Read, write, change one's own messages.
    Member,
    /// Also rename and delete the room, delete anyone's message, remove members.
    Admin,
}

/// Somebody's place in a room. One who left keeps the row, so that catching up can say so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// Who.
    pub user: UserRef,
    /// What they may do.
    pub role: Role,
    /// When they last joined.
    pub joined_at: Timestamp,
    /// Whether they have left, or were removed, since.
    pub left: bool,
    /// The number of the change that this row shows.
    pub rev: Rev,
}

/// A member, and whether a device of theirs is connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberListing {
    /// The member.
    #[serde(flatten)]
    pub member: Member,
    /// Whether any device of theirs holds a live socket.
    pub online: bool,
}

/// `GET /rooms/{id}/members`: who is in the room, by account number; nobody who left.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberList {
    /// One page of them.
    pub members: Vec<MemberListing>,
    /// Give this as `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// `GET /people`: who is in any room with the one who asks, themselves included.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct People {
    /// At most 20: first those whose names begin with what was asked for, then by name.
    pub people: Vec<UserRef>,
}

/// A room of mine, with how much of it I have read: what the sidebar shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MyRoom {
    /// The room's number.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// Its topic.
    pub topic: String,
    /// The number of its newest message.
    pub last_seq: Seq,
    /// The number of its newest change.
    pub last_rev: Rev,
    /// How much I have read of it.
    #[serde(flatten)]
    pub read: ReadState,
    /// What I may do in it.
    pub role: Role,
}

/// How far somebody has read in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadState {
    /// The last message that was read, 0 before the first.
    pub read_seq: Seq,
    /// How many are newer: `last_seq - read_seq`.
    pub unread: i64,
    /// How many of the newer ones name me (`@me`).
    pub mentions: i64,
}

/// `PUT /rooms/{id}/read`: I have read up to here.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MarkRead {
    /// The last message that I have read. Unless `exact`, more than the newest means the newest, and
    /// less than before changes nothing.
    pub seq: Seq,
    /// Whether everything after `seq`, which is 0 to the newest then, is unread from now on, whatever
    /// was read before.
    #[serde(default)]
    pub exact: bool,
    /// The `read_seq` that the client holds. If the server holds another one, the request changes
    /// nothing, unless `exact`: a message that another device marked unread stays unread. Also
    /// accepted as `known`.
    #[serde(default, alias = "known")]
    pub if_read_seq: Option<Seq>,
}
