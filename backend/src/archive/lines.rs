//! The lines of an archive. A change that older versions of Hallway cannot read, such as a new field,
//! must increment [`FORMAT`].

use std::fmt;

use serde::{Deserialize, Serialize};
use shared::Timestamp;
use uuid::Uuid;

/// The version of the archive format.
pub const FORMAT: u32 = 1;

/// One line: an object with one field, named after the kind of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    Hallway(Header),
    /// Ordered by id, before the first room.
    User(User),
    /// Ordered by id. Its members and then its messages follow.
    Room(Room),
    /// A member of the preceding room, ordered by user id.
    Member(Member),
    /// A message of the preceding room, ordered by `seq` from 1 without gaps.
    Message(Message),
    /// The last line.
    End(End),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The [`FORMAT`] of the archive.
    pub format: u32,
    pub counts: Counts,
    /// The greatest ids ever assigned, including those of deleted rows, so that the importing server
    /// does not assign them again.
    pub last_ids: LastIds,
}

/// The number of lines of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub users: u64,
    pub rooms: u64,
    pub members: u64,
    pub messages: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { users, rooms, members, messages } = self;
        write!(f, "{users} accounts, {rooms} rooms, {members} memberships, {messages} messages")
    }
}

/// The greatest id that each table ever assigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastIds {
    pub users: i64,
    pub rooms: i64,
    pub messages: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub id: i64,
    pub username: String,
    /// `$argon2id$..`, `pbkdf2_sha256$..`, or `!` for an account without a password.
    pub password_hash: String,
    pub is_admin: bool,
    pub is_disabled: bool,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    pub id: i64,
    pub name: String,
    /// `null` for a room without a topic, which the classic endpoints tell from an empty one.
    #[serde(deserialize_with = "Option::deserialize")]
    pub topic: Option<String>,
    /// The user id of its creator.
    pub created_by: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The number of members, without former ones.
    pub member_count: i64,
    /// The `seq` of the last message, which is also the number of messages.
    pub last_seq: i64,
    /// The `rev` of the last change in the room.
    pub last_rev: i64,
    /// The `rev` of the last change of the room itself.
    pub rev: i64,
}

/// A current or former member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub room: i64,
    pub user: i64,
    pub joined_at: Timestamp,
    /// Whether this is a former member.
    pub left: bool,
    /// The `seq` of the last message that the member has read; 0 for none.
    pub read_seq: i64,
    pub rev: i64,
}

/// A message. A deleted one has no content, hash or mentions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub id: i64,
    pub room: i64,
    pub seq: i64,
    pub rev: i64,
    pub user: i64,
    pub client_id: Uuid,
    pub content: String,
    /// Distinguishes a retry from another message with the same `client_id`: hexadecimal SHA-256 of
    /// `reply_to` (eight bytes, big-endian; 0 for none) and the original content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_hash: Option<String>,
    /// The `seq` of an earlier message of the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// The ids of the mentioned users who were members when the content was written, in ascending
    /// order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    pub counts: Counts,
    /// Hexadecimal SHA-256 of every byte before this line.
    pub sha256: String,
}
