//! What people say, and the changes to it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{ClientId, MessageId, Rev, RoomId, Seq},
    rooms::{Member, Room},
    users::UserRef,
};

mod anchor;
mod calendar;
mod date;
mod insights;
mod looks;
mod map;
mod offset;

pub use anchor::{Anchor, AnchorError};
pub use calendar::{Calendar, CalendarDay, Month};
pub use date::Date;
pub use insights::{DayCount, Insights};
pub use looks::{first_link, has_code};
pub use map::{MapHits, MapMonth, RoomMap};
pub use offset::Offset;

/// A message, in its latest state. A deleted one is a tombstone: its place and author without text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// The message's number on this server.
    pub id: MessageId,
    /// The room it is in.
    pub room: RoomId,
    /// Its place in the room.
    pub seq: Seq,
    /// The number of its last change.
    pub rev: Rev,
    /// Who wrote it.
    pub user: UserRef,
    /// The text, 1 to 16 384 bytes of UTF-8; empty when deleted.
    pub content: String,
    /// The name that its author's client gave it.
    pub client_id: ClientId,
    /// The message of the same room that it answers.
    pub reply_to: Option<Seq>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When its text was last changed, if ever.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

/// `POST /rooms/{id}/messages`, and the live `send`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewMessage {
    /// The client's name for it; with the same one a retry returns the original. Left out, the
    /// server makes one, and a retry is a second message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// 1 to 16 384 bytes after trimming.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16384)))]
    pub content: String,
    /// The message of the same room that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
}

/// `PATCH /rooms/{id}/messages/{seq}`: new text for one's own message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EditMessage {
    /// 1 to 16 384 bytes after trimming.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16384)))]
    pub content: String,
}

/// `GET /rooms/{id}/messages`: a run of messages without a hole, oldest first. Where the room has
/// messages, it has at least one. With a search `q` it is what that finds, and may be nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessagePage {
    /// What became of the anchor.
    pub anchor: ResolvedAnchor,
    /// Dense: each `seq` is one more than the last, deleted ones included as tombstones. With `q`
    /// only those that it finds.
    pub messages: Vec<Message>,
    /// With `q`, of each message the bytes of its `content` (UTF-8) that were looked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Vec<Range<usize>>>,
    /// Whether the room has messages before these. With `q`, whether there may be hits.
    pub has_older: bool,
    /// Whether the room has messages after these. With `q`, whether there may be hits.
    pub has_newer: bool,
    /// With `q`, the `seq` of the next `anchor` towards older hits, with `before`: the
    /// message there is the first to be looked at. Looking through very many messages takes time, and no answer waits for all of
    /// it: it can have fewer hits than asked for, even none, and still say where to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<Seq>,
    /// With `q`, the `seq` of the next `anchor` towards newer hits, with `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<Seq>,
    /// The room's newest message when this was read; 0 if there was none.
    pub room_last_seq: Seq,
    /// How far the one who asks has read.
    pub read_seq: Seq,
    /// The first message after that; null when all is read.
    pub first_unread_seq: Option<Seq>,
    /// Every change up to this one shows in `messages`.
    pub as_of_rev: Rev,
}

/// Where an anchor led.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Anchored"))]
pub struct ResolvedAnchor {
    /// The message to show first: the one that was asked for, or what is there instead. It is in
    /// the page; 0 if the room is empty.
    pub seq: Seq,
    /// Whether it is the one that was asked for.
    pub found: bool,
    /// Why not, if not.
    pub reason: Option<AnchorMiss>,
}

/// Why an anchor led elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Elsewhere"))]
#[serde(rename_all = "snake_case")]
pub enum AnchorMiss {
    /// The message that was named is deleted. Its tombstone is in the page, and `seq` is the
    /// message of the page nearest to it that has its text, or its own place if none has.
    Deleted,
    /// Nothing is there yet: the newest.
    BeyondNewest,
    /// Rooms begin with 1: the oldest.
    BeforeOldest,
    /// No message of this room has that `id`: the newest.
    Unknown,
    /// Nothing was said yet.
    EmptyRoom,
    /// All is read: the newest.
    NothingUnread,
    /// Nothing was read yet: the oldest.
    NothingRead,
    /// Nothing was said that day: the first message after it, or else the newest.
    EmptyDay,
}

/// A row of a room in its latest state, with the number of the change that made it so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// The change's number.
    pub rev: Rev,
    /// The row.
    #[serde(flatten)]
    pub row: Row,
}

/// What a change can be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// Posted, edited or deleted.
    Message(Message),
    /// Joined, left or was removed.
    Member(Member),
    /// Renamed or given another topic.
    Room(Room),
}

/// `GET /rooms/{id}/changes?after_rev=N`: what is different since then.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changes {
    /// Each changed row once, by `rev`. At most 1 000.
    pub changes: Vec<Change>,
    /// Ask for what is after this next time. Where it is before what was asked for, the server was
    /// restored from a backup that knows nothing of what you hold: read the room anew.
    pub rev: Rev,
    /// Whether there is more already.
    pub more: bool,
}

/// The names that a text mentions: each `@name` up to the next white space, without punctuation
/// after it, in lower case (the form in which usernames are unique).
///
/// ```
/// let names: Vec<_> = shared::messages::mentions("@Ada, ask @bob.").collect();
/// assert_eq!(names, ["ada", "bob"]);
/// ```
pub fn mentions(content: &str) -> impl Iterator<Item = String> + '_ {
    content.split_whitespace().filter_map(|word| {
        let name = word.trim_start_matches(['(', '[', '"', '\'']).strip_prefix('@')?;
        let name = name.trim_end_matches(|c: char| c.is_ascii_punctuation() && c != '_');
        (!name.is_empty()).then(|| name.to_lowercase())
    })
}
