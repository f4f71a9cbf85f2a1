//! How much was said on which day.

use shared::{messages::Calendar, paths, problem::Code, rooms::Room};

use super::anchors::say;
use crate::actors::{Answer, Cast};

async fn month(cast: &Cast, query: &str) -> Calendar {
    cast.member.get(&format!("{}?{query}", cast.at(paths::CALENDAR))).await.read(200)
}

/// Five messages: two in February by UTC, two on the first of March, and one in May.
async fn diary() -> Cast {
    let cast = Cast::assemble().await;
    for nth in 3..=5 {
        say(&cast.admin, cast.room, &format!("word {nth}")).await;
    }
    for (seq, moment) in [
        (1, "2026-02-28T12:00:00Z"),
        (2, "2026-02-28T23:30:00Z"),
        (3, "2026-03-01T00:00:00Z"),
        (4, "2026-03-01T22:30:00Z"),
        (5, "2026-05-31T23:59:59Z"),
    ] {
        cast.said_at(cast.room, seq, moment).await;
    }
    cast
}

/// Day of the month, how many, the first.
fn said(calendar: &Calendar) -> Vec<(String, i64, i64)> {
    let days = calendar.days.iter().filter(|day| day.count > 0);
    days.map(|day| (day.day.to_string(), day.count, day.first_seq.unwrap().0)).collect()
}

#[tokio::test]
async fn each_day_has_its_messages() {
    let cast = diary().await;
    let march = month(&cast, "month=2026-03").await;
    assert_eq!((march.days.len(), said(&march)), (31, vec![("2026-03-01".into(), 2, 3)]));
    assert!(march.days.iter().all(|day| day.first_seq.is_some() == (day.count > 0)));
    let name = |month: Option<shared::messages::Month>| month.map(|month| month.to_string());
    assert_eq!(name(march.earlier).as_deref(), Some("2026-02"));
    assert_eq!(name(march.later).as_deref(), Some("2026-05"), "over a silent month");
    let april = month(&cast, "month=2026-04").await;
    assert_eq!((said(&april).len(), name(april.earlier).as_deref()), (0, Some("2026-03")));
    let february = month(&cast, "month=2026-02").await;
    assert_eq!((february.days.len(), said(&february)[0].1), (28, 2));
    assert_eq!(february.earlier, None);
    let berlin = month(&cast, "month=2026-03&tz=%2B01:00").await;
    assert_eq!(said(&berlin), [("2026-03-01".into(), 3, 2)]);
    let later = month(&cast, "month=2026-03&tz=+02:00").await;
    assert_eq!(said(&later), [("2026-03-01".into(), 2, 2), ("2026-03-02".into(), 1, 4)]);
    assert_eq!(said(&month(&cast, "month=2026-06&tz=%2B02:00").await)[0].2, 5);
    let now = month(&cast, "").await;
    assert_eq!((said(&now).len(), name(now.earlier).as_deref()), (0, Some("2026-05")));
}

#[tokio::test]
async fn an_empty_room_has_empty_days() {
    let cast = Cast::assemble().await;
    let new = serde_json::json!({"name": "Silent"});
    let room: Room = cast.admin.post(paths::ROOMS, new).await.read(201);
    let path = paths::fill(paths::CALENDAR, &[&room.id]);
    let calendar: Calendar = cast.admin.get(&format!("{path}?month=2024-02")).await.read(200);
    assert_eq!((calendar.days.len(), said(&calendar).len()), (29, 0));
    assert_eq!((calendar.earlier, calendar.later), (None, None));
}

#[tokio::test]
async fn a_calendar_is_kept_until_something_is_said() {
    let cast = diary().await;
    let path = format!("{}?month=2026-03", cast.at(paths::CALENDAR));
    let tag = cast.member.get(&path).await.header("etag").to_owned();
    let again = || Answer::of(cast.member.request("GET", &path).header("if-none-match", &tag));
    assert_eq!(again().await.status, 304);
    say(&cast.admin, cast.room, "more").await;
    assert_eq!(again().await.status, 200);
}

#[tokio::test]
async fn what_is_no_month_is_named() {
    let cast = Cast::assemble().await;
    let path = cast.at(paths::CALENDAR);
    for wrong in ["2026", "2026-13", "March"] {
        let answer = cast.member.get(&format!("{path}?month={wrong}")).await;
        answer.refused_field("month", "such as `2026-03`");
    }
    cast.member.get(&format!("{path}?tz=CET")).await.refused_field("tz", "+02:00");
    cast.member.get(&format!("{path}?year=2026")).await.refused_field("year", "not known");
    cast.outsider.get(&path).await.refused(Code::NotAMember);
}
