//! Rows about searches.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{
    Args, Row,
    resources::{CONNECTIONS, MANY_MESSAGES, read_load, seed},
};
use crate::{
    load::{
        cores::Cores,
        rest_reads::{HITS, Query},
        setup::Setup,
        text::Corpus,
    },
    stats::format_short,
};

/// How long it may take to create and index a room of a million messages.
const SEED_LIMIT: Duration = Duration::from_secs(300);
/// The ranks of words that one of 20 messages contains.
const COMMON_RANKS: Range<usize> = 22..48;
/// The ranks of words that about one of 10 000 messages contains.
const RARE_RANKS: Range<usize> = 8_000..25_000;
const COMMAND: &str = "rig bench search";

/// Searches in a room of a million messages.
pub(super) fn rows(args: &Args, cores: Cores) -> Result<Vec<Row>> {
    let mut setup = Setup::hallway(&args.source, cores, 1)?;
    let room = setup.fixture.rooms[0];
    let started = Instant::now();
    let indexed = setup.restart_with(|data| seed(data, room, MANY_MESSAGES))?;
    let seeded = started.elapsed();
    let (seconds, index_seconds) = (seeded.as_secs(), indexed.as_secs());
    let mut rows = vec![Row::new(
        "to create a room of a million messages, and index it",
        "minutes",
        format!("{seconds} s ({index_seconds} s of them the index)"),
        seeded < SEED_LIMIT,
        COMMAND,
    )];
    for (what, query, max_ms, min_per_s) in queries() {
        let alone = read_load(args, 1).run(&setup, 0, &query)?.latency;
        let (p50, p99) = (alone.p50_ms, alone.p99_ms);
        rows.push(Row::new(
            format!("search for {what}, alone: p99"),
            format!("at most {max_ms} ms"),
            format!("{p99:.1} ms (p50 {p50:.1})"),
            p99 <= max_ms,
            COMMAND,
        ));
        let per_s = read_load(args, CONNECTIONS).run(&setup, 0, &query)?.per_s;
        rows.push(Row::new(
            format!("searches for {what}"),
            format!("{}/s", format_short(min_per_s)),
            format!("{}/s", format_short(per_s)),
            per_s >= min_per_s,
            COMMAND,
        ));
    }
    Ok(rows)
}

/// The kinds of searches, the maximum of the p99 of one alone in ms, and the minimum rate of several.
fn queries() -> [(&'static str, Query, f64, f64); 4] {
    let corpus = Corpus::new();
    let words = |ranks: Range<usize>| ranks.map(|rank| corpus.word(rank).to_owned()).collect();
    let phrases = (0..1_000).filter_map(|nth| {
        let text = corpus.text(nth * 997);
        let words: Vec<_> = text.split(' ').skip(2).take(2).collect();
        (words.len() == 2).then(|| format!("\"{}\"", words.join(" ")))
    });
    let filtered = COMMON_RANKS.map(|rank| format!("{} has:link after:2025-06", corpus.word(rank)));
    [
        ("a common word", Query::Search(words(COMMON_RANKS), HITS), 2.0, 5_000.0),
        ("a rare word", Query::Search(words(RARE_RANKS), 1), 2.0, 5_000.0),
        ("a phrase", Query::Search(phrases.collect(), 1), 5.0, 1_500.0),
        ("a word with filters", Query::Search(filtered.collect(), 1), 10.0, 500.0),
    ]
}
