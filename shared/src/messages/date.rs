//! A day or a moment of it, as people write it.

use std::{fmt, str::FromStr};

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::{numbers::parse_fields, offset::parse_offset};
use crate::Timestamp;

/// A day, or a moment of it, by the clocks of some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    day: NaiveDate,
    time: Option<NaiveTime>,
    offset: FixedOffset,
}

/// The error of a text that is not a [`Date`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidDate;

impl Date {
    /// The moment, or the one in which the day begins there.
    pub fn begins(&self) -> Timestamp {
        self.moment(self.day.and_time(self.time.unwrap_or(NaiveTime::MIN)))
    }

    /// The moment in which the day has ended there; none if this is a moment itself.
    pub fn ends(&self) -> Option<Timestamp> {
        let next = self.day.succ_opt().filter(|_| self.time.is_none())?;
        Some(self.moment(next.and_time(NaiveTime::MIN)))
    }

    /// Never outside of what a clock can say: only a text makes a date, and has four digits for a
    /// year.
    fn moment(&self, there: NaiveDateTime) -> Timestamp {
        (there - self.offset).and_utc()
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
        if self.offset.local_minus_utc() != 0 {
            write!(f, "{}", self.offset)?;
        }
        Ok(())
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
    Some(Date { day, time, offset: parse_offset(offset)? })
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
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn one_date_has_several_forms() {
        for (text, short) in [
            ("2026-03-01Z", "2026-03-01"),
            ("2026-03-01-00:00", "2026-03-01"),
            ("2026-03-01 02:00", "2026-03-01+02:00"),
            ("2026-03-01T14:30 02:00", "2026-03-01T14:30+02:00"),
            ("2026-03-01T14:30:00Z", "2026-03-01T14:30"),
        ] {
            assert_eq!(date(text).to_string(), short, "{text}");
        }
    }

    #[test]
    fn a_day_is_that_of_its_place() {
        let hours = |text: &str| {
            let date = date(text);
            let span = date.ends().map(|end| (end - date.begins()).num_hours());
            (date.begins().to_rfc3339(), span)
        };
        assert_eq!(hours("2026-03-01"), ("2026-03-01T00:00:00+00:00".into(), Some(24)));
        assert_eq!(hours("2026-03-01+14:00"), ("2026-02-28T10:00:00+00:00".into(), Some(24)));
        assert_eq!(hours("2026-02-28-11:30"), ("2026-02-28T11:30:00+00:00".into(), Some(24)));
        let moment = hours("2026-03-01T00:30+02:00");
        assert_eq!(moment, ("2026-02-28T22:30:00+00:00".into(), None));
        // The ends of what can be written are moments that can be stored.
        assert!(date("0000-01-01+23:59").begins().timestamp_micros() < 0);
        let last = date("9999-12-31-23:59").ends().unwrap();
        assert_eq!(last.to_rfc3339(), "+10000-01-01T23:59:00+00:00");
    }

    #[test]
    fn what_is_in_no_calendar_is_no_date() {
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
