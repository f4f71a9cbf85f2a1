//! Rooms, members and read states.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{Rev, RoomId, Seq, UserId},
    users::UserRef,
};

/// A chat room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Room {
    /// The id of the room.
    pub id: RoomId,
    /// 1 to 255 characters, unique without regard to case.
    pub name: String,
    /// What the room is for; at most 255 characters, may be empty.
    pub topic: String,
    /// The admin who created it.
    pub created_by: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its name or topic last changed.
    pub updated_at: Timestamp,
    /// The number of members.
    pub member_count: i64,
    /// The `seq` of its newest message; 0 if it has none.
    pub last_seq: Seq,
    /// The `rev` of its newest change.
    pub last_rev: Rev,
    /// The `rev` of the last change to the room itself (name, topic).
    pub rev: Rev,
}

/// A room in the list of all rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomListing {
    /// The room.
    #[serde(flatten)]
    pub room: Room,
    /// Whether the caller is a member.
    pub joined: bool,
}

/// `GET /rooms`: all rooms, ordered by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomList {
    /// One page of the list.
    pub rooms: Vec<RoomListing>,
    /// The `after` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<RoomId>,
}

/// `POST /rooms`, and `PUT /rooms/{id}`, which replaces both fields.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewRoom {
    /// 1 to 255 visible characters, unique without regard to case.
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
    /// 1 to 255 characters, unique without regard to case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub name: Option<String>,
    /// At most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 255)))]
    pub topic: Option<String>,
}

/// The role of a member in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May read, post, and change their own messages.
    Member,
    /// May also rename and delete the room, delete any message, and remove members.
    Admin,
}

/// A membership. The row stays when the member leaves, so that a client that catches up learns of
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// The user.
    pub user: UserRef,
    /// Their role.
    pub role: Role,
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

/// A room of the caller with their read state, as the sidebar shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MyRoom {
    /// The id of the room.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// Its topic.
    pub topic: String,
    /// The read state of the caller, and the room's newest message and change.
    #[serde(flatten)]
    pub read: ReadState,
    /// The role of the caller.
    pub role: Role,
}

/// The read state of a member in a room. It counts the messages up to `last_seq`, in their state at
/// `last_rev`: a client that has later messages or changes adds those itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadState {
    /// The `seq` of the last message that was read; 0 if none was.
    pub read_seq: Seq,
    /// The number of newer messages, without deleted ones.
    pub unread: i64,
    /// The number of newer messages that mention the member.
    pub mentions: i64,
    /// The `seq` of the newest message that is counted.
    pub last_seq: Seq,
    /// The `rev` of the room's newest change that is counted.
    pub last_rev: Rev,
}

/// `PUT /rooms/{id}/read`: marks the room as read up to a message.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MarkRead {
    /// The `seq` of the last message that was read. Unless `exact`, a greater number than the
    /// newest means the newest, and a smaller number than the stored one changes nothing.
    pub seq: Seq,
    /// Sets the mark to exactly `seq` (0 to the newest), so that every later message is unread.
    #[serde(default)]
    pub exact: bool,
    /// The `read_seq` that the client has. If the server has another one, the request changes
    /// nothing, unless `exact`: a message that another device marked unread stays unread. Also
    /// accepted as `known`.
    #[serde(default, alias = "known")]
    pub if_read_seq: Option<Seq>,
}
