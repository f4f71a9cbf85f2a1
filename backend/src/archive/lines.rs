//! The lines of an archive. A new field, or anything else that an older program cannot read, raises
//! [`FORMAT`]; a field that archives of before do not have needs a default that they mean.

use std::fmt;

use serde::{Deserialize, Serialize};
use shared::Timestamp;
use uuid::Uuid;

/// The version of what is described here.
pub const FORMAT: u32 = 1;

/// One line: an object with one field, which is named after what the line is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first.
    Hallway(Header),
    /// All of them, by number, before the first room.
    User(User),
    /// By number. Its members and then its messages follow.
    Room(Room),
    /// Of the room before it, by the person's number.
    Member(Member),
    /// Of the room before it, by `seq`, from 1 and without a hole.
    Message(Message),
    /// The last.
    End(End),
}

/// What is going to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: u32,
    /// How many lines.
    pub counts: Counts,
    /// The greatest numbers that were given on the server, also to what is gone: none is given again.
    pub last_ids: LastIds,
}

/// How many lines there are of each kind.
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

/// The greatest `id` of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastIds {
    pub users: i64,
    pub rooms: i64,
    pub messages: i64,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub id: i64,
    pub username: String,
    /// `$argon2id$..`, `pbkdf2_sha256$..`, or `!` where no password opens it.
    pub password_hash: String,
    pub is_admin: bool,
    pub is_disabled: bool,
    pub created_at: Timestamp,
}

/// A room with its counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    pub id: i64,
    pub name: String,
    pub topic: String,
    /// Whose number it is.
    pub created_by: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Those who have not left.
    pub member_count: i64,
    /// The `seq` of the last message, and so how many there are.
    pub last_seq: i64,
    /// The number of the last change of anything in it.
    pub last_rev: i64,
    /// The number of the last change of the room itself.
    pub rev: i64,
}

/// Somebody who is, or was, in the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub room: i64,
    pub user: i64,
    pub joined_at: Timestamp,
    pub left: bool,
    pub read_seq: i64,
    pub rev: i64,
}

/// A message; a deleted one without text, hash and mentions.
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
    /// What tells a retry from another message of the same `client_id`: SHA-256, in hexadecimal, of
    /// the number that was answered (eight bytes, big end first; 0 for none) and the first text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// The numbers of those whom it named while they were in the room, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<i64>,
}

/// What must have come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    pub counts: Counts,
    /// SHA-256, in hexadecimal, of every byte before this line.
    pub sha256: String,
}
