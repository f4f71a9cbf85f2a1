//! Search operators.

use serde_json::json;
use shared::{paths, problem::Code};

use super::{address, room, search, texts};
use crate::fixture::Fixture;

/// The lobby has "first" by the member and "second" by the admin; the attic has four messages.
async fn six_messages() -> Fixture {
    let fixture = Fixture::start().await;
    let attic = room(&fixture, "Attic").await;
    fixture.admin.post_message(attic, "look at https://example.org/ @member").await;
    fixture.member.post_message(attic, "run `make` again").await;
    let path = paths::fill(paths::MESSAGES, &[&attic]);
    let reply = json!({"content": "it answers", "reply_to": 2});
    fixture.admin.post(&path, reply).await.expect_status(201);
    fixture.member.post_message(attic, "wrogn").await;
    let path = paths::fill(paths::MESSAGE, &[&attic, &4]);
    fixture.member.patch(&path, json!({"content": "right"})).await.expect_status(200);
    fixture
}

#[tokio::test]
async fn each_operator_filters() {
    let fixture = six_messages().await;
    let today = Fixture::today().await;
    for seq in [1, 2] {
        fixture.set_created_at(fixture.room, seq, &format!("{today}T00:00:00Z")).await;
    }
    for (query, expected) in [
        (
            "",
            &[
                "right",
                "it answers",
                "run `make` again",
                "look at https://example.org/ @member",
                "second",
                "first",
            ][..],
        ),
        ("from:member", &["right", "run `make` again", "first"]),
        ("from:me", &["right", "run `make` again", "first"]),
        ("from:Member in:attic", &["right", "run `make` again"]),
        ("from:member from:admin in:Lobby", &["second", "first"]),
        ("-from:me in:lobby", &["second"]),
        ("in:#1", &["second", "first"]),
        ("-in:Attic", &["second", "first"]),
        ("has:link", &["look at https://example.org/ @member"]),
        ("has:code", &["run `make` again"]),
        ("has:code has:link", &["run `make` again", "look at https://example.org/ @member"]),
        ("has:reply", &["it answers"]),
        ("has:edit", &["right"]),
        ("is:edited is:mine", &["right"]),
        ("is:edited -is:mine", &[]),
        ("has:mention", &["look at https://example.org/ @member"]),
        ("mentions:me", &["look at https://example.org/ @member"]),
        ("mentions:admin", &[]),
        ("in:attic -has:link -has:code -has:edit", &["it answers"]),
        ("again -from:me", &[]),
        ("is:unread", &["second"]),
        ("on:today in:lobby", &["second", "first"]),
        ("after:7d second", &["second"]),
        ("before:today", &[]),
        ("during:2020", &[]),
        ("-on:today", &[]),
        ("wrogn", &[]),
        ("~akefile OR ~\"`make`\"", &["run `make` again"]),
        ("~ake from:member", &["run `make` again"]),
        ("~ir", &["first"]),
        ("-first -second in:lobby", &[]),
        ("-~irs in:lobby", &["second"]),
    ] {
        assert_eq!(texts(&fixture.member, query).await, expected, "{query}");
    }
    // Own messages are read.
    let path = paths::fill(paths::MESSAGES, &[&fixture.room]);
    fixture.admin.post(&path, json!({"content": "news"})).await.expect_status(201);
    assert_eq!(texts(&fixture.member, "is:unread").await, ["news", "second"]);
    assert_eq!(texts(&fixture.member, "-is:unread in:lobby").await, ["first"]);
}

#[tokio::test]
async fn days_follow_the_time_zone_of_the_reader() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, "Old").await;
    for (nth, moment) in
        [(1, "2026-02-28T23:30:00Z"), (2, "2026-03-01T12:00:00Z"), (3, "2026-03-31T23:00:00Z")]
    {
        fixture.admin.post_message(room, &format!("word {nth}")).await;
        fixture.set_created_at(room, nth, moment).await;
    }
    let at = |q: &'static str, tz: &'static str| {
        let member = fixture.member.clone();
        async move {
            let hits = search(&member, &[("q", q), ("tz", tz), ("before", "9")]).await.hits;
            hits.into_iter().map(|hit| hit.message.content).collect::<Vec<_>>()
        }
    };
    assert_eq!(at("word on:2026-03-01", "Z").await, ["word 2"]);
    assert_eq!(at("word on:2026-03-01", "+01:00").await, ["word 2", "word 1"]);
    assert_eq!(at("word during:2026-03", "Z").await, ["word 3", "word 2"]);
    assert_eq!(at("word during:2026-03", "+02:00").await, ["word 2", "word 1"]);
    assert_eq!(at("word before:2026-03", "Z").await, ["word 1"]);
    assert_eq!(at("word after:2026-02 before:2026-03-31", "Z").await, ["word 2"]);
    assert_eq!(at("word during:2026", "Z").await, ["word 3", "word 2", "word 1"]);
    assert_eq!(at("word -during:2026-03", "Z").await, ["word 1"]);
    let wrong = address(paths::SEARCH, &[("tz", "Berlin")]);
    fixture.member.get(&wrong).await.expect_field_error("tz", "+02:00");
}

#[tokio::test]
async fn only_admins_find_deleted_messages_and_without_text() {
    let fixture = Fixture::start().await;
    fixture.member.post_message(fixture.room, "a secret").await;
    fixture.member.delete(&fixture.message_path(3)).await.expect_status(204);
    let found = search(&fixture.admin, &[("q", "is:deleted")]).await;
    let [hit] = &found.hits[..] else { panic!("{found:?}") };
    assert_eq!((hit.message.seq.0, &*hit.message.content), (3, ""));
    assert!(texts(&fixture.admin, "is:deleted secret").await.is_empty());
    assert!(texts(&fixture.admin, "secret").await.is_empty());
    assert_eq!(texts(&fixture.admin, "-is:deleted").await, ["second", "first"]);
    let path = address(paths::SEARCH, &[("q", "is:deleted")]);
    fixture.member.get(&path).await.expect_problem(Code::AdminOnly);
}
