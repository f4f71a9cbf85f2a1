//! Finds the places where a text may mention somebody.
//!
//! Names may contain blanks and punctuation, so a text alone does not say where a name ends. After an
//! `@`, each word boundary is a possible end, and the longest name that exists is the mention.

use std::{borrow::Cow, ops::Range};

use crate::{
    rules::{self, MENTIONS_MAX, USERNAME_MAX_CHARS},
    unicode::{is_default_ignorable, is_mark, is_unspaced},
};

/// The maximum number of ends that are tried for one mention. It bounds the names to look up.
const ENDS_MAX: usize = 32;

/// An `@` that may start a mention.
pub(super) struct Candidate<'t> {
    content: &'t str,
    at: usize,
    name: usize,
    /// The byte positions at which the name may end, ascending; never empty.
    ends: Vec<usize>,
}

impl Candidate<'_> {
    /// The possible names as [`rules::name_key`], longest first, each with the range of its mention.
    pub(super) fn keys(&self) -> impl Iterator<Item = (String, Range<usize>)> {
        self.ends.iter().rev().map(|&end| {
            let name = &self.content[self.name..end];
            // A text may have a non-breaking blank where the name has an ordinary one.
            let name: Cow<'_, str> = match name.is_ascii() {
                true => name.into(),
                false => name.replace(|c: char| c.is_whitespace(), " ").into(),
            };
            (rules::name_key(&name), self.at..end)
        })
    }
}

/// The candidates outside of links; at most [`MENTIONS_MAX`].
pub(super) fn find_candidates<'t>(content: &'t str, links: &[Range<usize>]) -> Vec<Candidate<'t>> {
    let ats = content.match_indices(['@', '＠']);
    let candidates = ats.filter_map(|(at, sign)| {
        let next_link = links.partition_point(|link| link.end <= at);
        let limit = links.get(next_link).map_or(content.len(), |link| link.start);
        if limit <= at || !can_start_after(&content[..at]) {
            return None;
        }
        let name = at + sign.len();
        let ends = possible_ends(&content[name..limit.max(name)], &content[name..]);
        (!ends.is_empty()).then(|| Candidate {
            content,
            at,
            name,
            ends: ends.into_iter().map(|end| name + end).collect(),
        })
    });
    candidates.take(MENTIONS_MAX).collect()
}

/// The name at the end of a text that may not be complete: the position of its `@`, and the name. It may be
/// empty, and may end with a blank, because names may contain blanks.
pub(super) fn find_typed(before: &str) -> Option<(usize, &str)> {
    let (at, sign) = before.rmatch_indices(['@', '＠']).next()?;
    let name = &before[at + sign.len()..];
    let is_name = !name.starts_with(char::is_whitespace) && !name.contains(char::is_control);
    let is_short = name.chars().nth(USERNAME_MAX_CHARS).is_none();
    (is_name && is_short && can_start_after(&before[..at])).then_some((at, name))
}

/// Whether an `@` may start a mention after this text: not inside of an e-mail address. Scripts
/// without blanks need none before it.
fn can_start_after(before: &str) -> bool {
    let mut characters = before.chars().rev();
    let previous = characters.find(|&c| !is_ignored(c));
    previous.is_none_or(|c| !is_word(c) || is_unspaced(c))
}

/// The positions in `line` at which a name may end. `text` is `line` with what follows.
fn possible_ends(line: &str, text: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    if line.starts_with(char::is_whitespace) {
        return ends;
    }
    for (at, c) in line.char_indices().take(USERNAME_MAX_CHARS) {
        if c.is_control() || ends.len() == ENDS_MAX {
            break;
        }
        let end = at + c.len_utf8();
        if !c.is_whitespace() && !is_ignored(c) && is_boundary(c, &text[end..]) {
            ends.push(end);
        }
    }
    ends
}

/// Whether a word may end between `c` and the text after it, as in Unicode Standard Annex 29 (WB4 to
/// WB13), except that an apostrophe ends a name (`@ann's`), that `_` ends one if no word follows
/// (`_@ann_`), and that Hangul ends a word of another script (`@ann님`).
fn is_boundary(c: char, after: &str) -> bool {
    // The limit keeps a text of nothing but `_` from being read to its end for each character.
    let mut following = after.chars().take(USERNAME_MAX_CHARS).filter(|&c| !is_ignored(c));
    let Some(next) = following.next() else { return true };
    match next {
        _ if is_mark(next) => false,
        '_' => !following.find(|&c| c != '_').is_some_and(is_word),
        _ if c == '_' => !is_word(next),
        '.' | '\u{2024}' | '\u{fe52}' | '\u{ff0e}' => {
            let continues = |c: char| is_word(c) && !is_unspaced(c);
            !(continues(c) && following.next().is_some_and(continues))
        }
        _ if !is_word(c) || !is_word(next) => true,
        _ if is_hangul(c) && is_hangul(next) || is_katakana(c) && is_katakana(next) => false,
        _ => is_unspaced(c) || is_unspaced(next),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

/// Whether `c` has no effect on word boundaries (WB4).
fn is_ignored(c: char) -> bool {
    !c.is_ascii() && is_default_ignorable(c)
}

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}')
}

fn is_katakana(c: char) -> bool {
    matches!(c, '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30fe}' | '\u{31f0}'..='\u{31ff}')
}
