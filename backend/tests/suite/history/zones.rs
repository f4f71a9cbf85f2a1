//! Named time zones: every place that turns a time into a day uses the clock of that day, on both
//! sides of a clock change.

use chrono::Days;
use shared::{
    ids::RoomId,
    messages::{Calendar, Insights, MessagePage, RoomMap},
    paths,
    search::{Hits, Summary},
};

use crate::{fixture::Fixture, search::address};

/// A room with a message at each of these times, named by its position.
async fn messages_at(fixture: &Fixture, times: &[&str]) -> RoomId {
    let new = serde_json::json!({"name": "Zones"});
    let room: shared::rooms::Room = fixture.admin.post(paths::ROOMS, new).await.expect_json(201);
    for (nth, time) in (1..).zip(times) {
        fixture.admin.post_message(room.id, &format!("word {nth}")).await;
        fixture.set_created_at(room.id, nth, time).await;
    }
    room.id
}

async fn get<T: serde::de::DeserializeOwned>(
    fixture: &Fixture,
    path: &str,
    parameters: &[(&str, &str)],
) -> T {
    fixture.admin.get(&address(path, parameters)).await.expect_json(200)
}

/// The days of a month that have messages, with their counts.
async fn days(fixture: &Fixture, room: RoomId, zone: &str, month: &str) -> Vec<(String, i64)> {
    let path = paths::fill(paths::CALENDAR, &[&room]);
    let calendar: Calendar = get(fixture, &path, &[("month", month), ("tz", zone)]).await;
    let days = calendar.days.iter().filter(|day| day.count > 0);
    days.map(|day| (day.day.to_string()[5..].to_owned(), day.count)).collect()
}

/// The numbers of the messages that a query finds, newest first.
async fn found(fixture: &Fixture, zone: &str, q: &str) -> String {
    let parameters = [("q", &*format!("word {q}")), ("tz", zone), ("before", "20")];
    let hits: Hits = get(fixture, paths::SEARCH, &parameters).await;
    let numbers = hits.hits.iter().map(|hit| hit.message.content.replace("word ", ""));
    numbers.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn days_in_winter_and_in_summer_begin_by_their_own_clock() {
    let fixture = Fixture::start().await;
    let times = [
        "2025-12-31T23:30:00Z", // 1 January, 00:30 in Berlin
        "2026-01-14T22:30:00Z", // 14 January, 23:30
        "2026-07-14T22:30:00Z", // 15 July, 00:30
        "2026-07-31T22:15:00Z", // 1 August, 00:15
    ];
    let room = messages_at(&fixture, &times).await;
    let zone = "Europe/Berlin";
    let one = |day: &str| (day.to_owned(), 1);
    assert_eq!(days(&fixture, room, zone, "2026-01").await, [one("01-01"), one("01-14")]);
    assert_eq!(days(&fixture, room, zone, "2026-07").await, [one("07-15")]);
    for (q, expected) in [
        ("on:2026-01-01", "1"),
        ("on:2026-01-14", "2"),
        ("on:2026-07-15", "3"),
        ("on:2026-08", "4"),
        ("before:2026-07-15", "2 1"),
        ("after:2026-07-14", "4 3"),
    ] {
        assert_eq!(found(&fixture, zone, q).await, expected, "{q}");
    }
    // The months of the overview and of the search summary, and the first message of a day.
    let map: RoomMap = get(&fixture, &paths::fill(paths::MAP, &[&room]), &[("tz", zone)]).await;
    let months = map.months.iter().map(|month| (month.month.to_string(), month.first_seq.0));
    let expected = [("2026-01".to_owned(), 1), ("2026-07".into(), 3), ("2026-08".into(), 4)];
    assert_eq!(months.collect::<Vec<_>>(), expected);
    let summary: Summary = get(&fixture, paths::SUMMARY, &[("q", "word"), ("tz", zone)]).await;
    let months = summary.months.iter().map(|month| &*month.month);
    assert_eq!(months.collect::<Vec<_>>(), ["2026-08", "2026-07", "2026-01"]);
    let path = paths::fill(paths::MESSAGES, &[&room]);
    for (anchor, zone, expected) in [
        ("date:2026-01-14", zone, 2),
        ("date:2026-07-15", zone, 3),
        ("date:2026-07-15T00:31", zone, 4),
        // An offset in the anchor takes precedence.
        ("date:2026-07-14Z", zone, 3),
        ("date:2026-07-14", "Z", 3),
    ] {
        let page: MessagePage = get(&fixture, &path, &[("anchor", anchor), ("tz", zone)]).await;
        assert_eq!((page.anchor.seq.0, page.anchor.found), (expected, true), "{anchor} {zone}");
    }
}

#[tokio::test]
async fn exports_show_the_clock_of_each_message() {
    let fixture = Fixture::start().await;
    let room = messages_at(&fixture, &["2026-01-14T22:30:00Z", "2026-07-14T22:30:00Z"]).await;
    let export = async |format: &str, bom: &str| {
        let path = paths::fill(paths::EXPORT, &[&room]);
        let parameters = [("format", format), ("tz", "Europe/Berlin"), ("bom", bom)];
        let response = fixture.admin.get(&address(&path, &parameters)).await;
        assert_eq!(response.status, 200);
        response.text
    };
    for format in ["markdown", "html"] {
        let text = export(format, "false").await;
        for part in ["14 January 2026", "23:30", "15 July 2026", "00:30", "(Europe/Berlin)"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    let csv = export("csv", "false").await;
    assert!(csv.starts_with("\"room\""), "{csv}");
    for time in ["2026-01-14T23:30:00+01:00", "2026-07-15T00:30:00+02:00"] {
        assert!(csv.contains(time), "{csv}");
    }
    assert_eq!(export("csv", "true").await, format!("\u{feff}{csv}"));
}

#[tokio::test]
async fn unusual_clocks_have_all_their_days() {
    let fixture = Fixture::start().await;
    let times = [
        "2011-12-30T09:59:59Z", // Apia: 29 December, 23:59; the 30th does not exist
        "2011-12-30T10:00:00Z", // Apia: 31 December, 00:00
        "2018-11-04T02:59:59Z", // Sao Paulo: 3 November, 23:59
        "2018-11-04T03:00:00Z", // Sao Paulo: 4 November, 01:00; midnight does not exist
        "2026-01-31T13:15:00Z", // Lord Howe: 1 February, 00:15 at UTC+11
        "2026-07-31T13:15:00Z", // Lord Howe: 31 July, 23:45 at UTC+10:30
        "2026-08-31T18:30:00Z", // Kolkata: 1 September, 00:00
    ];
    let room = messages_at(&fixture, &times).await;
    let one = |day: &str| (day.to_owned(), 1);
    assert_eq!(days(&fixture, room, "Pacific/Apia", "2011-12").await, [one("12-29"), one("12-31")]);
    assert_eq!(found(&fixture, "Pacific/Apia", "on:2011-12-30").await, "");
    assert_eq!(found(&fixture, "Pacific/Apia", "on:2011-12-31").await, "2");
    assert_eq!(
        days(&fixture, room, "America/Sao_Paulo", "2018-11").await,
        [one("11-03"), one("11-04")]
    );
    assert_eq!(found(&fixture, "America/Sao_Paulo", "on:2018-11-04").await, "4");
    assert_eq!(days(&fixture, room, "Australia/Lord_Howe", "2026-02").await, [one("02-01")]);
    assert_eq!(days(&fixture, room, "Australia/Lord_Howe", "2026-07").await, [one("07-31")]);
    assert_eq!(found(&fixture, "Asia/Kolkata", "on:2026-09-01").await, "7");
}

#[tokio::test]
async fn insights_count_hours_of_zones_with_half_hours() {
    let fixture = Fixture::start().await;
    let day = Fixture::today().await - Days::new(3);
    let room =
        messages_at(&fixture, &[&format!("{day}T18:29:00Z"), &format!("{day}T18:30:00Z")]).await;
    let path = paths::fill(paths::INSIGHTS, &[&room]);
    let insights: Insights = get(&fixture, &path, &[("tz", "Asia/Kolkata")]).await;
    let counts = insights.days.iter().filter(|day| day.count > 0);
    let counts: Vec<_> = counts.map(|day| (day.day, day.count)).collect();
    assert_eq!(counts, [(day, 1), (day.succ_opt().unwrap(), 1)]);
    let at_hour = |hour: usize| insights.hours.iter().map(|hours| hours[hour]).sum::<u64>();
    assert_eq!((at_hour(23), at_hour(0)), (1, 1));
}

#[tokio::test]
async fn an_unknown_zone_is_refused_with_an_example() {
    let fixture = Fixture::start().await;
    for path in [
        fixture.path(paths::CALENDAR),
        fixture.path(paths::INSIGHTS),
        fixture.path(paths::MAP),
        fixture.path(paths::MESSAGES),
        fixture.path(paths::EXPORT),
        paths::SEARCH.to_owned(),
        paths::SUMMARY.to_owned(),
        paths::EXPORT_SEARCH.to_owned(),
    ] {
        let response = fixture.member.get(&address(&path, &[("tz", "Europe/Atlantis")])).await;
        response.expect_field_error("tz", "Europe/Berlin");
    }
}
