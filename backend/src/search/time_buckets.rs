//! Turns the time range of a query into day or month facets of the index.

use chrono::{DateTime, Datelike, Days, Months, TimeDelta};
use shared::search::TimeRange;

use crate::tables::{now, search_index::Facet};

/// The maximum length of a range that is looked up by day; longer ones are looked up by month.
const DAYS_MAX: i64 = 62;
/// The maximum length of a range in months; longer ones are not looked up in the index.
const MONTHS_MAX: i32 = 60;

/// The range that lies in both ranges.
pub(super) fn intersection(a: TimeRange, b: TimeRange) -> TimeRange {
    let start = [a.0, b.0].into_iter().flatten().max();
    let end = [a.1, b.1].into_iter().flatten().min();
    (start, end)
}

/// The facets of the days or months of a range; `None` if it has no start or is too long. A range
/// without an end ends with the newest message, which may be ahead of the clock if the clock was
/// set back.
pub(super) fn time_facets((start, end): TimeRange, newest_micros: i64) -> Option<Vec<Facet>> {
    let newest = DateTime::from_timestamp_micros(newest_micros.max(now())).unwrap_or_default();
    let first = start?.date_naive();
    let last = end.map_or(newest + TimeDelta::days(1), |end| end).date_naive();
    let count = (last - first).num_days() + 1;
    if count <= DAYS_MAX {
        let days = (0..count.max(1)).map(|nth| first + Days::new(nth as u64));
        return Some(days.map(Facet::Day).collect());
    }
    let first_of_month = first.with_day(1).unwrap_or(first);
    let count = (last.year() - first.year()) * 12 + last.month0() as i32 - first.month0() as i32;
    let months = (0..=count).map(|nth| first_of_month + Months::new(nth as u32));
    (count <= MONTHS_MAX).then(|| months.map(Facet::Month).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<DateTime<chrono::Utc>> {
        Some(text.parse().unwrap())
    }

    fn tokens(start: &str, end: &str) -> Option<Vec<String>> {
        let facets = time_facets((at(start), at(end)), 0)?;
        Some(facets.into_iter().map(Facet::token).collect())
    }

    #[test]
    fn short_ranges_are_days_and_long_ones_months() {
        let days = tokens("2026-02-28T22:00:00Z", "2026-03-01T22:00:00Z");
        assert_eq!(days.unwrap(), ["zxd20260228", "zxd20260301"]);
        let months = tokens("2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z").unwrap();
        assert_eq!(months, ["zxm202512", "zxm202601", "zxm202602", "zxm202603"]);
        assert_eq!(tokens("1990-01-01T00:00:00Z", "2026-03-31T22:00:00Z"), None);
        assert_eq!(time_facets((None, at("2026-03-31T22:00:00Z")), 0), None);
    }

    #[test]
    fn open_ranges_end_with_the_newest_message() {
        let newest = at("2090-01-03T00:00:00Z").unwrap().timestamp_micros();
        let facets = time_facets((at("2090-01-02T00:00:00Z"), None), newest).unwrap();
        assert_eq!(facets.last().map(|facet| facet.token()).unwrap(), "zxd20900104");
        let later = time_facets((at("2091-01-02T00:00:00Z"), None), newest).unwrap();
        assert_eq!(later.len(), 1);
    }

    #[test]
    fn intersection_takes_the_later_start_and_the_earlier_end() {
        let (a, b, open) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"), None);
        assert_eq!(intersection((a, open), (b, open)), (b, None));
        assert_eq!(intersection((open, b), (open, a)), (None, a));
        assert_eq!(intersection((a, open), (open, b)), (a, b));
    }
}
