//! The time to parse is linear in the length, for texts that make other parsers slow too.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use super::parse;

/// The lengths in bytes to compare. The longest message has 16 KiB.
const SHORT: usize = 4 * 1_024;
const LONG: usize = 8 * SHORT;
/// The maximum ratio of the times. It is 8 if the time is linear, and 64 if it is quadratic.
const RATIO_MAX: f64 = 20.0;
/// How often a ratio is measured before it counts, because other processes disturb.
const ATTEMPTS: usize = 12;

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

/// The smallest times of several attempts are those that nothing disturbed.
fn assert_linear(name: &str, text_of: impl Fn(usize) -> String) {
    let (short, long) = (text_of(SHORT), text_of(LONG));
    let (mut short_time, mut long_time) = (Duration::MAX, Duration::MAX);
    for attempt in 0..ATTEMPTS {
        short_time = short_time.min(time(&short));
        long_time = long_time.min(time(&long));
        if attempt > 0 && long_time.as_secs_f64() <= RATIO_MAX * short_time.as_secs_f64() {
            return;
        }
    }
    panic!("{name:?}: {short_time:?} for {SHORT} bytes, {long_time:?} for {LONG} bytes");
}

#[test]
fn the_time_is_linear() {
    for (before, part, after) in HOSTILE {
        assert_linear(part, |length| hostile(before, part, after, length));
    }
    assert_linear("backticks", backticks);
}

#[test]
fn no_hostile_text_makes_a_large_or_deep_tree() {
    for (before, part, after) in HOSTILE {
        super::assert_valid(&parse(&hostile(before, part, after, SHORT)));
    }
}
