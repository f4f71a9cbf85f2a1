//! Conversion of local dates and times to moments, in zones whose clocks change.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};

use crate::Timestamp;

/// No zone is further from UTC, and no clock was ever moved by more.
const SEARCH_RADIUS: TimeDelta = TimeDelta::hours(26);

/// The first moment of a day: local midnight, or the moment at which clocks that skip midnight are
/// moved. A day that a zone skipped (30 December 2011 in Samoa) starts and ends at the same moment.
pub fn start_of_day<Z: TimeZone>(day: NaiveDate, zone: &Z) -> Timestamp {
    to_moment(day.and_time(NaiveTime::MIN), zone)
}

/// The moment of a local time. If clocks show it twice, the first one; if they skip it, the moment at
/// which they are moved.
pub fn to_moment<Z: TimeZone>(local: NaiveDateTime, zone: &Z) -> Timestamp {
    match zone.offset_from_local_datetime(&local).earliest() {
        Some(offset) => (local - chrono::Offset::fix(&offset)).and_utc(),
        None => end_of_gap(local, zone),
    }
}

/// Bisects to the second at which the clocks jump over `local`.
fn end_of_gap<Z: TimeZone>(local: NaiveDateTime, zone: &Z) -> Timestamp {
    let middle = local.and_utc().timestamp();
    let radius = SEARCH_RADIUS.num_seconds();
    let (mut before, mut after) = (middle - radius, middle + radius);
    while after - before > 1 {
        let time = before + (after - before) / 2;
        let moment = DateTime::from_timestamp(time, 0).unwrap_or_default();
        match moment.with_timezone(zone).naive_local() < local {
            true => before = time,
            false => after = time,
        }
    }
    DateTime::from_timestamp(after, 0).unwrap_or_default()
}
