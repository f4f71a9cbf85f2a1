//! A room at a glance: its months, and who mentions me.

use serde_json::json;
use shared::{messages::RoomMap, paths, problem::Code, rooms::Room, rules::MAP_MENTIONS_MAX};

use super::anchors::say;
use crate::actors::{Answer, Cast, Client};

async fn map(client: &Client, path: &str) -> RoomMap {
    client.get(path).await.read(200)
}

fn numbers(seqs: &[shared::ids::Seq]) -> Vec<i64> {
    seqs.iter().map(|seq| seq.0).collect()
}

#[tokio::test]
async fn months_begin_where_something_was_said() {
    let cast = Cast::assemble().await;
    for nth in 3..=5 {
        say(&cast.admin, cast.room, &format!("word {nth}")).await;
    }
    for (seq, moment) in [
        (1, "2021-02-28T12:00:00Z"),
        (2, "2021-02-28T23:30:00Z"),
        (3, "2021-03-01T00:00:00Z"),
        (4, "2021-03-01T22:30:00Z"),
        // Longer than one statement asks for.
        (5, "2026-05-31T23:59:59Z"),
    ] {
        cast.said_at(cast.room, seq, moment).await;
    }
    for (query, expected) in [
        ("", [("2021-02", 1), ("2021-03", 3), ("2026-05", 5)]),
        ("?tz=%2B01:00", [("2021-02", 1), ("2021-03", 2), ("2026-06", 5)]),
        ("?tz=-12:00", [("2021-02", 1), ("2021-03", 4), ("2026-05", 5)]),
    ] {
        let map = map(&cast.member, &format!("{}{query}", cast.at(paths::MAP))).await;
        let months: Vec<_> =
            map.months.iter().map(|m| (m.month.to_string(), m.first_seq.0)).collect();
        let expected = expected.map(|(month, seq)| (month.to_owned(), seq));
        assert_eq!(months, expected, "{query}");
        assert_eq!(map.room_last_seq.0, 5);
    }
    let new = json!({"name": "Silent"});
    let room: Room = cast.admin.post(paths::ROOMS, new).await.read(201);
    let silent = map(&cast.admin, &paths::fill(paths::MAP, &[&room.id])).await;
    assert_eq!((silent.months.len(), silent.room_last_seq.0), (0, 0));
}

#[tokio::test]
async fn it_knows_whose_map_it_is() {
    let cast = Cast::assemble().await;
    let path = cast.at(paths::MAP);
    for (who, text) in [
        (&cast.admin, "@member look"),
        (&cast.member, "I do, @admin"),
        (&cast.admin, "not @members"),
        (&cast.member, "to go"),
        (&cast.admin, "again @member"),
    ] {
        say(who, cast.room, text).await;
    }
    let of = async |who: &Client| numbers(&map(who, &path).await.mentions);
    assert_eq!(of(&cast.member).await, [3, 7]);
    assert_eq!(of(&cast.admin).await, [4]);
    cast.admin.delete(&cast.message(3)).await.is(204);
    cast.admin.patch(&cast.message(7), json!({"content": "nobody"})).await.is(200);
    cast.admin.patch(&cast.message(5), json!({"content": "@member"})).await.is(200);
    assert_eq!(of(&cast.member).await, [5]);
}

#[tokio::test]
async fn of_many_places_the_newest_are_shown() {
    let cast = Cast::assemble().await;
    let most = MAP_MENTIONS_MAX as i64;
    for nth in 3..most + 10 {
        say(&cast.member, cast.room, &format!("@member {nth}")).await;
    }
    let map = map(&cast.member, &cast.at(paths::MAP)).await;
    let newest: Vec<_> = (10..most + 10).collect();
    assert_eq!(numbers(&map.mentions), newest);
}

#[tokio::test]
async fn a_map_is_kept_until_the_room_is_different() {
    let cast = Cast::assemble().await;
    let path = cast.at(paths::MAP);
    let tag = cast.member.get(&path).await.header("etag").to_owned();
    let again = async |who: &Client, query: &str| {
        let path = format!("{path}{query}");
        Answer::of(who.request("GET", &path).header("if-none-match", &tag)).await.status
    };
    assert_eq!(again(&cast.member, "").await, 304);
    assert_eq!(again(&cast.admin, "").await, 200, "it is somebody else's");
    assert_eq!(again(&cast.member, "?tz=%2B01:00").await, 200, "it is by another clock");
    cast.member.delete(&cast.message(1)).await.is(204);
    assert_eq!(again(&cast.member, "").await, 200);
}

#[tokio::test]
async fn it_is_for_members() {
    let cast = Cast::assemble().await;
    let path = cast.at(paths::MAP);
    cast.outsider.get(&path).await.refused(Code::NotAMember);
    cast.member.get(&format!("{path}?tz=CET")).await.refused_field("tz", "+02:00");
    cast.member.get(&format!("{path}?month=2026-03")).await.refused_field("month", "not known");
    cast.admin.delete(&cast.at(paths::ROOM)).await.is(204);
    let strip = |answer: Answer| {
        let mut problem = answer.refused(Code::NotFound);
        problem.request_id = None;
        problem
    };
    let gone = strip(cast.member.get(&path).await);
    let never = strip(cast.member.get(&paths::fill(paths::MAP, &[&999_999])).await);
    assert_eq!(gone, never);
}
