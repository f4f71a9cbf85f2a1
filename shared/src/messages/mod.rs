//! Messages, pages of messages, and changes.

use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::{
    Timestamp,
    ids::{ClientId, MessageId, Rev, RoomId, Seq},
    rooms::{Member, Room, RoomEvent},
    text::{Format, FormattedText},
    users::UserRef,
};

mod anchor;
mod calendar;
mod date;
mod insights;
mod map;
mod numbers;
mod offset;
mod reactions;
mod reports;

pub use anchor::{Anchor, AnchorError};
pub use calendar::{Calendar, CalendarDay, Month};
pub use date::{Date, InvalidDate};
pub use insights::{AuthorCount, DayCount, Insights};
pub use map::{MapHits, MapMonth, RoomMap};
pub use offset::Offset;
pub use reactions::{Emoji, EmojiList, REACTION_MAX_BYTES, Reaction, Reactions};
pub use reports::{NewReport, PatchReport, Report, ReportList, ReportState, validate_reason};

/// A message in its latest state. A deleted message is a tombstone, with its author and without its
/// text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// The id of the message on this server.
    pub id: MessageId,
    /// The room.
    pub room: RoomId,
    /// Its number in the room.
    pub seq: Seq,
    /// The `rev` of its last change.
    pub rev: Rev,
    /// The author.
    pub user: UserRef,
    /// How the text is written: `text` (plain text) or `markdown`.
    #[serde(default)]
    pub format: Format,
    /// The text, 1 to 16 384 bytes of UTF-8; empty when deleted.
    pub content: String,
    /// The idempotency key that the author's client chose.
    pub client_id: ClientId,
    /// The message of the same room that it replies to.
    pub reply_to: Option<Seq>,
    /// When the server stored it.
    pub created_at: Timestamp,
    /// When its text was edited last.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// The reactions, in the order of the first of each emoji; absent if there are none.
    #[serde(default, skip_serializing_if = "Reactions::is_empty")]
    pub reactions: Reactions,
}

impl Message {
    /// The text with its format.
    pub fn text(&self) -> FormattedText<'_> {
        FormattedText::new(self.format, &self.content)
    }
}

/// `POST /rooms/{id}/messages`, and the live `send`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewMessage {
    /// The idempotency key: a retry with the same key returns the original. Without one the server
    /// chooses a key, and a retry creates a second message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// 1 to 16 384 bytes after trimming, with something visible. Control characters are removed.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16384)))]
    pub content: String,
    /// How the text is written; `markdown` by default. A retry may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The message of the same room that it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
}

/// `PATCH /rooms/{id}/messages/{seq}`: a new text for the caller's own message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EditMessage {
    /// 1 to 16 384 bytes after trimming, with something visible. Control characters are removed.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16384)))]
    pub content: String,
    /// How the text is written; by default as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
}

/// `GET /rooms/{id}/messages`: consecutive messages, oldest first. The page of a room with messages
/// is not empty. It ends early on either side if the texts exceed 1 MiB. With a search `q` it contains
/// the hits only, and may be empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessagePage {
    /// The message that the anchor resolved to.
    pub anchor: ResolvedAnchor,
    /// Each `seq` is one more than the last; deleted messages are tombstones. With `q`, the hits
    /// only.
    pub messages: Vec<Message>,
    /// With `q`, the byte ranges (UTF-8) of the matches in each message's `content`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Vec<Range<usize>>>,
    /// Whether the room has older messages. With `q`, whether it may have older hits.
    pub has_older: bool,
    /// Whether the room has newer messages. With `q`, whether it may have newer hits.
    pub has_newer: bool,
    /// With `q`, the `seq` of the `anchor` for the next older hits, with `before`. The server stops
    /// a long search early, so a page can have fewer hits than requested, or none, and still have
    /// this `seq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<Seq>,
    /// With `q`, the `seq` of the `anchor` for the next newer hits, with `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<Seq>,
    /// What happened in the room between the messages of the page, before its first and after its last
    /// one, by `rev`; at most the newest 200. Empty with `q`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<RoomEvent>,
    /// The newest message of the room at the time of the read; 0 if there was none.
    pub room_last_seq: Seq,
    /// The last message that the caller has read.
    pub read_seq: Seq,
    /// The first unread message; null if there is none.
    pub first_unread_seq: Option<Seq>,
    /// The page contains every change up to this one.
    pub as_of_rev: Rev,
}

/// The message that an anchor resolved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Anchored"))]
pub struct ResolvedAnchor {
    /// The message to show first: the requested one, or its replacement. It is in the page. 0 if
    /// the room is empty.
    pub seq: Seq,
    /// Whether it is the requested message.
    pub found: bool,
    /// Why it is not.
    pub reason: Option<AnchorMiss>,
}

/// Why an anchor resolved to another message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Elsewhere"))]
#[serde(rename_all = "snake_case")]
pub enum AnchorMiss {
    /// The message is deleted. Its tombstone is in the page, and `seq` is the nearest message of
    /// the page that is not deleted, or the tombstone if there is none.
    Deleted,
    /// The number is greater than the newest: the newest message.
    BeyondNewest,
    /// The number is less than 1: the oldest message.
    BeforeOldest,
    /// No message of this room has this `id`: the newest message.
    Unknown,
    /// The room has no messages.
    EmptyRoom,
    /// Every message is read: the newest message.
    NothingUnread,
    /// No message is read: the oldest message.
    NothingRead,
    /// The day has no messages: the first message after it, or else the newest.
    EmptyDay,
}

/// A row of a room in its latest state, with the number of the change that made it so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// The change's number.
    pub rev: Rev,
    /// The row.
    #[serde(flatten)]
    pub row: Row,
    /// The line that the timeline shows for the change, if any. If the row has changed again, the line
    /// comes with the latest state of the row, whose own `rev` is greater.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Box<RoomEvent>>,
}

/// Serde parses a flattened enum from a buffer, for which every type within gets a second parser: in
/// the page, that was as large as the first one.
impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            rev: Rev,
            message: Option<Message>,
            member: Option<Member>,
            room: Option<Room>,
            event: Option<Box<RoomEvent>>,
        }
        let Fields { rev, message, member, room, event } = Fields::deserialize(deserializer)?;
        let row = match (message, member, room) {
            (Some(message), None, None) => Row::Message(message),
            (None, Some(member), None) => Row::Member(member),
            (None, None, Some(room)) => Row::Room(room),
            _ => return Err(D::Error::custom("one of `message`, `member` and `room` is expected")),
        };
        Ok(Self { rev, row, event })
    }
}

impl Change {
    /// A change without an event.
    pub fn new(rev: Rev, row: Row) -> Self {
        Self { rev, row, event: None }
    }
}

/// The row that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// A message was posted, edited or deleted.
    Message(Message),
    /// A member joined, left or was removed.
    Member(Member),
    /// The name or topic of the room changed.
    Room(Room),
}

/// `GET /rooms/{id}/changes?after_rev=N`: the rows that changed since.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changes {
    /// Each changed row once, and once more for each of its earlier events, ordered by `rev`; at most
    /// 1 000, and at most 1 MiB of texts.
    pub changes: Vec<Change>,
    /// The `after_rev` of the next request. If it is less than the requested one, the server was
    /// restored from an older backup: load the room again.
    pub rev: Rev,
    /// Whether there are more changes.
    pub more: bool,
}
