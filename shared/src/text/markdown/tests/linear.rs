//! The time to parse depends on the length only, for texts that make other parsers slow too.
//!
//! The tests compare each text with an ordinary one of the same length. The ratio of the times of two
//! lengths would also measure the allocator, which is slower for large trees.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use super::{assert_valid, parse};
use crate::rules::CONTENT_MAX_BYTES;

/// The length of the texts in bytes. An algorithm with quadratic time would take a hundred times as long
/// as a linear one.
const LENGTH: usize = 2 * CONTENT_MAX_BYTES;
/// The maximum ratio of the time for a text to the time for [`ORDINARY`].
const RATIO_MAX: u32 = 8;
/// How often a text is parsed before its time counts, because other processes disturb.
const ATTEMPTS: usize = 12;

/// Part of an ordinary text with a lot of markup.
const ORDINARY: &str = "*a* **b** `c` [d](https://x.test) ~~e~~\n- f @g\n";

/// Parts of which a hostile text consists: what comes once before, what is repeated, what comes after.
const HOSTILE: &[(&str, &str, &str)] = &[
    ("", "*a ", ""),
    ("", "a* ", ""),
    ("", "*a _b ", ""),
    ("", "*a** ", ""),
    ("", "a**b", "c* "),
    ("", "*", "a"),
    ("", "*a_ ", ""),
    ("", "**a *b ", "***"),
    ("", "_a __b ", "c___ d* e~~"),
    ("", "~~a ||b ", ""),
    ("", "||", ""),
    ("", "|", ""),
    ("", "|| a", ""),
    ("", "[", ""),
    ("", "]", ""),
    ("", "![[", ""),
    ("", "[a](", ""),
    ("", "[a](<", ""),
    ("", "[a](https://x", ""),
    ("", "[a](https://x (", ""),
    ("", "[a](https://x '", ""),
    ("", "[a](https://x \"", ")"),
    ("", "[a](https://x.test)", ""),
    ("", "[ ", "](https://x.test)"),
    ("[", "https://x.test ", "](https://y.test)"),
    ("", "[https://a ", "](https://b.test)"),
    ("", "](https://b.test)", ""),
    ("", "[*a](https://x.test)", ""),
    ("[[[[", "a](b) ", ""),
    ("", "<", ""),
    ("", "<https://", ""),
    ("", "https://", ""),
    ("", "https://x]", ""),
    ("", "https://x\"", ""),
    ("", "https://((", ""),
    ("https://", "(", ""),
    ("", "://", ""),
    ("", "`a``", ""),
    ("`", "a``", ""),
    ("", "\\`", "`"),
    ("", "\\", ""),
    ("", ">", ""),
    ("", "> ", "a"),
    ("", "> a\n", ""),
    ("", ">\n", ""),
    ("", ">>>>>>> a\n\n", ""),
    ("", "- ", "a"),
    ("", "- a\n", ""),
    ("", "1. ", "a"),
    ("", "* \n", ""),
    ("- a\n", "\n", "b"),
    ("- - - - - -", " ", "a"),
    ("- - - - - - a\n", "            - b\n", ""),
    ("> > > > > > ```\n", "> > > > > > a\n", ""),
    ("", "```\n", ""),
    ("", "# a #", ""),
    ("", "#", ""),
    ("", "-", ""),
    ("", "- -", "a"),
    ("", "|-", "|"),
    ("", "a|b\n-|-\n", ""),
    ("|a|\n|-|\n", "|a", ""),
    ("|a|\n|-|\n", "|\n", ""),
    ("a|b|c|d|e|f|g|h\n-|-|-|-|-|-|-|-\n", "a\n", ""),
    ("", "|a\n|-\n", ""),
    ("", "a\n", ""),
    ("", "\n", ""),
    ("", "\t", "a"),
    ("", " ", "a"),
    ("", "a\\\n", ""),
    ("", "@a ", ""),
    ("", "ü*", ""),
    ("", "\0", ""),
];

fn hostile(before: &str, part: &str, after: &str, length: usize) -> String {
    format!("{before}{}{after}", part.repeat(length / part.len()))
}

/// Runs of backticks of all lengths, none of which has a partner, and then many of one length.
fn backticks(length: usize) -> String {
    let mut text = String::new();
    for run in 2.. {
        if text.len() >= length / 2 {
            break;
        }
        text.extend(std::iter::repeat_n('`', run).chain(['a']));
    }
    text + &"`a ".repeat(length / 6)
}

fn time(text: &str) -> Duration {
    let start = Instant::now();
    black_box(parse(black_box(text)));
    start.elapsed()
}

/// Whether a text takes little longer than an ordinary one, in the smallest times of some attempts.
#[track_caller]
fn assert_fast(name: &str, text: &str) {
    let ordinary = ORDINARY.repeat(LENGTH / ORDINARY.len());
    let (mut expected, mut actual) = (Duration::MAX, Duration::MAX);
    for _ in 0..ATTEMPTS {
        expected = expected.min(time(&ordinary));
        actual = actual.min(time(text));
        if actual <= RATIO_MAX * expected {
            return;
        }
    }
    panic!("{name:?}: {actual:?}, but {expected:?} for an ordinary text");
}

#[test]
fn no_hostile_text_takes_long() {
    for (before, part, after) in HOSTILE {
        assert_fast(part, &hostile(before, part, after, LENGTH));
    }
    assert_fast("backticks", &backticks(LENGTH));
}

#[test]
fn no_hostile_text_makes_a_large_or_deep_tree() {
    for (before, part, after) in HOSTILE {
        assert_valid(&parse(&hostile(before, part, after, LENGTH / 4)));
    }
}
