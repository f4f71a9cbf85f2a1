//! Pairs of delimiters: bold, italic, strike, spoiler (CommonMark 6.2).
//!
//! The matcher reads the runs from left to right. It keeps a stack of the runs that can open, and
//! searches it from the top for each run that can close. After a search without success it remembers
//! how far it looked (`openers_bottom` in CommonMark), and the next search stops there. So all searches
//! together take linear time.

use std::ops::Range;

use super::{Token, TokenKind};
use crate::unicode::{self, is_unspaced};

/// The number of values of [`Run::key`].
const KEYS: usize = 4 * 2 * 3;

/// A run of delimiters, which can close several inlines and then open others.
pub(super) struct Run {
    pub byte: u8,
    length: usize,
    can_open: bool,
    can_close: bool,
    /// The delimiters that belong to no inline.
    pub literal: usize,
    /// The lengths of the delimiters that close inlines, from left to right.
    pub closes: Vec<u8>,
    /// The lengths of the delimiters that open inlines, from right to left.
    pub opens: Vec<u8>,
}

impl Run {
    /// The run at the range of a text, unless it can neither open nor close.
    pub fn new(text: &str, range: Range<usize>) -> Option<Self> {
        let (byte, length) = (text.as_bytes()[range.start], range.len());
        let before = text[..range.start].chars().next_back().unwrap_or(' ');
        let after = text[range.end..].chars().next().unwrap_or(' ');
        let [is_sign_before, is_sign_after] = [before, after].map(is_punctuation);
        // Scripts without blanks need none beside punctuation: **「太字」**です is bold.
        let is_edge = |c: char, is_sign: bool| c.is_whitespace() || is_sign || is_unspaced(c);
        let opens = !after.is_whitespace() && (!is_sign_after || is_edge(before, is_sign_before));
        let closes = !before.is_whitespace() && (!is_sign_before || is_edge(after, is_sign_after));
        let (can_open, can_close) = match byte {
            b'_' => (opens && (!closes || is_sign_before), closes && (!opens || is_sign_after)),
            b'*' => (opens, closes),
            _ => (opens && length == 2, closes && length == 2),
        };
        let (closes, opens) = (Vec::new(), Vec::new());
        let run = Self { byte, length, can_open, can_close, literal: length, closes, opens };
        (can_open || can_close).then_some(run)
    }

    /// A number that runs share if the same openers suit them.
    fn key(&self) -> usize {
        let byte = b"*_~|".iter().position(|byte| *byte == self.byte).unwrap_or_default();
        (byte * 2 + usize::from(self.can_open)) * 3 + self.length % 3
    }

    /// Whether the run can close an inline that `opener` opens (rules 9 and 10).
    fn can_close(&self, opener: &Self) -> bool {
        let is_ambiguous = self.can_open || opener.can_close;
        opener.byte == self.byte
            && (!is_ambiguous
                || !(self.length + opener.length).is_multiple_of(3)
                || self.length.is_multiple_of(3))
    }
}

/// Whether `c` is punctuation. CommonMark counts symbols outside of ASCII too. They do not count here,
/// because nobody puts blanks around an emoji: **🎉**yes.
fn is_punctuation(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_punctuation() } else { unicode::is_punctuation(c) }
}

/// Finds the pairs. They nest, and none has one delimiter in a link and the other outside of it.
pub(super) fn match_runs(tokens: &mut [Token]) {
    let mut matcher = Matcher { openers: Vec::new(), bottoms: [0; KEYS] };
    let mut outside = (0, matcher.bottoms);
    for at in 0..tokens.len() {
        match &tokens[at].kind {
            TokenKind::Run(_) => matcher.add_run(tokens, at),
            TokenKind::OpenBracket(Some(_)) => {
                outside = (matcher.openers.len(), matcher.bottoms);
                matcher.bottoms = [at; KEYS];
            }
            TokenKind::CloseLink => {
                matcher.openers.truncate(outside.0);
                matcher.bottoms = outside.1;
            }
            _ => {}
        }
    }
}

struct Matcher {
    /// The tokens of the runs that can open.
    openers: Vec<usize>,
    /// For each key the first token that a search has to look at.
    bottoms: [usize; KEYS],
}

impl Matcher {
    fn add_run(&mut self, tokens: &mut [Token], at: usize) {
        let (before, rest) = tokens.split_at_mut(at);
        let TokenKind::Run(run) = &mut rest[0].kind else { return };
        while run.can_close && run.literal > 0 {
            let bottom = self.bottoms[run.key()];
            let reachable = self.openers.iter().enumerate().rev();
            let mut reachable = reachable.take_while(|(_, token)| **token >= bottom);
            let opener = reachable.find_map(|(depth, &token)| match &before[token].kind {
                TokenKind::Run(opener) => run.can_close(opener).then_some((depth, token)),
                _ => None,
            });
            let Some((depth, opener)) = opener else {
                self.bottoms[run.key()] = at;
                break;
            };
            let TokenKind::Run(opener) = &mut before[opener].kind else { return };
            let length = run.literal.min(opener.literal).min(2);
            run.closes.push(length as u8);
            opener.opens.push(length as u8);
            run.literal -= length;
            opener.literal -= length;
            // Openers in between stay literal, because pairs nest.
            self.openers.truncate(depth + usize::from(opener.literal > 0));
        }
        if run.can_open && run.literal > 0 {
            self.openers.push(at);
        }
    }
}
