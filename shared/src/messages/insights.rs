//! How much is said in a room: when, and by whom.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, search::AuthorCount};

/// `GET /rooms/{id}/insights`: what was said in the last days, without what was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Insights {
    /// The first moment that is counted: the beginning of the first day that was asked for, or when
    /// the oldest of the room's newest 50 000 messages was said, if that is later.
    pub since: Timestamp,
    /// How many messages are counted.
    pub total: u64,
    /// Each day from then to today, by the reader's clock, oldest first.
    pub days: Vec<DayCount>,
    /// How many on which day of the week at which hour, by the reader's clock: seven lists of 24,
    /// Monday first.
    pub hours: Vec<Vec<u64>>,
    /// Who said most, most first, at most 10.
    pub authors: Vec<AuthorCount>,
}

/// Messages of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "InDay"))]
pub struct DayCount {
    /// The day.
    pub day: NaiveDate,
    /// How many.
    pub count: u64,
}
