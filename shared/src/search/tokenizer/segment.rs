//! Splits folded characters into segments, and words into subwords.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::{encode, fold::FoldedChar};
use crate::{search::chars::is_sign, unicode::is_unspaced};

/// The maximum length of an encoded word without its prefix, because MariaDB does not index words of
/// more than 84 characters.
const MAX_ENCODED_CHARS: usize = 80;
/// The maximum number of humps of a word that has subwords. A word with more is a key or base64
/// data, not a name, and its subwords would bloat the index.
const MAX_HUMPS: usize = 12;

/// A token as a range of folded characters.
#[derive(Debug, PartialEq)]
pub(super) struct Segment {
    pub chars: Range<usize>,
    pub kind: SegmentKind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SegmentKind {
    /// A word of a script with blanks, or a sign.
    Word,
    /// Two characters of a script without blanks.
    Bigram,
    /// The last character of a run of a script without blanks.
    LastChar,
}

pub(super) fn segment(folded: &[FoldedChar]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut at = 0;
    while let Some(c) = folded.get(at).map(|folded| folded.c) {
        let run = |is: fn(char) -> bool| {
            at + folded[at..].iter().take_while(|folded| is(folded.c)).count()
        };
        at = if is_unspaced(c) && is_letter(c) {
            push_bigrams(at..run(|c| is_unspaced(c) && is_letter(c)), &mut segments)
        } else if c.is_alphanumeric() {
            push_words(folded, at..run(|c| !is_unspaced(c) && is_letter(c)), &mut segments)
        } else if is_regional_indicator(c)
            && folded.get(at + 1).is_some_and(|next| is_regional_indicator(next.c))
        {
            segments.push(Segment { chars: at..at + 2, kind: SegmentKind::Word });
            at + 2
        } else {
            if is_sign(c) {
                segments.push(Segment { chars: at..at + 1, kind: SegmentKind::Word });
            }
            at + 1
        };
    }
    segments
}

/// Pushes the bigrams of a run, and its last character. Returns the end of the run.
fn push_bigrams(run: Range<usize>, segments: &mut Vec<Segment>) -> usize {
    for at in run.start..run.end - 1 {
        segments.push(Segment { chars: at..at + 2, kind: SegmentKind::Bigram });
    }
    segments.push(Segment { chars: run.end - 1..run.end, kind: SegmentKind::LastChar });
    run.end
}

/// Pushes the word of a run with its signs; a word that is too long becomes several. Returns its end.
fn push_words(folded: &[FoldedChar], run: Range<usize>, segments: &mut Vec<Segment>) -> usize {
    let end = run.end + suffix_length(&folded[run.start..], run.len());
    let mut start = run.start;
    let mut length = 0;
    for (at, folded) in (start..end).zip(&folded[start..end]) {
        length += encode::length(folded.c);
        if length > MAX_ENCODED_CHARS {
            segments.push(Segment { chars: start..at, kind: SegmentKind::Word });
            start = at;
            length = encode::length(folded.c);
        }
    }
    segments.push(Segment { chars: start..end, kind: SegmentKind::Word });
    end
}

/// The number of signs after a word of `length` characters that belong to the word: `C#`, `C++`,
/// `g++`.
fn suffix_length(word: &[FoldedChar], length: usize) -> usize {
    let is_suffix = |sign: &str| {
        word[length..]
            .iter()
            .map(|folded| folded.c)
            .zip(sign.chars())
            .filter(|(a, b)| a == b)
            .count()
            == sign.len()
    };
    let is_latin = word[..length].iter().all(|folded| folded.c.is_ascii_alphabetic());
    match length {
        1 if is_latin && is_suffix("#") => 1,
        1 | 2 if is_latin && is_suffix("++") => 2,
        _ => 0,
    }
}

/// The subwords of a camel-case word: its humps, and the suffixes of the word that start at an
/// inner hump.
pub(super) fn subwords(folded: &[FoldedChar], segment: &Segment) -> Vec<Range<usize>> {
    let Range { start, end } = segment.chars;
    let mut humps = vec![start];
    humps.extend((start + 1..end).filter(|&at| starts_hump(&folded[start..end], at - start)));
    if humps.len() < 2 || humps.len() > MAX_HUMPS {
        return Vec::new();
    }
    let ends = humps.iter().skip(1).copied().chain([end]);
    let mut subwords: Vec<_> = humps.iter().copied().zip(ends).map(|(from, to)| from..to).collect();
    subwords.extend(humps[1..humps.len() - 1].iter().map(|&from| from..end));
    subwords
}

/// Whether a hump starts at `at`: `n|N`, and `N|Na` at the end of an abbreviation.
fn starts_hump(word: &[FoldedChar], at: usize) -> bool {
    let is_lower = |folded: &FoldedChar| !folded.is_upper && folded.c.is_alphabetic();
    word[at].is_upper
        // A capital can fold to two letters, which belong to the same hump.
        && word[at].source != word[at - 1].source
        && (!word[at - 1].is_upper || word.get(at + 1).is_some_and(is_lower))
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

fn is_regional_indicator(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}
