//! Anchors by date and time in the reader's time zone.

use serde_json::json;
use shared::{messages::AnchorMiss, paths, rooms::Room};

use super::anchors::page_summary;
use crate::fixture::Fixture;

/// The fixture's room with five messages, the first late in the evening (UTC).
async fn messages_over_days() -> Fixture {
    let fixture = Fixture::start().await;
    for nth in 3..=5 {
        fixture.admin.post_message(fixture.room, &format!("word {nth}")).await;
    }
    let moments = [
        "2026-02-28T22:30:00Z",
        "2026-03-01T00:30:00Z",
        "2026-03-01T23:30:00Z",
        "2026-03-04T12:00:00Z",
        "2026-03-04T12:00:00Z",
    ];
    for (seq, moment) in (1..).zip(moments) {
        fixture.set_created_at(fixture.room, seq, moment).await;
    }
    fixture
}

async fn resolve_anchor(fixture: &Fixture, date: &str) -> (i64, Option<AnchorMiss>) {
    let query = format!("anchor=date:{date}&before=1&after=1");
    let (seq, reason, _) = page_summary(&fixture.member, fixture.room, &query).await;
    (seq, reason)
}

#[tokio::test]
async fn a_date_anchor_finds_the_first_message_of_the_local_day() {
    let fixture = messages_over_days().await;
    let empty = Some(AnchorMiss::EmptyDay);
    for (day, expected) in [
        ("2026-02-28", (1, None)),
        ("2026-03-01", (2, None)),
        ("2026-03-01Z", (2, None)),
        ("2026-03-04", (4, None)),
        // East of UTC, the first of March begins on the last of February.
        ("2026-03-01%2B02:00", (1, None)),
        ("2026-03-01+02:00", (1, None)),
        ("2026-03-01+01:30", (1, None)),
        ("2026-03-01+01:29", (2, None)),
        ("2026-02-28+02:00", (1, empty)),
        ("2026-03-02+01:00", (3, None)),
        // West of UTC, the first of March ends on the second.
        ("2026-03-01-01:00", (3, None)),
        ("2026-02-28-01:00", (1, None)),
        ("2026-02-28-00:30", (1, None)),
        ("2026-03-02-01:00", (4, empty)),
        // A day without messages resolves to the next message, or to the newest.
        ("2026-03-02", (4, empty)),
        ("2026-03-03", (4, empty)),
        ("2020-02-29", (1, empty)),
        ("2026-03-05", (5, empty)),
        ("9999-12-31-23:59", (5, empty)),
        ("0000-01-01%2B23:59", (1, empty)),
    ] {
        assert_eq!(resolve_anchor(&fixture, day).await, expected, "{day}");
    }
}

#[tokio::test]
async fn a_time_anchor_finds_the_next_message() {
    let fixture = messages_over_days().await;
    let beyond = Some(AnchorMiss::BeyondNewest);
    for (moment, expected) in [
        ("2026-02-28T22:30", (1, None)),
        ("2026-02-28T22:30:01", (2, None)),
        ("2026-03-01T00:30:00Z", (2, None)),
        ("2026-03-01T02:30%2B02:00", (2, None)),
        ("2026-03-01T02:30:01+02:00", (3, None)),
        ("2026-02-28T20:00-05:00", (3, None)),
        ("1999-01-01T00:00", (1, None)),
        // Two messages have this timestamp; the anchor is the first of them.
        ("2026-03-04T12:00", (4, None)),
        ("2026-03-04T12:00:01", (5, beyond)),
        ("2030-01-01T00:00", (5, beyond)),
    ] {
        assert_eq!(resolve_anchor(&fixture, moment).await, expected, "{moment}");
    }
}

/// A clock that was set back affects date anchors, but never the order of messages.
#[tokio::test]
async fn a_clock_set_back_does_not_change_the_order() {
    let fixture = messages_over_days().await;
    let other: Room =
        fixture.admin.post(paths::ROOMS, json!({"name": "Attic"})).await.expect_json(201);
    fixture.admin.post_message(other.id, "elsewhere").await;
    fixture.set_created_at(other.id, 1, "2026-03-02T12:00:00Z").await;
    assert_eq!(resolve_anchor(&fixture, "2026-03-02").await, (4, Some(AnchorMiss::EmptyDay)));
    fixture.admin.post_message(fixture.room, "word 6").await;
    fixture.set_created_at(fixture.room, 6, "2026-03-02T12:00:00Z").await;
    let page =
        page_summary(&fixture.member, fixture.room, "anchor=date:2026-03-02&before=2&after=1")
            .await;
    assert_eq!(page, (6, None, (4, 6)));
    assert_eq!(resolve_anchor(&fixture, "2026-03-04").await, (4, None));
    // A tombstone keeps its day.
    fixture.admin.delete(&fixture.message_path(6)).await.expect_status(204);
    assert_eq!(resolve_anchor(&fixture, "2026-03-02").await, (6, None));
}
