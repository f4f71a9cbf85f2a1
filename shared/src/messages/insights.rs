//! Statistics of a room.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, users::UserRef};

/// `GET /rooms/{id}/insights`: statistics of the last days, without deleted messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Insights {
    /// The start of the counted time: the start of the first requested day, or the time of the
    /// oldest of the room's newest 50 000 messages if that is later.
    pub since: Timestamp,
    /// The number of counted messages.
    pub total: u64,
    /// Each day from then to today, in the reader's time zone, oldest first.
    pub days: Vec<DayCount>,
    /// The number of messages per weekday and hour, in the reader's time zone: seven lists of 24,
    /// Monday first.
    pub hours: Vec<Vec<u64>>,
    /// The authors with the most messages, most first, at most 10.
    pub authors: Vec<AuthorCount>,
}

/// The number of messages on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "InDay"))]
pub struct DayCount {
    /// The day.
    pub day: NaiveDate,
    /// The number of messages.
    pub count: u64,
}

/// The number of messages of an author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ByAuthor"))]
pub struct AuthorCount {
    /// The author.
    pub user: UserRef,
    /// The number of messages.
    pub count: u64,
}
