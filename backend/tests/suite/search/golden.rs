//! The same set on every database, each query against each text: what the engine finds is what the
//! reference does, no more and no less.

use std::collections::BTreeSet;

use shared::search::{
    parse,
    tokenizer::{Matcher, golden},
};

use super::{room, say, search, texts};
use crate::actors::Cast;

#[tokio::test]
async fn every_engine_finds_the_golden_set() {
    let cast = Cast::assemble().await;
    let room = room(&cast, "Golden").await;
    let set = || golden::FOUND.iter().chain(golden::NOT_FOUND);
    let said: BTreeSet<&str> =
        set().map(|(_, text)| text.trim()).filter(|text| !text.is_empty()).collect();
    for text in &said {
        say(&cast.admin, room, text).await;
    }
    let queries: BTreeSet<&str> = set().map(|(query, _)| *query).collect();
    for query in queries {
        // Filters are other tests' matter; here they would only refer to nobody.
        if query.is_empty() || query.contains("from:") {
            continue;
        }
        let asked = format!("{query} in:Golden");
        let found: BTreeSet<String> = texts(&cast.admin, &asked).await.into_iter().collect();
        let sought = Matcher::new(&parse(query).unwrap());
        let expected = said.iter().filter(|text| sought.is_match(text));
        let expected: BTreeSet<String> = expected.map(|text| (*text).to_owned()).collect();
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn what_was_looked_for_is_marked() {
    let cast = Cast::assemble().await;
    let text = "Der Fräser: fräst er PLT-3699?";
    say(&cast.member, cast.room, text).await;
    let found = search(&cast.admin, &[("q", "fras plt-3699")]).await;
    let [hit] = &found.hits[..] else { panic!("{found:?}") };
    let marked: Vec<_> = hit.ranges.iter().map(|range| &text[range.clone()]).collect();
    assert_eq!(marked, ["Fräser", "fräst", "PLT-3699"]);
    assert_eq!(hit.ranges, Matcher::new(&parse("fras plt-3699").unwrap()).ranges(text));
}

#[tokio::test]
async fn very_long_searches_are_answered() {
    let cast = Cast::assemble().await;
    let words: Vec<_> = (0..1_500).map(|nth| format!("w{nth}x")).collect();
    let text = words.join(" ");
    say(&cast.admin, cast.room, &text).await;
    say(&cast.admin, cast.room, &text.replace("w1400x", "other")).await;
    let one = std::slice::from_ref(&text);
    assert_eq!(texts(&cast.admin, &text).await, one, "every word counts");
    assert_eq!(texts(&cast.admin, &format!("\"{text}\"")).await, one);
    let middle = &text[200..9_000];
    assert_eq!(texts(&cast.admin, &format!("~\"{middle}\"")).await.len(), 1);
    assert_eq!(texts(&cast.admin, &words[..1_000].join(" OR ")).await.len(), 2);
    let without = format!("w7x -{}", words[1_000..1_450].join(" -"));
    assert_eq!(texts(&cast.admin, &without).await, [] as [&str; 0]);
    let run = "x".repeat(10_000);
    assert_eq!(texts(&cast.admin, &run).await, [] as [&str; 0]);
    assert_eq!(texts(&cast.admin, &format!("~{}", &run[1..])).await, [] as [&str; 0]);
}

#[tokio::test]
async fn the_best_comes_first_when_asked_for() {
    let cast = Cast::assemble().await;
    let long = format!("somewhere a disk {}", "among many other things ".repeat(10));
    for text in ["disk: the disk is full", &long, "disks are cheap"] {
        say(&cast.member, cast.room, text).await;
    }
    let best = texts(&cast.admin, "disk sort:relevance").await;
    assert_eq!(best[0], "disk: the disk is full");
    assert_eq!(best.len(), 3);
    assert_eq!(texts(&cast.admin, "disk").await[0], "disks are cheap");
}
