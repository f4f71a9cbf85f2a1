//! The interface of the export writers, and the data that all of them need.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset, NaiveDate};
use shared::{Timestamp, ids::RoomId, messages::Message};

use crate::http::time_zone::Zone;

/// Writes a file in one format: `begin`, any number of `messages`, `end`. `out` is in memory, so
/// writing does not fail.
pub trait Writer: Send {
    fn begin(&mut self, info: &ExportInfo, out: &mut Vec<u8>);

    fn messages(&mut self, info: &ExportInfo, messages: &[Message], out: &mut Vec<u8>);

    fn end(&mut self, out: &mut Vec<u8>);
}

/// Describes an export.
pub struct ExportInfo {
    /// The name of the room, or the query.
    pub title: String,
    /// A sentence that describes the content.
    pub summary: String,
    /// Whether the export has hits of several rooms, so that each message needs the name of its
    /// room.
    pub is_search: bool,
    /// The names of the rooms.
    pub room_names: HashMap<RoomId, String>,
    /// The reader's time zone.
    pub zone: Zone,
    /// Whether a CSV file begins with a byte order mark.
    pub bom: bool,
}

impl ExportInfo {
    /// The name of a message's room.
    pub fn room_name(&self, message: &Message) -> &str {
        self.room_names.get(&message.room).map_or("", String::as_str)
    }

    /// A time in the reader's time zone.
    pub fn local(&self, time: Timestamp) -> DateTime<FixedOffset> {
        self.zone.local(time)
    }
}

/// Yields a heading for each new day of a transcript. Contains the day of the previous message.
#[derive(Default)]
pub struct DayHeadings(Option<NaiveDate>);

impl DayHeadings {
    /// The heading of the day, if a time is on another day than the previous one.
    pub fn next(&mut self, time: &DateTime<FixedOffset>) -> Option<String> {
        let day = time.date_naive();
        let is_new = self.0.replace(day) != Some(day);
        is_new.then(|| day.format("%A, %-d %B %Y").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_new_day_has_a_heading() {
        let mut headings = DayHeadings::default();
        let mut next = |text: &str| headings.next(&text.parse().unwrap());
        assert_eq!(next("2026-03-01T23:00:00+02:00").unwrap(), "Sunday, 1 March 2026");
        assert_eq!(next("2026-03-01T23:59:59+02:00"), None);
        assert_eq!(next("2026-03-02T00:00:00+02:00").unwrap(), "Monday, 2 March 2026");
    }
}
