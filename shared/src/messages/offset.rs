//! The offset of a time zone from UTC.

use std::{fmt, str::FromStr};

use chrono::FixedOffset;

use super::numbers::parse_fields;

/// The offset of a time zone from UTC, less than 24 hours: `Z`, `+02:00`, `-03:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Offset(pub FixedOffset);

impl Default for Offset {
    fn default() -> Self {
        Self(chrono::Offset::fix(&chrono::Utc))
    }
}

impl FromStr for Offset {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_offset(text).map(Self).ok_or("must be `Z` or an offset from UTC such as `+02:00`")
    }
}

/// Parses an offset.
pub(super) fn parse_offset(text: &str) -> Option<FixedOffset> {
    let east = match text {
        "Z" => 0,
        // A `+` in the query string of a URL decodes to a space.
        _ => match text.split_at_checked(1)? {
            ("+" | " ", offset) => parse_minutes(offset)?,
            ("-", offset) => -parse_minutes(offset)?,
            _ => return None,
        },
    };
    FixedOffset::east_opt(east * 60)
}

fn parse_minutes(text: &str) -> Option<i32> {
    let [hours, minutes] = parse_fields(text, ':', [2, 2])?;
    (hours < 24 && minutes < 60).then_some((hours * 60 + minutes) as i32)
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.local_minus_utc() {
            0 => f.write_str("Z"),
            _ => write!(f, "{}", self.0),
        }
    }
}
