//! The number of messages on each day of a month.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::Seq;

/// `GET /rooms/{id}/calendar`: a month of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Calendar {
    /// Such as `2026-03`.
    pub month: Month,
    /// Each day of the month.
    pub days: Vec<CalendarDay>,
    /// The last earlier month with messages.
    pub earlier: Option<Month>,
    /// The first later month with messages.
    pub later: Option<Month>,
}

/// A day of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CalendarDay {
    /// The day, in the reader's time zone.
    pub day: NaiveDate,
    /// The number of messages, with the tombstones of deleted ones.
    pub count: i64,
    /// The first message of the day.
    pub first_seq: Option<Seq>,
}

/// A month of a year: `2026-03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(NaiveDate);

impl Month {
    /// The month of a day.
    pub fn of(day: NaiveDate) -> Self {
        use chrono::Datelike;
        Self(day.with_day(1).unwrap_or(day))
    }

    /// Its first day.
    pub fn first(self) -> NaiveDate {
        self.0
    }

    /// The first day after it.
    pub fn next(self) -> NaiveDate {
        self.0 + chrono::Months::new(1)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use chrono::Datelike;
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl std::str::FromStr for Month {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let [year, month] = super::numbers::parse_fields(text, '-', [4, 2])?;
            NaiveDate::from_ymd_opt(year as i32, month, 1)
        };
        parse().map(Self).ok_or("must be a month such as `2026-03`")
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Month {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Month".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A month of a year.",
            "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$",
            "examples": ["2026-03"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_exactly_one_text_form() {
        let december: Month = "2024-12".parse().unwrap();
        assert_eq!(december.to_string(), "2024-12");
        assert_eq!(december.next().to_string(), "2025-01-01");
        assert_eq!(Month::of("2024-12-31".parse().unwrap()), december);
        for text in ["", "2024", "2024-13", "2024-1", "24-12", "2024-12-01", "2024-00"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
