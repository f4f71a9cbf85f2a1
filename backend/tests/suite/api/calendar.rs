//! How much was said on which day, at which hour, by whom.

use chrono::{Datelike, Days, NaiveDate, Utc};
use shared::{
    messages::{Calendar, Insights},
    paths,
    problem::Code,
    rooms::Room,
};

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

/// Seven messages at given hours of the last days, of which one is deleted and one is too old.
async fn week() -> (Cast, NaiveDate) {
    let cast = Cast::assemble().await;
    for (who, nth) in
        [(&cast.admin, 3), (&cast.admin, 4), (&cast.member, 5), (&cast.admin, 6), (&cast.admin, 7)]
    {
        say(who, cast.room, &format!("word {nth}")).await;
    }
    let today = Utc::now().date_naive();
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
        cast.said_at(cast.room, seq, &format!("{day}T{time}Z")).await;
    }
    cast.admin.delete(&cast.message(7)).await.is(204);
    (cast, today)
}

async fn insights(cast: &Cast, query: &str) -> Insights {
    cast.member.get(&format!("{}?{query}", cast.at(paths::INSIGHTS))).await.read(200)
}

#[tokio::test]
async fn a_room_says_when_and_by_whom() {
    let (cast, today) = week().await;
    let all = insights(&cast, "").await;
    assert_eq!((all.total, all.days.len(), all.hours.len()), (5, 90, 7));
    assert_eq!(all.since.to_rfc3339(), format!("{}T00:00:00+00:00", all.days[0].day));
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
    // An hour and a half ahead, the evening is the next day's night.
    let ahead = insights(&cast, "days=10&tz=%2B01:30").await;
    assert_eq!((ahead.total, on(&ahead, 3), on(&ahead, 2)), (4, Some(0), Some(4)));
    assert_eq!((at(&ahead, 2, 0), at(&ahead, 2, 10), at(&ahead, 2, 11)), (2, 1, 1));
    let last = insights(&cast, "days=1").await;
    assert_eq!((last.total, last.days.len(), last.authors.len()), (0, 1, 0));
}

#[tokio::test]
async fn insights_are_kept_until_something_changes() {
    let (cast, _) = week().await;
    let path = cast.at(paths::INSIGHTS);
    let tag = cast.member.get(&path).await.header("etag").to_owned();
    let again = || Answer::of(cast.member.request("GET", &path).header("if-none-match", &tag));
    assert_eq!(again().await.status, 304);
    cast.admin.delete(&cast.message(6)).await.is(204);
    let all: Insights = again().await.read(200);
    assert_eq!(all.total, 4);
    for days in ["0", "91"] {
        let answer = cast.member.get(&format!("{path}?days={days}")).await;
        answer.refused_field("days", "1 to 90");
    }
    cast.member.get(&format!("{path}?week=1")).await.refused_field("week", "not known");
    cast.outsider.get(&path).await.refused(Code::NotAMember);
    let new = serde_json::json!({"name": "Silent"});
    let room: Room = cast.admin.post(paths::ROOMS, new).await.read(201);
    let silent: Insights =
        cast.admin.get(&paths::fill(paths::INSIGHTS, &[&room.id])).await.read(200);
    assert_eq!((silent.total, silent.days.len()), (0, 90));
}
