//! Tests of time spans.

use chrono::{DateTime, FixedOffset, Utc};

use super::*;

#[test]
fn the_error_of_an_invalid_time_lists_the_formats() {
    for date in [
        "2026-13",
        "2026-02-29",
        "2026-3",
        "2026-03-00",
        "0000",
        "0d",
        "12h",
        "70000d",
        "7",
        "tomorrow",
        "2026-03-01x",
        "20260301",
        "2026-",
        "-7d",
        "２０２６",
    ] {
        let query = format!("on:{date}");
        let QueryError { at, message, .. } = parse(&query).unwrap_err();
        assert_eq!(&query[at], date);
        assert!(message.contains("2026-03-01") && message.contains("7d"), "{message}");
    }
}

#[test]
fn calendar_spans_start_at_the_readers_midnight() {
    let now: DateTime<Utc> = "2024-03-01T00:30:00Z".parse().unwrap();
    let berlin = FixedOffset::east_opt(3600).unwrap();
    let new_york = FixedOffset::west_opt(5 * 3600).unwrap();
    for (query, offset, from, to) in [
        ("on:2024", berlin, "2023-12-31T23:00:00Z", "2024-12-31T23:00:00Z"),
        ("on:2024-02", berlin, "2024-01-31T23:00:00Z", "2024-02-29T23:00:00Z"),
        ("on:2024-12", berlin, "2024-11-30T23:00:00Z", "2024-12-31T23:00:00Z"),
        ("on:2024-02-29", new_york, "2024-02-29T05:00:00Z", "2024-03-01T05:00:00Z"),
        ("on:today", berlin, "2024-02-29T23:00:00Z", "2024-03-01T23:00:00Z"),
        ("on:today", new_york, "2024-02-29T05:00:00Z", "2024-03-01T05:00:00Z"),
        ("on:yesterday", berlin, "2024-02-28T23:00:00Z", "2024-02-29T23:00:00Z"),
        ("on:2d", berlin, "2024-02-28T00:30:00Z", "2024-03-01T00:30:00Z"),
        ("on:1w", berlin, "2024-02-23T00:30:00Z", "2024-03-01T00:30:00Z"),
        ("on:9999-12-31", berlin, "9999-12-30T23:00:00Z", "9999-12-31T23:00:00Z"),
    ] {
        let time = |text: &str| Some(text.parse().unwrap());
        let on = predicates(query)[0].time_range(now, &offset);
        assert_eq!(on, Some((time(from), time(to))), "{query}");
        let before = predicates(&query.replace("on:", "before:"))[0].time_range(now, &offset);
        assert_eq!(before, Some((None, time(from))), "{query}");
        let after = predicates(&query.replace("on:", "after:"))[0].time_range(now, &offset);
        let bound = if query.ends_with(['d', 'w']) { from } else { to };
        assert_eq!(after, Some((time(bound), None)), "{query}");
    }
    assert_eq!(predicates("has:link")[0].time_range(now, &berlin), None);
    // The longest span does not overflow.
    assert!(predicates("on:65535w")[0].time_range(now, &berlin).is_some());
}
