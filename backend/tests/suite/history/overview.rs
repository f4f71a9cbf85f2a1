//! The overview of a room: its months and the mentions of the reader.

use serde_json::json;
use shared::{messages::RoomMap, paths, problem::Code, rooms::Room, rules::MAP_MENTIONS_MAX};

use crate::fixture::{Client, Fixture, Response};

async fn get_map(client: &Client, path: &str) -> RoomMap {
    client.get(path).await.expect_json(200)
}

fn seq_numbers(seqs: &[shared::ids::Seq]) -> Vec<i64> {
    seqs.iter().map(|seq| seq.0).collect()
}

#[tokio::test]
async fn the_overview_lists_the_months_with_messages() {
    let fixture = Fixture::start().await;
    for nth in 3..=5 {
        fixture.admin.post_message(fixture.room, &format!("word {nth}")).await;
    }
    for (seq, moment) in [
        (1, "2021-02-28T12:00:00Z"),
        (2, "2021-02-28T23:30:00Z"),
        (3, "2021-03-01T00:00:00Z"),
        (4, "2021-03-01T22:30:00Z"),
        // Later than the span of months that one SQL statement covers.
        (5, "2026-05-31T23:59:59Z"),
    ] {
        fixture.set_created_at(fixture.room, seq, moment).await;
    }
    for (query, expected) in [
        ("", [("2021-02", 1), ("2021-03", 3), ("2026-05", 5)]),
        ("?tz=%2B01:00", [("2021-02", 1), ("2021-03", 2), ("2026-06", 5)]),
        ("?tz=-12:00", [("2021-02", 1), ("2021-03", 4), ("2026-05", 5)]),
    ] {
        let map = get_map(&fixture.member, &format!("{}{query}", fixture.path(paths::MAP))).await;
        let months: Vec<_> =
            map.months.iter().map(|m| (m.month.to_string(), m.first_seq.0)).collect();
        let expected = expected.map(|(month, seq)| (month.to_owned(), seq));
        assert_eq!(months, expected, "{query}");
        assert_eq!(map.room_last_seq.0, 5);
    }
    let new = json!({"name": "Silent"});
    let room: Room = fixture.admin.post(paths::ROOMS, new).await.expect_json(201);
    let silent = get_map(&fixture.admin, &paths::fill(paths::MAP, &[&room.id])).await;
    assert_eq!((silent.months.len(), silent.room_last_seq.0), (0, 0));
}

#[tokio::test]
async fn the_overview_lists_mentions_of_the_reader() {
    let fixture = Fixture::start().await;
    let path = fixture.path(paths::MAP);
    for (author, text) in [
        (&fixture.admin, "@member look"),
        (&fixture.member, "I do, @admin"),
        (&fixture.admin, "not @members"),
        (&fixture.member, "to go"),
        (&fixture.admin, "again @member"),
    ] {
        author.post_message(fixture.room, text).await;
    }
    let of = async |reader: &Client| seq_numbers(&get_map(reader, &path).await.mentions);
    assert_eq!(of(&fixture.member).await, [3, 7]);
    assert_eq!(of(&fixture.admin).await, [4]);
    fixture.admin.delete(&fixture.message_path(3)).await.expect_status(204);
    fixture
        .admin
        .patch(&fixture.message_path(7), json!({"content": "nobody"}))
        .await
        .expect_status(200);
    fixture
        .admin
        .patch(&fixture.message_path(5), json!({"content": "@member"}))
        .await
        .expect_status(200);
    assert_eq!(of(&fixture.member).await, [5]);
}

#[tokio::test]
async fn the_overview_lists_the_newest_of_many_mentions() {
    let fixture = Fixture::start().await;
    let most = MAP_MENTIONS_MAX as i64;
    for nth in 3..most + 10 {
        fixture.member.post_message(fixture.room, &format!("@member {nth}")).await;
    }
    let map = get_map(&fixture.member, &fixture.path(paths::MAP)).await;
    let newest: Vec<_> = (10..most + 10).collect();
    assert_eq!(seq_numbers(&map.mentions), newest);
}

#[tokio::test]
async fn an_overview_etag_is_valid_for_one_reader_and_one_state() {
    let fixture = Fixture::start().await;
    let path = fixture.path(paths::MAP);
    let tag = fixture.member.get(&path).await.header("etag").to_owned();
    let revalidate = async |reader: &Client, query: &str| {
        let path = format!("{path}{query}");
        Response::fetch(reader.request("GET", &path).header("if-none-match", &tag)).await.status
    };
    assert_eq!(revalidate(&fixture.member, "").await, 304);
    assert_eq!(revalidate(&fixture.admin, "").await, 200, "the etag belongs to another reader");
    assert_eq!(
        revalidate(&fixture.member, "?tz=%2B01:00").await,
        200,
        "the etag belongs to another time zone"
    );
    fixture.member.delete(&fixture.message_path(1)).await.expect_status(204);
    assert_eq!(revalidate(&fixture.member, "").await, 200);
}

#[tokio::test]
async fn only_members_read_the_overview() {
    let fixture = Fixture::start().await;
    let path = fixture.path(paths::MAP);
    fixture.outsider.get(&path).await.expect_problem(Code::NotAMember);
    fixture.member.get(&format!("{path}?tz=Berlin")).await.expect_field_error("tz", "+02:00");
    fixture
        .member
        .get(&format!("{path}?month=2026-03"))
        .await
        .expect_field_error("month", "unknown");
    fixture.admin.delete(&fixture.path(paths::ROOM)).await.expect_status(204);
    let problem_without_id = |response: Response| {
        let mut problem = response.expect_problem(Code::NotFound);
        problem.request_id = None;
        problem
    };
    let deleted_room = problem_without_id(fixture.member.get(&path).await);
    let unknown_room =
        problem_without_id(fixture.member.get(&paths::fill(paths::MAP, &[&999_999])).await);
    assert_eq!(deleted_room, unknown_room);
}
