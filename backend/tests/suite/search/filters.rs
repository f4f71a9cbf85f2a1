//! Operators: who, where, when, what it has, how it is.

use serde_json::json;
use shared::{paths, problem::Code};

use super::{address, room, say, search, texts};
use crate::actors::Cast;

/// "first" (member) and "second" (admin) in the Lobby, and in the Attic four more.
async fn said() -> Cast {
    let cast = Cast::assemble().await;
    let attic = room(&cast, "Attic").await;
    say(&cast.admin, attic, "look at https://example.org/ @member").await;
    say(&cast.member, attic, "run `make` again").await;
    let path = paths::fill(paths::MESSAGES, &[&attic]);
    let answer = json!({"content": "it answers", "reply_to": 2});
    cast.admin.post(&path, answer).await.is(201);
    say(&cast.member, attic, "wrogn").await;
    let path = paths::fill(paths::MESSAGE, &[&attic, &4]);
    cast.member.patch(&path, json!({"content": "right"})).await.is(200);
    cast
}

#[tokio::test]
async fn each_operator_finds_what_it_says() {
    let cast = said().await;
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
        assert_eq!(texts(&cast.member, query).await, expected, "{query}");
    }
    // One's own words are read with the saying.
    let path = paths::fill(paths::MESSAGES, &[&cast.room]);
    cast.admin.post(&path, json!({"content": "news"})).await.is(201);
    assert_eq!(texts(&cast.member, "is:unread").await, ["news", "second"]);
    assert_eq!(texts(&cast.member, "-is:unread in:lobby").await, ["first"]);
}

#[tokio::test]
async fn days_are_those_of_the_reader() {
    let cast = Cast::assemble().await;
    let room = room(&cast, "Old").await;
    for (nth, moment) in
        [(1, "2026-02-28T23:30:00Z"), (2, "2026-03-01T12:00:00Z"), (3, "2026-03-31T23:00:00Z")]
    {
        say(&cast.admin, room, &format!("word {nth}")).await;
        cast.said_at(room, nth, moment).await;
    }
    let at = |q: &'static str, tz: &'static str| {
        let member = cast.member.clone();
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
    cast.member.get(&wrong).await.refused_field("tz", "+02:00");
}

#[tokio::test]
async fn what_was_deleted_is_for_admins_and_has_no_text() {
    let cast = Cast::assemble().await;
    say(&cast.member, cast.room, "a secret").await;
    cast.member.delete(&cast.message(3)).await.is(204);
    let found = search(&cast.admin, &[("q", "is:deleted")]).await;
    let [hit] = &found.hits[..] else { panic!("{found:?}") };
    assert_eq!((hit.message.seq.0, &*hit.message.content), (3, ""));
    assert!(texts(&cast.admin, "is:deleted secret").await.is_empty());
    assert!(texts(&cast.admin, "secret").await.is_empty());
    assert_eq!(texts(&cast.admin, "-is:deleted").await, ["second", "first"]);
    let asked = address(paths::SEARCH, &[("q", "is:deleted")]);
    cast.member.get(&asked).await.refused(Code::AdminOnly);
}
