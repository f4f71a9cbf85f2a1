//! The time that a search is about, as the index knows it.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta};
use shared::search::TimeRange;

use crate::tables::{now, search_index::Facet};

/// Days that are looked up one by one; a longer time is looked up by its months.
const DAYS_MAX: i64 = 62;
/// Months that are looked up; in a longer time every message is looked at.
const MONTHS_MAX: i32 = 60;

/// What is in both.
pub(super) fn within(a: TimeRange, b: TimeRange) -> TimeRange {
    let later = [a.0, b.0].into_iter().flatten().max();
    let earlier = [a.1, b.1].into_iter().flatten().min();
    (later, earlier)
}

/// The days of a time as the index knows them, or its months; none where the time is open at the
/// beginning or too long. A time without an end ends with the newest message, whatever the clock
/// said when that was written.
pub(super) fn days((from, to): TimeRange, newest: i64) -> Option<Vec<Facet>> {
    let newest = DateTime::from_timestamp_micros(newest.max(now())).unwrap_or_default();
    let first = from?.date_naive();
    let last = to.map_or(newest + TimeDelta::days(1), |to| to).date_naive();
    let count = (last - first).num_days() + 1;
    if count <= DAYS_MAX {
        let days = (0..count.max(1)).map(|nth| first + Days::new(nth as u64));
        return Some(days.map(Facet::Day).collect());
    }
    let month = |day: NaiveDate| day.with_day(1).unwrap_or(day);
    let count = (last.year() - first.year()) * 12 + last.month0() as i32 - first.month0() as i32;
    let months = (0..=count).map(|nth| month(first) + Months::new(nth as u32));
    (count <= MONTHS_MAX).then(|| months.map(Facet::Month).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<DateTime<chrono::Utc>> {
        Some(text.parse().unwrap())
    }

    fn tokens(from: &str, to: &str) -> Option<Vec<String>> {
        let marks = days((at(from), at(to)), 0)?;
        Some(marks.into_iter().map(Facet::token).collect())
    }

    #[test]
    fn a_short_time_is_its_days_and_a_long_one_its_months() {
        let day = tokens("2026-02-28T22:00:00Z", "2026-03-01T22:00:00Z");
        assert_eq!(day.unwrap(), ["zxd20260228", "zxd20260301"]);
        let months = tokens("2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z").unwrap();
        assert_eq!(months, ["zxm202512", "zxm202601", "zxm202602", "zxm202603"]);
        assert_eq!(tokens("1990-01-01T00:00:00Z", "2026-03-31T22:00:00Z"), None);
        assert_eq!(days((None, at("2026-03-31T22:00:00Z")), 0), None);
    }

    #[test]
    fn what_has_no_end_ends_with_the_newest_message() {
        let newest = at("2090-01-03T00:00:00Z").unwrap().timestamp_micros();
        let marks = days((at("2090-01-02T00:00:00Z"), None), newest).unwrap();
        assert_eq!(marks.last().map(|mark| mark.token()).unwrap(), "zxd20900104");
        let later = days((at("2091-01-02T00:00:00Z"), None), newest).unwrap();
        assert_eq!(later.len(), 1);
    }

    #[test]
    fn two_times_are_what_is_in_both() {
        let (a, b, c) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"), None);
        assert_eq!(within((a, c), (b, c)), (b, None));
        assert_eq!(within((c, b), (c, a)), (None, a));
        assert_eq!(within((a, c), (c, b)), (a, b));
    }
}
