//! Rows about finding what was said.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{
    Args, Row,
    rest::{CONNECTIONS, MUCH, seed},
    short,
};
use crate::load::{
    ground::{Ground, resources::Cores},
    questions::{HITS, Question},
    reads::Reading,
    talk::Prose,
};

/// Searches each second in a million messages, for words that many of them have.
const COMMON_LEAST: f64 = 1_500.0;
/// The same for words that few have.
const RARE_LEAST: f64 = 3_000.0;
/// What 95 of 100 searches may take, in milliseconds.
const SEARCH_MOST_MS: f64 = 50.0;

/// Searches in a room of a million messages.
pub(super) fn rows(args: &Args, cores: Cores) -> Result<Vec<Row>> {
    let ground = Ground::hallway(&args.own, cores, 1)?;
    let room = ground.stage.rooms[0];
    let began = Instant::now();
    let (ground, indexed) = ground.restarted(|data| seed(data, room, MUCH))?;
    let seeded = began.elapsed();
    let prose = Prose::new();
    let all = |ranks: Range<usize>| ranks.map(|rank| prose.word(rank).to_owned()).collect();
    // Words that are in a message of twenty, and words that are in one of some ten thousand.
    let (common, rare): (Vec<_>, Vec<_>) = (all(22..48), all(8_000..25_000));
    let phrases = (0..1_000).filter_map(|nth| {
        let text = prose.text(nth * 997);
        let words: Vec<_> = text.split(' ').skip(2).take(2).collect();
        (words.len() == 2).then(|| format!("\"{}\"", words.join(" ")))
    });
    let filtered = (22..48).map(|rank| format!("{} has:link after:2025-06", prose.word(rank)));
    let kinds = [
        ("a common word", Question::Search(common, HITS), Some(COMMON_LEAST)),
        ("a rare word", Question::Search(rare, 1), Some(RARE_LEAST)),
        ("a phrase", Question::Search(phrases.collect(), 1), None),
        ("a word with filters", Question::Search(filtered.collect(), 1), None),
    ];
    let mut rows = vec![Row {
        what: "to make a room of a million messages, and index it".into(),
        asked: "minutes".into(),
        measured: format!("{} s ({} s of them the index)", seeded.as_secs(), indexed.as_secs()),
        holds: seeded < Duration::from_secs(300),
        command: "rig bench search".into(),
    }];
    for (what, question, least) in kinds {
        let reading = |connections| Reading {
            connections,
            warm_up: Duration::from_secs(1),
            measured: Duration::from_secs(args.seconds),
        };
        let alone = reading(1).run(&ground, 0, question.clone())?;
        let (p50, p99) = (alone.latency.p50_ms, alone.latency.p99_ms);
        rows.push(Row {
            what: format!("search for {what}, alone: p99"),
            asked: format!("p95 at most {SEARCH_MOST_MS} ms"),
            measured: format!("{p99:.1} ms (p50 {p50:.1})"),
            holds: p99 <= SEARCH_MOST_MS,
            command: "rig bench search".into(),
        });
        let per_s = reading(CONNECTIONS).run(&ground, 0, question)?.per_s;
        let asked = least.map_or_else(String::new, |least| format!("{}/s", short(least)));
        rows.push(Row {
            what: format!("searches for {what}"),
            asked,
            measured: format!("{}/s", short(per_s)),
            holds: least.is_none_or(|least| per_s >= least),
            command: "rig bench search".into(),
        });
    }
    Ok(rows)
}
