//! The `tz` parameter: the reader's time zone.

use std::{borrow::Cow, fmt, str::FromStr};

use chrono::{
    DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset as _, TimeZone, Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, de};
use shared::{Timestamp, messages::Offset, time_zone};

/// The reader's time zone: a name of the IANA time zone database, whose offset depends on the moment,
/// or a fixed offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    Named(Tz),
    Fixed(Offset),
}

impl Zone {
    /// A time in the zone.
    pub fn local(self, time: Timestamp) -> DateTime<FixedOffset> {
        time.with_timezone(&self).fixed_offset()
    }

    /// The day of a time in the zone.
    pub fn day_of(self, time: Timestamp) -> NaiveDate {
        self.local(time).date_naive()
    }

    pub fn today(self) -> NaiveDate {
        self.day_of(Utc::now())
    }

    /// The time at which a day begins, in microseconds since 1970.
    pub fn start_of_day(self, day: NaiveDate) -> i64 {
        time_zone::start_of_day(day, &self).timestamp_micros()
    }

    pub fn is_utc(self) -> bool {
        self == Self::default() || self == Self::Named(Tz::UTC)
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::Fixed(Offset::default())
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let named = || text.parse().ok().map(Self::Named);
        text.parse().ok().map(Self::Fixed).or_else(named).ok_or_else(|| {
            "must be a time zone such as `Europe/Berlin`, an offset such as `+02:00`, or `Z`".into()
        })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(zone) => f.write_str(zone.name()),
            Self::Fixed(offset) => offset.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Lets chrono convert times to the zone. `from_offset` keeps only the offset, which is enough,
/// because a converted time never changes.
impl TimeZone for Zone {
    type Offset = FixedOffset;

    fn from_offset(offset: &FixedOffset) -> Self {
        Self::Fixed(Offset(*offset))
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<FixedOffset> {
        match self {
            Self::Named(zone) => zone.offset_from_local_date(local).map(|offset| offset.fix()),
            Self::Fixed(offset) => MappedLocalTime::Single(offset.0),
        }
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<FixedOffset> {
        match self {
            Self::Named(zone) => zone.offset_from_local_datetime(local).map(|offset| offset.fix()),
            Self::Fixed(offset) => MappedLocalTime::Single(offset.0),
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> FixedOffset {
        match self {
            Self::Named(zone) => zone.offset_from_utc_date(utc).fix(),
            Self::Fixed(offset) => offset.0,
        }
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> FixedOffset {
        match self {
            Self::Named(zone) => zone.offset_from_utc_datetime(utc).fix(),
            Self::Fixed(offset) => offset.0,
        }
    }
}

impl schemars::JsonSchema for Zone {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TimeZone".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "The reader's time zone: an IANA name, whose offset depends on the \
                            moment, or an offset from UTC.",
            "examples": ["Europe/Berlin", "Z", "+02:00"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(zone: &str, day: &str) -> String {
        let zone: Zone = zone.parse().unwrap();
        time_zone::start_of_day(day.parse().unwrap(), &zone).to_rfc3339()
    }

    #[test]
    fn a_day_starts_by_the_clock_of_that_day() {
        for (zone, day, expected) in [
            ("Europe/Berlin", "2026-01-15", "2026-01-14T23:00:00+00:00"),
            ("Europe/Berlin", "2026-07-15", "2026-07-14T22:00:00+00:00"),
            ("Asia/Kolkata", "2026-07-15", "2026-07-14T18:30:00+00:00"),
            // Half an hour of daylight saving time.
            ("Australia/Lord_Howe", "2026-01-15", "2026-01-14T13:00:00+00:00"),
            ("Australia/Lord_Howe", "2026-07-15", "2026-07-14T13:30:00+00:00"),
            // Clocks skip midnight: the day starts at one o'clock.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00+00:00"),
            ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00+00:00"),
            ("Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00+00:00"),
            // Clocks skip half past eleven to half past midnight.
            ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00+00:00"),
            // Midnight happens twice: the day starts at the first.
            ("America/Havana", "2026-11-01", "2026-11-01T04:00:00+00:00"),
            // The day does not exist.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00+00:00"),
            ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00+00:00"),
            ("-03:30", "2026-07-15", "2026-07-15T03:30:00+00:00"),
            ("Z", "0001-01-01", "0001-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(start(zone, day), expected, "{zone} {day}");
        }
    }

    #[test]
    fn every_day_ends_where_the_next_one_starts() {
        for zone in ["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut", "-03:30"]
        {
            let zone: Zone = zone.parse().unwrap();
            let first = NaiveDate::from_ymd_opt(2011, 1, 1).unwrap();
            for day in first.iter_days().take(3_000) {
                let (start, end) =
                    (zone.start_of_day(day), zone.start_of_day(day.succ_opt().unwrap()));
                let at = |micros| DateTime::from_timestamp_micros(micros).unwrap();
                assert!(end >= start, "{zone} {day}");
                if end > start {
                    assert_eq!(zone.day_of(at(start)), day, "{zone}");
                    assert_eq!(zone.day_of(at(end - 1)), day, "{zone}");
                }
            }
        }
    }

    #[test]
    fn names_and_offsets_are_zones() {
        for text in ["Europe/Berlin", "Asia/Calcutta", "UTC", "Z", "+02:00", "-03:30"] {
            assert_eq!(text.parse::<Zone>().unwrap().to_string(), text);
        }
        assert_eq!("".parse(), Ok(Zone::default()));
        for text in ["Berlin", "Europe/", "+2", "+24:00", "europe berlin", "\0"] {
            let error = text.parse::<Zone>().unwrap_err();
            assert!(error.contains("Europe/Berlin") && error.contains("+02:00"), "{text}");
        }
    }
}
