//! How much is said in a room: when, and by whom.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, search::AuthorCount};

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
