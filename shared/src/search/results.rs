//! The results of a search.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{
    ids::RoomId,
    messages::{Anchor, AuthorCount, Message},
    search::QueryHint,
};

/// `GET /messages`: the hits of a search in the rooms of the caller.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hits {
    /// Newest first; with `sort:old` oldest first, with `sort:relevance` best first.
    pub hits: Vec<Hit>,
    /// The `anchor` of the request for older hits, with `before`; null if there are none. The
    /// server stops a long search early, and a page at 1 MiB of texts, so a page can have fewer hits
    /// than requested, or none, and still have an anchor.
    pub older: Option<Anchor>,
    /// The `anchor` of the request for newer hits, with `after`; null if there were none at the
    /// time of the read.
    pub newer: Option<Anchor>,
    /// Parts of the query that were searched differently than they may have been meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<QueryHint>,
}

/// A message that matches a search.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hit {
    /// The message.
    pub message: Message,
    /// The byte ranges (UTF-8) of the matches in its `content`: sorted, half-open, on character
    /// boundaries, neither overlapping nor adjacent.
    pub ranges: Vec<Range<usize>>,
    /// With `context=true`, the previous message of its room; null if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<Message>>,
    /// With `context=true`, the next message of its room; null if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Box<Message>>,
}

/// `GET /messages/summary`: the number of hits of a search by room, author and month. If there are
/// more than 1 000, it covers the newest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// The number of hits, at most 1 000.
    pub total: u64,
    /// Whether there are more than that.
    pub more: bool,
    /// The hits per room, most first.
    pub rooms: Vec<RoomCount>,
    /// The hits per author, most first.
    pub authors: Vec<AuthorCount>,
    /// The hits per month, newest first.
    pub months: Vec<MonthCount>,
}

/// The number of hits in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "InRoom"))]
pub struct RoomCount {
    /// The room.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// The number of hits.
    pub count: u64,
}

/// The number of hits in a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "InMonth"))]
pub struct MonthCount {
    /// The month in the reader's time zone, such as `2026-03`: a value of `during:`.
    pub month: String,
    /// The number of hits.
    pub count: u64,
}
