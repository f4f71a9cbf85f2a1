//! Rooms, members and read states.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    access::{History, Policies, Rank, Role, RoomAccess, RoomKind},
    ids::{Rev, RoomId, Seq, UserId},
    users::UserRef,
};

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
    /// Who finds it.
    pub kind: RoomKind,
    /// The lowest role that may do each of these.
    pub policies: Policies,
    /// Whether it is archived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// The read state of the caller, and the room's newest message and change.
    #[serde(flatten)]
    pub read: ReadState,
    /// The role of the caller.
    pub role: Role,
    /// The `seq` of the first message that the caller may read.
    pub visible_from: Seq,
    /// The people of a direct room, with the caller, by id; absent for other rooms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<UserRef>,
    /// The room's newest message when the caller hid it: it stays hidden until there is a newer one.
    /// Absent if it is not hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Seq>,
}

/// What a direct room is called for one of its people: the names of the others.
pub fn direct_name(people: &[UserRef], me: UserId) -> String {
    let others = people.iter().filter(|user| user.id != me);
    let names: Vec<_> = others.map(|user| user.username.as_str()).collect();
    if names.is_empty() { "Notes".to_owned() } else { names.join(", ") }
}

impl MyRoom {
    /// Whether the caller hid the room and nothing was posted since.
    pub fn is_hidden(&self) -> bool {
        self.hidden.is_some_and(|hidden| self.read.last_seq <= hidden)
    }

    /// What [`crate::access::may`] needs to know.
    pub fn access(&self) -> RoomAccess {
        let Self { kind, policies, archived, .. } = self;
        RoomAccess { kind: *kind, policies: *policies, is_archived: *archived }
    }
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
