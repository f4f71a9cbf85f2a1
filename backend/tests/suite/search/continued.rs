//! A word finds what begins with it, however much there is, and as soon as it is said.

use serde_json::json;
use shared::{
    ids::RoomId,
    search::{parse, tokenizer::Matcher},
};

use super::{room, say, search, texts};
use crate::actors::Cast;

/// Many continuations of one word, few and rare ones of another, and common ones of a third.
fn said() -> Vec<String> {
    let mut said: Vec<String> = ('a'..='z').map(|c| format!("host{c} number {c}")).collect();
    said.extend(["tape", "tapes of old", "my taped tape", "tapestry"].map(str::to_owned));
    for word in ["deploy", "deploys", "deployed", "to deployment", "getDeployKey"] {
        said.push(format!("{word} {}", ["again deploy"; 300].join(" ")));
        said.push(format!("all {word}"));
    }
    said
}

async fn is_found(cast: &Cast, room: RoomId, said: &[String], queries: &[&str]) {
    for q in queries {
        let sought = Matcher::new(&parse(q).unwrap());
        let shorten = |text: &String| text.chars().take(30).collect::<String>();
        let expected = said.iter().rev().filter(|text| sought.is_match(text));
        let expected: Vec<_> = expected.map(shorten).collect();
        let found = texts(&cast.admin, &format!("{q} in:#{room}")).await;
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
async fn a_word_finds_everything_that_begins_with_it() {
    let cast = Cast::assemble().await;
    let room = room(&cast, "Words").await;
    let mut said = said();
    for text in &said {
        say(&cast.admin, room, text).await;
    }
    is_found(&cast, room, &said, QUERIES).await;
    // What begins so and was never said before.
    said.push("all deployable".into());
    let new = say(&cast.member, room, "all deployable").await;
    is_found(&cast, room, &said, QUERIES).await;
    let path = shared::paths::fill(shared::paths::MESSAGE, &[&room, &new.seq]);
    cast.member.patch(&path, json!({"content": "all deployers"})).await.is(200);
    said.pop();
    said.push("all deployers".into());
    is_found(&cast, room, &said, QUERIES).await;
    is_found(&cast, room, &said, &["deploya", "deployer"]).await;
    cast.member.delete(&path).await.is(204);
    said.pop();
    is_found(&cast, room, &said, QUERIES).await;
    is_found(&cast, room, &said, &["deployer"]).await;
}

#[tokio::test]
async fn nothing_is_lost_between_its_pages() {
    let cast = Cast::assemble().await;
    let room = room(&cast, "Words").await;
    let mut expected = Vec::new();
    for text in &said() {
        let message = say(&cast.admin, room, text).await;
        expected.extend(text.contains("ploy").then_some(message.seq));
    }
    for step in ["1", "3", "200"] {
        let mut older = Vec::new();
        let mut anchor = Some("newest".to_owned());
        while let Some(at) = anchor {
            let page = [("q", "deploy"), ("anchor", &at), ("before", step)];
            let page = search(&cast.admin, &page).await;
            older.extend(page.hits.iter().map(|hit| hit.message.seq));
            anchor = page.older.map(|older| older.to_string());
        }
        older.reverse();
        assert_eq!(older, expected, "{step}");
        let mut newer = Vec::new();
        let mut anchor = Some("oldest".to_owned());
        while let Some(at) = anchor {
            let page = [("q", "deploy sort:old"), ("anchor", &at), ("after", step)];
            let page = search(&cast.admin, &page).await;
            newer.extend(page.hits.iter().map(|hit| hit.message.seq));
            anchor = page.newer.map(|newer| newer.to_string());
        }
        assert_eq!(newer, expected, "{step}");
    }
}
