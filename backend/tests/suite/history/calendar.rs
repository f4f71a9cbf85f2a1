//! The calendar and the insights: messages by day, hour and author.

use chrono::{Datelike, Days, NaiveDate};
use shared::{
    messages::{Calendar, Insights},
    paths,
    problem::Code,
    rooms::Room,
};

use crate::fixture::{Fixture, Response};

/// The calendar that the query selects, as the member gets it.
async fn get_calendar(fixture: &Fixture, query: &str) -> Calendar {
    fixture.member.get(&format!("{}?{query}", fixture.path(paths::CALENDAR))).await.expect_json(200)
}

/// Five messages: two in February (UTC), two on the first of March, one in May.
async fn messages_over_three_months() -> Fixture {
    let fixture = Fixture::start().await;
    for nth in 3..=5 {
        fixture.admin.post_message(fixture.room, &format!("word {nth}")).await;
    }
    for (seq, moment) in [
        (1, "2026-02-28T12:00:00Z"),
        (2, "2026-02-28T23:30:00Z"),
        (3, "2026-03-01T00:00:00Z"),
        (4, "2026-03-01T22:30:00Z"),
        (5, "2026-05-31T23:59:59Z"),
    ] {
        fixture.set_created_at(fixture.room, seq, moment).await;
    }
    fixture
}

/// The days that have messages: day, number of messages, seq of the first.
fn days_with_messages(calendar: &Calendar) -> Vec<(String, i64, i64)> {
    let days = calendar.days.iter().filter(|day| day.count > 0);
    days.map(|day| (day.day.to_string(), day.count, day.first_seq.unwrap().0)).collect()
}

#[tokio::test]
async fn the_calendar_counts_messages_by_local_day() {
    let fixture = messages_over_three_months().await;
    let march = get_calendar(&fixture, "month=2026-03").await;
    assert_eq!(
        (march.days.len(), days_with_messages(&march)),
        (31, vec![("2026-03-01".into(), 2, 3)])
    );
    assert!(march.days.iter().all(|day| day.first_seq.is_some() == (day.count > 0)));
    let name = |month: Option<shared::messages::Month>| month.map(|month| month.to_string());
    assert_eq!(name(march.earlier).as_deref(), Some("2026-02"));
    assert_eq!(
        name(march.later).as_deref(),
        Some("2026-05"),
        "months without messages are skipped"
    );
    let april = get_calendar(&fixture, "month=2026-04").await;
    assert_eq!(
        (days_with_messages(&april).len(), name(april.earlier).as_deref()),
        (0, Some("2026-03"))
    );
    let february = get_calendar(&fixture, "month=2026-02").await;
    assert_eq!((february.days.len(), days_with_messages(&february)[0].1), (28, 2));
    assert_eq!(february.earlier, None);
    let berlin = get_calendar(&fixture, "month=2026-03&tz=%2B01:00").await;
    assert_eq!(days_with_messages(&berlin), [("2026-03-01".into(), 3, 2)]);
    let later = get_calendar(&fixture, "month=2026-03&tz=+02:00").await;
    assert_eq!(
        days_with_messages(&later),
        [("2026-03-01".into(), 2, 2), ("2026-03-02".into(), 1, 4)]
    );
    assert_eq!(
        days_with_messages(&get_calendar(&fixture, "month=2026-06&tz=%2B02:00").await)[0].2,
        5
    );
    let now = get_calendar(&fixture, "").await;
    assert_eq!(
        (days_with_messages(&now).len(), name(now.earlier).as_deref()),
        (0, Some("2026-05"))
    );
}

#[tokio::test]
async fn the_calendar_of_an_empty_room_has_empty_days() {
    let fixture = Fixture::start().await;
    let new = serde_json::json!({"name": "Silent"});
    let room: Room = fixture.admin.post(paths::ROOMS, new).await.expect_json(201);
    let path = paths::fill(paths::CALENDAR, &[&room.id]);
    let calendar: Calendar =
        fixture.admin.get(&format!("{path}?month=2024-02")).await.expect_json(200);
    assert_eq!((calendar.days.len(), days_with_messages(&calendar).len()), (29, 0));
    assert_eq!((calendar.earlier, calendar.later), (None, None));
}

#[tokio::test]
async fn a_calendar_etag_changes_with_the_next_message() {
    let fixture = messages_over_three_months().await;
    let path = format!("{}?month=2026-03", fixture.path(paths::CALENDAR));
    let tag = fixture.member.get(&path).await.header("etag").to_owned();
    let revalidate =
        || Response::fetch(fixture.member.request("GET", &path).header("if-none-match", &tag));
    assert_eq!(revalidate().await.status, 304);
    fixture.admin.post_message(fixture.room, "more").await;
    assert_eq!(revalidate().await.status, 200);
}

#[tokio::test]
async fn an_invalid_month_is_refused_with_the_field() {
    let fixture = Fixture::start().await;
    let path = fixture.path(paths::CALENDAR);
    for wrong in ["2026", "2026-13", "March"] {
        let response = fixture.member.get(&format!("{path}?month={wrong}")).await;
        response.expect_field_error("month", "such as `2026-03`");
    }
    fixture.member.get(&format!("{path}?tz=Berlin")).await.expect_field_error("tz", "+02:00");
    fixture.member.get(&format!("{path}?year=2026")).await.expect_field_error("year", "unknown");
    fixture.outsider.get(&path).await.expect_problem(Code::NotAMember);
}

/// Seven messages at given hours of the last days; one is deleted, one is too old to count.
async fn messages_of_a_week() -> (Fixture, NaiveDate) {
    let fixture = Fixture::start().await;
    for (author, nth) in [
        (&fixture.admin, 3),
        (&fixture.admin, 4),
        (&fixture.member, 5),
        (&fixture.admin, 6),
        (&fixture.admin, 7),
    ] {
        author.post_message(fixture.room, &format!("word {nth}")).await;
    }
    let today = Fixture::today().await;
    for (seq, days, time) in [
        (1, 92, "23:59:59"),
        (2, 85, "00:00:00"),
        (3, 3, "22:30:00"),
        (4, 3, "23:10:00"),
        (5, 2, "09:15:00"),
        (6, 2, "09:45:00"),
        (7, 2, "09:59:59"),
    ] {
        let day = today - Days::new(days);
        fixture.set_created_at(fixture.room, seq, &format!("{day}T{time}Z")).await;
    }
    fixture.admin.delete(&fixture.message_path(7)).await.expect_status(204);
    (fixture, today)
}

async fn insights(fixture: &Fixture, query: &str) -> Insights {
    fixture.member.get(&format!("{}?{query}", fixture.path(paths::INSIGHTS))).await.expect_json(200)
}

#[tokio::test]
async fn insights_count_by_day_hour_and_author() {
    let (fixture, today) = messages_of_a_week().await;
    let all = insights(&fixture, "").await;
    assert_eq!((all.total, all.days.len(), all.hours.len()), (5, 90, 7));
    assert_eq!(all.since.to_rfc3339(), format!("{}T00:00:00+00:00", all.days[0].day));
    assert!(all.days.is_sorted_by_key(|day| day.day), "the oldest day is first");
    let on = |insights: &Insights, days| {
        let day = insights.days.iter().find(|day| day.day == today - Days::new(days));
        day.map(|day| day.count)
    };
    assert_eq!([85, 3, 2, 0].map(|days| on(&all, days)), [Some(1), Some(2), Some(2), Some(0)]);
    let authors = all.authors.iter().map(|author| (&*author.user.username, author.count));
    assert_eq!(authors.collect::<Vec<_>>(), [("admin", 4), ("member", 1)]);
    let at = |insights: &Insights, days, hour: usize| {
        let weekday = (today - Days::new(days)).weekday().num_days_from_monday();
        insights.hours[weekday as usize][hour]
    };
    assert_eq!((at(&all, 3, 22), at(&all, 3, 23), at(&all, 2, 9)), (1, 1, 2));
    let counted: u64 = all.hours.iter().flatten().sum();
    assert_eq!(counted, 5);
    // At UTC+01:30 the evening is already the next day.
    let ahead = insights(&fixture, "days=10&tz=%2B01:30").await;
    assert_eq!((ahead.total, on(&ahead, 3), on(&ahead, 2)), (4, Some(0), Some(4)));
    assert_eq!((at(&ahead, 2, 0), at(&ahead, 2, 10), at(&ahead, 2, 11)), (2, 1, 1));
    let last = insights(&fixture, "days=1").await;
    assert_eq!((last.total, last.days.len(), last.authors.len()), (0, 1, 0));
}

#[tokio::test]
async fn an_insights_etag_changes_with_the_next_change() {
    let (fixture, _) = messages_of_a_week().await;
    let path = fixture.path(paths::INSIGHTS);
    let tag = fixture.member.get(&path).await.header("etag").to_owned();
    let revalidate =
        || Response::fetch(fixture.member.request("GET", &path).header("if-none-match", &tag));
    assert_eq!(revalidate().await.status, 304);
    fixture.admin.delete(&fixture.message_path(6)).await.expect_status(204);
    let all: Insights = revalidate().await.expect_json(200);
    assert_eq!(all.total, 4);
    for days in ["0", "91"] {
        let response = fixture.member.get(&format!("{path}?days={days}")).await;
        response.expect_field_error("days", "1 to 90");
    }
    fixture.member.get(&format!("{path}?week=1")).await.expect_field_error("week", "unknown");
    fixture.outsider.get(&path).await.expect_problem(Code::NotAMember);
    let new = serde_json::json!({"name": "Silent"});
    let room: Room = fixture.admin.post(paths::ROOMS, new).await.expect_json(201);
    let silent: Insights =
        fixture.admin.get(&paths::fill(paths::INSIGHTS, &[&room.id])).await.expect_json(200);
    assert_eq!((silent.total, silent.days.len()), (0, 90));
}
