//! From a date to what was said then, wherever one's midnight is.

use serde_json::json;
use shared::{messages::AnchorMiss, paths, rooms::Room};

use super::anchors::{say, seen};
use crate::actors::Cast;

/// The cast's room with five messages, the first late one evening in Greenwich.
async fn said_over_days() -> Cast {
    let cast = Cast::assemble().await;
    for nth in 3..=5 {
        say(&cast.admin, cast.room, &format!("word {nth}")).await;
    }
    let moments = [
        "2026-02-28T22:30:00Z",
        "2026-03-01T00:30:00Z",
        "2026-03-01T23:30:00Z",
        "2026-03-04T12:00:00Z",
        "2026-03-04T12:00:00Z",
    ];
    for (seq, moment) in (1..).zip(moments) {
        cast.said_at(cast.room, seq, moment).await;
    }
    cast
}

async fn led(cast: &Cast, date: &str) -> (i64, Option<AnchorMiss>) {
    let query = format!("anchor=date:{date}&before=1&after=1");
    let (seq, reason, _) = seen(&cast.member, cast.room, &query).await;
    (seq, reason)
}

#[tokio::test]
async fn a_day_leads_to_its_first_message() {
    let cast = said_over_days().await;
    let empty = Some(AnchorMiss::EmptyDay);
    for (day, expected) in [
        ("2026-02-28", (1, None)),
        ("2026-03-01", (2, None)),
        ("2026-03-01Z", (2, None)),
        ("2026-03-04", (4, None)),
        // East of Greenwich the first of March begins on the last of February.
        ("2026-03-01%2B02:00", (1, None)),
        ("2026-03-01+02:00", (1, None)),
        ("2026-03-01+01:30", (1, None)),
        ("2026-03-01+01:29", (2, None)),
        ("2026-02-28+02:00", (1, empty)),
        ("2026-03-02+01:00", (3, None)),
        // West of it, the second.
        ("2026-03-01-01:00", (3, None)),
        ("2026-02-28-01:00", (1, None)),
        ("2026-02-28-00:30", (1, None)),
        ("2026-03-02-01:00", (4, empty)),
        // A day on which nothing was said leads to the next one, or to the end.
        ("2026-03-02", (4, empty)),
        ("2026-03-03", (4, empty)),
        ("2020-02-29", (1, empty)),
        ("2026-03-05", (5, empty)),
        ("9999-12-31-23:59", (5, empty)),
        ("0000-01-01%2B23:59", (1, empty)),
    ] {
        assert_eq!(led(&cast, day).await, expected, "{day}");
    }
}

#[tokio::test]
async fn a_moment_leads_to_what_came_next() {
    let cast = said_over_days().await;
    let beyond = Some(AnchorMiss::BeyondNewest);
    for (moment, expected) in [
        ("2026-02-28T22:30", (1, None)),
        ("2026-02-28T22:30:01", (2, None)),
        ("2026-03-01T00:30:00Z", (2, None)),
        ("2026-03-01T02:30%2B02:00", (2, None)),
        ("2026-03-01T02:30:01+02:00", (3, None)),
        ("2026-02-28T20:00-05:00", (3, None)),
        ("1999-01-01T00:00", (1, None)),
        // Of two in the same moment, the one that was first.
        ("2026-03-04T12:00", (4, None)),
        ("2026-03-04T12:00:01", (5, beyond)),
        ("2030-01-01T00:00", (5, beyond)),
    ] {
        assert_eq!(led(&cast, moment).await, expected, "{moment}");
    }
}

/// A clock that was set back changes where a date leads, and nothing about the order.
#[tokio::test]
async fn clocks_order_nothing() {
    let cast = said_over_days().await;
    let other: Room = cast.admin.post(paths::ROOMS, json!({"name": "Attic"})).await.read(201);
    say(&cast.admin, other.id, "elsewhere").await;
    cast.said_at(other.id, 1, "2026-03-02T12:00:00Z").await;
    assert_eq!(led(&cast, "2026-03-02").await, (4, Some(AnchorMiss::EmptyDay)));
    say(&cast.admin, cast.room, "word 6").await;
    cast.said_at(cast.room, 6, "2026-03-02T12:00:00Z").await;
    let page = seen(&cast.member, cast.room, "anchor=date:2026-03-02&before=2&after=1").await;
    assert_eq!(page, (6, None, (4, 6)));
    assert_eq!(led(&cast, "2026-03-04").await, (4, None));
    // The day keeps what was said on it when that is deleted.
    cast.admin.delete(&cast.message(6)).await.is(204);
    assert_eq!(led(&cast, "2026-03-02").await, (6, None));
}
