//! Parses the timestamps of Django.

use chrono::{DateTime, NaiveDateTime};
use shared::Timestamp;

use super::super::check::is_year_valid;

/// Parses a timestamp without a time zone, which is UTC in Django, or with one.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim().replacen('T', " ", 1);
    let timestamp = match NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f") {
        Ok(timestamp) => Some(timestamp.and_utc()),
        Err(_) => DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f%#z").ok().map(Into::into),
    };
    timestamp.filter(|timestamp: &Timestamp| is_year_valid(*timestamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn django_timestamps_are_parsed() {
        for (text, expected) in [
            ("2021-05-06 07:08:09.000120", "2021-05-06T07:08:09.000120Z"),
            ("2021-05-06 07:08:09", "2021-05-06T07:08:09Z"),
            ("2021-05-06T07:08:09.5+02:00", "2021-05-06T05:08:09.5Z"),
            ("2021-05-06 07:08:09+00", "2021-05-06T07:08:09Z"),
        ] {
            assert_eq!(parse(text), Some(expected.parse().unwrap()), "{text}");
        }
        for text in ["", "yesterday", "0001-01-01 00:00:00", "0000-00-00 00:00:00"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
