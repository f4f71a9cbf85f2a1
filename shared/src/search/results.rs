//! What a search finds.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{
    ids::RoomId,
    messages::{Anchor, Message},
    users::UserRef,
};

/// `GET /messages`: messages of all rooms that the caller is in, those that a search finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hits {
    /// Newest first; with `sort:old` oldest first, with `sort:relevance` best first.
    pub hits: Vec<Hit>,
    /// The `anchor` of the next request towards older ones, with `before`; null where there are
    /// none. Looking through very many messages takes time, and no answer waits for all of it: it
    /// can have fewer hits than asked for, even none, and still say where to go on.
    pub older: Option<Anchor>,
    /// The `anchor` of the next request towards newer ones, with `after`; null where there were
    /// none when this was read.
    pub newer: Option<Anchor>,
}

/// A message that was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hit {
    /// The message.
    pub message: Message,
    /// The bytes of its `content` (UTF-8) that were looked for: sorted, half-open, on character
    /// boundaries, with something between each two.
    pub ranges: Vec<Range<usize>>,
    /// The message before it in its room, with `context=true`; null if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<Message>>,
    /// The message after it in its room, with `context=true`; null if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Box<Message>>,
}

/// `GET /messages/summary`: how much a search finds, and where. Of more than
/// [`SUMMARY_MAX_HITS`](crate::rules::SUMMARY_MAX_HITS) hits it is about the newest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// How many there are, at most 1 000.
    pub total: u64,
    /// Whether there are more.
    pub more: bool,
    /// The rooms that they are in, most hits first.
    pub rooms: Vec<RoomCount>,
    /// Who wrote them, most hits first.
    pub authors: Vec<AuthorCount>,
    /// TimeSpan they were said, newest month first.
    pub months: Vec<MonthCount>,
}

/// Hits in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "InRoom"))]
pub struct RoomCount {
    /// The room.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// Hits by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ByAuthor"))]
pub struct AuthorCount {
    /// Who.
    pub user: UserRef,
    /// How many.
    pub count: u64,
}

/// Hits in a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "InMonth"))]
pub struct MonthCount {
    /// Such as `2026-03`, by the reader's clock: what `during:` takes.
    pub month: String,
    /// How many.
    pub count: u64,
}
