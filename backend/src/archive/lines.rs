//! The lines of an archive. A change that older versions of Hallway cannot read, such as a new field,
//! must increment [`FORMAT`].

use std::fmt;

use serde::{Deserialize, Serialize};
use shared::{
    Timestamp,
    access::{History, Policies, Rank, Role, RoomKind},
    admission::{CreateRooms, DirectRooms, SignUp},
    messages::Reactions,
    rooms::RoomEventKind,
    text::Format,
};
use uuid::Uuid;

mod profile;
mod records;

pub use profile::Profile;
pub use records::{Entry, Invitation, InvitationUse, Report};

/// The version of the archive format. Version 1 had no ranks, roles, kinds, policies and audit log; it can
/// still be imported.
pub const FORMAT: u32 = 2;

/// One line: an object with one field, named after the kind of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    Hallway(Header),
    /// The second line, since version 2.
    Server(Server),
    /// Ordered by id, before the first room.
    User(User),
    /// Ordered by the two accounts, after the last account and before the first room.
    Block(Block),
    /// Ordered by id. Its members, its messages and then its events follow.
    Room(Room),
    /// A member of the preceding room, ordered by user id.
    Member(Member),
    /// A message of the preceding room, ordered by `seq` from 1 without gaps.
    Message(Message),
    /// An event of the preceding room, ordered by `rev`.
    Event(Event),
    /// Ordered by id, after the last room.
    Invitation(Invitation),
    /// Ordered by id, after the last room and the invitations.
    Audit(Entry),
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
    /// Missing in older archives.
    #[serde(default)]
    pub events: u64,
    /// Missing in version 1.
    #[serde(default)]
    pub audit: u64,
    /// Missing in older archives.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub blocks: u64,
    /// Missing if there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub invitations: u64,
}

fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { users, rooms, members, messages, events, audit, invitations, blocks: _ } = self;
        write!(
            f,
            "{users} accounts, {rooms} rooms, {members} memberships, {messages} messages, {events} \
             events, {invitations} invitations, {audit} entries of the audit log"
        )
    }
}

/// The settings of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub name: String,
    pub sign_up: SignUp,
    pub create_rooms: CreateRooms,
    pub direct: DirectRooms,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email_domains: Vec<String>,
}

/// The greatest id that each table ever assigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastIds {
    pub users: i64,
    pub rooms: i64,
    pub messages: i64,
    /// Missing in version 1.
    #[serde(default)]
    pub audit: i64,
    /// Missing if there never was an invitation.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub invitations: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub id: i64,
    pub username: String,
    /// `$argon2id$..`, `pbkdf2_sha256$..`, or `!` for an account without a password.
    pub password_hash: String,
    /// Missing in version 1, where the first enabled admin counts as the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
    /// Whether the rank is `admin` or `owner`.
    pub is_admin: bool,
    pub is_disabled: bool,
    /// Whether the account waits until an admin approves it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_pending: bool,
    /// The confirmed address. An account that has not confirmed its own is exported without it, as one
    /// that waits for approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Profile::is_empty")]
    pub profile: Profile,
    /// When the account was deleted; its name is `Deleted account`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Whether the messages of the deleted account are to be deleted; missing once it has left all rooms
    /// and that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletes_messages: Option<bool>,
}

impl User {
    /// The rank, also of an account of version 1.
    pub fn rank(&self) -> Rank {
        let of_version_1 = if self.is_admin { Rank::Admin } else { Rank::Member };
        self.rank.unwrap_or(of_version_1)
    }
}

/// An account that blocks another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    pub user: i64,
    pub blocked: i64,
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
    #[serde(default)]
    pub kind: RoomKind,
    /// Identifies the people of a direct room: hexadecimal SHA-256 of their ids in ascending order, each in
    /// eight bytes, big-endian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_key: Option<String>,
    #[serde(default)]
    pub history: History,
    /// The first message that new members may read, if `history` is `all`.
    #[serde(default = "first")]
    pub open_from: i64,
    #[serde(default)]
    pub policies: Policies,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// Whether new accounts join it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_default: bool,
    /// When the room was deleted, if it can be restored. Any other deleted room is not exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binned_at: Option<Timestamp>,
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
    /// The newest message of the room when the member left, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_seq: Option<i64>,
    /// The `seq` of the last message that the member has read; 0 for none.
    pub read_seq: i64,
    pub rev: i64,
    /// Missing in version 1, where the creator of a room counts as its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The first message that the member may read.
    #[serde(default = "first")]
    pub visible_from: i64,
    /// The newest message of a direct room when the member hid it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_seq: Option<i64>,
    /// The position among the favourites of the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favourite: Option<i64>,
    /// Whether the member muted the room.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_muted: bool,
    /// Until when the member may not post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed_out_until: Option<Timestamp>,
    /// The ban of a former member. Older versions wrote also that of a current one, which is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ban: Option<Ban>,
}

/// The ban of a former member. The account that set it may no longer exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ban {
    pub by: i64,
    pub created_at: Timestamp,
}

/// The number of the first message.
fn first() -> i64 {
    1
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
    /// How the content is written; missing for plain text.
    #[serde(default, skip_serializing_if = "Format::is_text")]
    pub format: Format,
    pub content: String,
    /// Distinguishes a retry from another message with the same `client_id`: hexadecimal SHA-256 of `reply_to`
    /// (eight bytes, big-endian; 0 for none), the original content and, for Markdown, `\0markdown`.
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
    /// Those of `mentions` that do not count, because the user blocked the author, in ascending order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncounted_mentions: Vec<i64>,
    /// In the order of the first of each emoji; the users in the order in which they reacted.
    #[serde(default, skip_serializing_if = "Reactions::is_empty")]
    pub reactions: Reactions,
    /// By the user id of the reporter, in ascending order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<Report>,
}

/// An event of a room, which the timeline shows between its messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub room: i64,
    pub rev: i64,
    /// The newest message of the room at that time; 0 if it had none.
    pub after_seq: i64,
    pub kind: RoomEventKind,
    /// The account that did it.
    pub by: i64,
    /// The account to which it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    pub counts: Counts,
    /// Hexadecimal SHA-256 of every byte before this line.
    pub sha256: String,
}
