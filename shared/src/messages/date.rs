//! A day or a time of day, with or without the offset of a time zone.

use std::{fmt, str::FromStr};

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike};

use super::{Offset, numbers::parse_fields, offset::parse_offset};
use crate::{Timestamp, time_zone::to_moment};

/// A day or a time of day, at an offset from UTC or in the zone of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    day: NaiveDate,
    time: Option<NaiveTime>,
    offset: Option<FixedOffset>,
}

/// The error of a string that is not a [`Date`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidDate;

impl Date {
    /// The time, or the start of the day. `zone` is the reader's; it applies to a date without an
    /// offset.
    pub fn start<Z: TimeZone>(&self, zone: &Z) -> Timestamp {
        self.to_moment(self.day.and_time(self.time.unwrap_or(NaiveTime::MIN)), zone)
    }

    /// The end of the day; `None` for a time.
    pub fn end<Z: TimeZone>(&self, zone: &Z) -> Option<Timestamp> {
        let next = self.day.succ_opt().filter(|_| self.time.is_none())?;
        Some(self.to_moment(next.and_time(NaiveTime::MIN), zone))
    }

    /// Converts a local time. It cannot overflow, because a parsed year has four digits.
    fn to_moment<Z: TimeZone>(self, local: NaiveDateTime, zone: &Z) -> Timestamp {
        match self.offset {
            Some(offset) => to_moment(local, &offset),
            None => to_moment(local, zone),
        }
    }
}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        parse_date(text).ok_or(InvalidDate)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.day)?;
        if let Some(time) = self.time {
            write!(f, "T{:02}:{:02}", time.hour(), time.minute())?;
            if time.second() > 0 {
                write!(f, ":{:02}", time.second())?;
            }
        }
        match self.offset {
            Some(offset) => write!(f, "{}", Offset(offset)),
            None => Ok(()),
        }
    }
}

fn parse_date(text: &str) -> Option<Date> {
    let (day, rest) = text.split_at_checked("2026-03-01".len())?;
    let [year, month, day] = parse_fields(day, '-', [4, 2, 2])?;
    let day = NaiveDate::from_ymd_opt(year as i32, month, day)?;
    let (time, offset) = match rest.strip_prefix('T') {
        None => (None, rest),
        Some(rest) => {
            let end = rest.find(['Z', '+', ' ', '-']).unwrap_or(rest.len());
            (Some(parse_time(&rest[..end])?), &rest[end..])
        }
    };
    let offset = if offset.is_empty() { None } else { Some(parse_offset(offset)?) };
    Some(Date { day, time, offset })
}

fn parse_time(text: &str) -> Option<NaiveTime> {
    let [hour, minute, second] = match parse_fields(text, ':', [2, 2]) {
        Some([hour, minute]) => [hour, minute, 0],
        None => parse_fields(text, ':', [2, 2, 2])?,
    };
    NaiveTime::from_hms_opt(hour, minute, second)
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn several_text_forms_mean_the_same_date() {
        for (text, short) in [
            ("2026-03-01-00:00", "2026-03-01Z"),
            ("2026-03-01 02:00", "2026-03-01+02:00"),
            ("2026-03-01T14:30 02:00", "2026-03-01T14:30+02:00"),
            ("2026-03-01T14:30:00", "2026-03-01T14:30"),
        ] {
            assert_eq!(date(text).to_string(), short, "{text}");
        }
    }

    #[test]
    fn a_day_starts_and_ends_at_local_midnight() {
        let start_and_hours = |text: &str| {
            let date = date(text);
            let span = date.end(&Utc).map(|end| (end - date.start(&Utc)).num_hours());
            (date.start(&Utc).to_rfc3339(), span)
        };
        assert_eq!(start_and_hours("2026-03-01"), ("2026-03-01T00:00:00+00:00".into(), Some(24)));
        assert_eq!(
            start_and_hours("2026-03-01+14:00"),
            ("2026-02-28T10:00:00+00:00".into(), Some(24))
        );
        assert_eq!(
            start_and_hours("2026-02-28-11:30"),
            ("2026-02-28T11:30:00+00:00".into(), Some(24))
        );
        let time = start_and_hours("2026-03-01T00:30+02:00");
        assert_eq!(time, ("2026-02-28T22:30:00+00:00".into(), None));
        // The earliest and the latest date convert without overflow.
        assert!(date("0000-01-01+23:59").start(&Utc).timestamp_micros() < 0);
        let last = date("9999-12-31-23:59").end(&Utc).unwrap();
        assert_eq!(last.to_rfc3339(), "+10000-01-01T23:59:00+00:00");
    }

    #[test]
    fn invalid_dates_are_rejected() {
        for text in [
            "",
            "2026",
            "2026-3-01",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "+026-03-01",
            "2026-03-01t14:30",
            "2026-03-01T",
            "2026-03-01T14",
            "2026-03-01T24:00",
            "2026-03-01T14:60",
            "2026-03-01T14:30:60",
            "2026-03-01T14:30:5",
            "2026-03-01T14:30:05.5",
            "2026-03-01 14:30Z",
            "2026-03-01+24:00",
            "2026-03-01+02:60",
            "2026-03-01+0200",
            "2026-03-01ZZ",
            "2026-03-01é",
            "2026-03-0é",
        ] {
            assert_eq!(text.parse::<Date>(), Err(InvalidDate), "{text}");
        }
    }
}
