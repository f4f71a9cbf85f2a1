//! The golden set on each database: each query finds exactly the texts that the reference matcher
//! finds.

use std::collections::BTreeSet;

use shared::search::{
    parse,
    tokenizer::{Matcher, golden},
};

use super::{room, search, texts};
use crate::fixture::Fixture;

#[tokio::test]
async fn the_engine_finds_the_golden_set() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, "Golden").await;
    let set = || golden::FOUND.iter().chain(golden::NOT_FOUND);
    let posted: BTreeSet<&str> =
        set().map(|(_, text)| text.trim()).filter(|text| !text.is_empty()).collect();
    for text in &posted {
        fixture.admin.post_message(room, text).await;
    }
    let queries: BTreeSet<&str> = set().map(|(query, _)| *query).collect();
    for query in queries {
        // Other tests cover filters; here they would refer to unknown users.
        if query.is_empty() || query.contains("from:") {
            continue;
        }
        let room_query = format!("{query} in:Golden");
        let found: BTreeSet<String> =
            texts(&fixture.admin, &room_query).await.into_iter().collect();
        let matcher = Matcher::new(&parse(query).unwrap());
        let expected = posted.iter().filter(|text| matcher.is_match(text));
        let expected: BTreeSet<String> = expected.map(|text| (*text).to_owned()).collect();
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn hits_carry_the_ranges_of_the_matches() {
    let fixture = Fixture::start().await;
    let text = "Der Fräser: fräst er PLT-3699?";
    fixture.member.post_message(fixture.room, text).await;
    let found = search(&fixture.admin, &[("q", "fras plt-3699")]).await;
    let [hit] = &found.hits[..] else { panic!("{found:?}") };
    let marked: Vec<_> = hit.ranges.iter().map(|range| &text[range.clone()]).collect();
    assert_eq!(marked, ["Fräser", "fräst", "PLT-3699"]);
    assert_eq!(hit.ranges, Matcher::new(&parse("fras plt-3699").unwrap()).ranges(text));
}

#[tokio::test]
async fn very_long_searches_find_exact_results() {
    let fixture = Fixture::start().await;
    let words: Vec<_> = (0..600).map(|nth| format!("w{nth}x")).collect();
    let text = words.join(" ");
    fixture.admin.post_message(fixture.room, &text).await;
    fixture.admin.post_message(fixture.room, &text.replace("w550x", "other")).await;
    let one = std::slice::from_ref(&text);
    assert_eq!(texts(&fixture.admin, &text).await, one, "every word must match");
    assert_eq!(texts(&fixture.admin, &format!("\"{text}\"")).await, one);
    let middle = &text[200..3_300];
    assert_eq!(texts(&fixture.admin, &format!("~\"{middle}\"")).await.len(), 1);
    assert_eq!(texts(&fixture.admin, &words[..350].join(" OR ")).await.len(), 2);
    let without = format!("w7x -{}", words[400..560].join(" -"));
    assert_eq!(texts(&fixture.admin, &without).await, [] as [&str; 0]);
    let run = "x".repeat(4_000);
    assert_eq!(texts(&fixture.admin, &run).await, [] as [&str; 0]);
    assert_eq!(texts(&fixture.admin, &format!("~{}", &run[1..])).await, [] as [&str; 0]);
}

#[tokio::test]
async fn sorting_by_relevance_puts_the_best_hit_first() {
    let fixture = Fixture::start().await;
    let long = format!("somewhere a disk {}", "among many other things ".repeat(10));
    for text in ["disk: the disk is full", &long, "disks are cheap"] {
        fixture.member.post_message(fixture.room, text).await;
    }
    let best = texts(&fixture.admin, "disk sort:relevance").await;
    assert_eq!(best[0], "disk: the disk is full");
    assert_eq!(best.len(), 3);
    assert_eq!(texts(&fixture.admin, "disk").await[0], "disks are cheap");
}
