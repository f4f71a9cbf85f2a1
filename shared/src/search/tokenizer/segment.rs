//! Folded characters cut into words, and words into parts.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::{encode, fold::Folded};
use crate::search::chars::is_emoji;

/// An encoded word at most, without its prefix: MariaDB indexes nothing longer than 84 characters.
const LENGTH_MAX: usize = 80;
/// What has more of them is no name (a key, a file in base 64), and its parts would fill the index.
const HUMPS_MAX: usize = 12;

/// A word among folded characters.
#[derive(Debug, PartialEq)]
pub(super) struct Piece {
    pub chars: Range<usize>,
    pub script: Script,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Script {
    /// With blanks between words. Emoji too.
    Spaced,
    /// Two characters of a run without blanks.
    Pair,
    /// The last character of such a run.
    End,
}

pub(super) fn cut(folded: &[Folded]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(c) = folded.get(at).map(|folded| folded.c) {
        let run = |is: fn(char) -> bool| {
            at + folded[at..].iter().take_while(|folded| is(folded.c)).count()
        };
        at = if is_dense(c) && is_letter(c) {
            dense(at..run(|c| is_dense(c) && is_letter(c)), &mut pieces)
        } else if c.is_alphanumeric() {
            spaced(folded, at..run(|c| !is_dense(c) && is_letter(c)), &mut pieces)
        } else if is_regional(c) && folded.get(at + 1).is_some_and(|next| is_regional(next.c)) {
            pieces.push(Piece { chars: at..at + 2, script: Script::Spaced });
            at + 2
        } else {
            if is_emoji(c) {
                pieces.push(Piece { chars: at..at + 1, script: Script::Spaced });
            }
            at + 1
        };
    }
    pieces
}

fn dense(run: Range<usize>, pieces: &mut Vec<Piece>) -> usize {
    for at in run.start..run.end - 1 {
        pieces.push(Piece { chars: at..at + 2, script: Script::Pair });
    }
    pieces.push(Piece { chars: run.end - 1..run.end, script: Script::End });
    run.end
}

fn spaced(folded: &[Folded], run: Range<usize>, pieces: &mut Vec<Piece>) -> usize {
    let end = run.end + sign(&folded[run.start..], run.len());
    let mut start = run.start;
    let mut length = 0;
    for (at, folded) in (start..end).zip(&folded[start..end]) {
        length += encode::length(folded.c);
        if length > LENGTH_MAX {
            pieces.push(Piece { chars: start..at, script: Script::Spaced });
            start = at;
            length = encode::length(folded.c);
        }
    }
    pieces.push(Piece { chars: start..end, script: Script::Spaced });
    end
}

/// How many characters behind a word of `length` belong to it: C#, C++, g++.
fn sign(word: &[Folded], length: usize) -> usize {
    let is_sign = |sign: &str| {
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
        1 if is_latin && is_sign("#") => 1,
        1 | 2 if is_latin && is_sign("++") => 2,
        _ => 0,
    }
}

/// The humps of a word in camel case, and from each hump but the first to the end.
pub(super) fn parts(folded: &[Folded], piece: &Piece) -> Vec<Range<usize>> {
    let Range { start, end } = piece.chars;
    let mut humps = vec![start];
    humps.extend((start + 1..end).filter(|&at| begins_hump(&folded[start..end], at - start)));
    if humps.len() < 2 || humps.len() > HUMPS_MAX {
        return Vec::new();
    }
    let ends = humps.iter().skip(1).copied().chain([end]);
    let mut parts: Vec<_> = humps.iter().copied().zip(ends).map(|(from, to)| from..to).collect();
    parts.extend(humps[1..humps.len() - 1].iter().map(|&from| from..end));
    parts
}

/// `n|N` and, at the end of an abbreviation, `N|Na`.
fn begins_hump(word: &[Folded], at: usize) -> bool {
    let is_small = |folded: &Folded| !folded.is_upper && folded.c.is_alphabetic();
    word[at].is_upper
        // A capital that became two letters is still one.
        && word[at].at != word[at - 1].at
        && (!word[at - 1].is_upper || word.get(at + 1).is_some_and(is_small))
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

fn is_regional(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// The scripts that are written without blanks between words.
pub(super) fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{e01}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{312f}'
        | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}' | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}')
}
