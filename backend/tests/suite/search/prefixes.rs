//! Prefix expansion: a word finds all words that begin with it, including words that are new in the
//! index.

use serde_json::json;
use shared::{
    ids::RoomId,
    search::{parse, tokenizer::Matcher},
};

use super::{room, search, texts};
use crate::fixture::Fixture;

/// The texts have one prefix with many words, one with few rare words, and one with common words.
fn posted() -> Vec<String> {
    let mut posted: Vec<String> = ('a'..='z').map(|c| format!("host{c} number {c}")).collect();
    posted.extend(["tape", "tapes of old", "my taped tape", "tapestry"].map(str::to_owned));
    for word in ["deploy", "deploys", "deployed", "to deployment", "getDeployKey"] {
        posted.push(format!("{word} {}", ["again deploy"; 300].join(" ")));
        posted.push(format!("all {word}"));
    }
    posted
}

/// Checks that each query finds exactly the posted texts that the reference matcher accepts.
async fn check_found(fixture: &Fixture, room: RoomId, posted: &[String], queries: &[&str]) {
    for q in queries {
        let matcher = Matcher::new(&parse(q).unwrap());
        let shorten = |text: &String| text.chars().take(30).collect::<String>();
        let expected = posted.iter().rev().filter(|text| matcher.is_match(text));
        let expected: Vec<_> = expected.map(shorten).collect();
        let found = texts(&fixture.admin, &format!("{q} in:#{room}")).await;
        assert_eq!(found.iter().map(shorten).collect::<Vec<_>>(), expected, "{q}");
    }
}

const QUERIES: &[&str] = &[
    "host",
    "hostc",
    "host*",
    "\"hosta\"",
    "tape",
    "tapes",
    "deploy",
    "deployed",
    "deployk",
    "to-deploy",
    "all.deploy",
    "all -deployed",
    "deploy -again",
    "deploy all number OR to",
    "deploy all again OR host OR tape",
    "deploy deploye deployed deploym all OR to",
];

#[tokio::test]
async fn a_prefix_finds_every_word_that_begins_with_it() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, "Words").await;
    let mut posted = posted();
    for text in &posted {
        fixture.admin.post_message(room, text).await;
    }
    check_found(&fixture, room, &posted, QUERIES).await;
    // A new word with that prefix.
    posted.push("all deployable".into());
    let new = fixture.member.post_message(room, "all deployable").await;
    check_found(&fixture, room, &posted, QUERIES).await;
    let path = shared::paths::fill(shared::paths::MESSAGE, &[&room, &new.seq]);
    fixture.member.patch(&path, json!({"content": "all deployers"})).await.expect_status(200);
    posted.pop();
    posted.push("all deployers".into());
    check_found(&fixture, room, &posted, QUERIES).await;
    check_found(&fixture, room, &posted, &["deploya", "deployer"]).await;
    fixture.member.delete(&path).await.expect_status(204);
    posted.pop();
    check_found(&fixture, room, &posted, QUERIES).await;
    check_found(&fixture, room, &posted, &["deployer"]).await;
}

#[tokio::test]
async fn paging_a_prefix_search_loses_no_hit() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, "Words").await;
    let mut expected = Vec::new();
    for text in &posted() {
        let message = fixture.admin.post_message(room, text).await;
        expected.extend(text.contains("ploy").then_some(message.seq));
    }
    for step in ["1", "3", "200"] {
        let mut older = Vec::new();
        let mut anchor = Some("newest".to_owned());
        while let Some(at) = anchor {
            let page = [("q", "deploy"), ("anchor", &at), ("before", step)];
            let page = search(&fixture.admin, &page).await;
            older.extend(page.hits.iter().map(|hit| hit.message.seq));
            anchor = page.older.map(|older| older.to_string());
        }
        older.reverse();
        assert_eq!(older, expected, "{step}");
        let mut newer = Vec::new();
        let mut anchor = Some("oldest".to_owned());
        while let Some(at) = anchor {
            let page = [("q", "deploy sort:old"), ("anchor", &at), ("after", step)];
            let page = search(&fixture.admin, &page).await;
            newer.extend(page.hits.iter().map(|hit| hit.message.seq));
            anchor = page.newer.map(|newer| newer.to_string());
        }
        assert_eq!(newer, expected, "{step}");
    }
}
