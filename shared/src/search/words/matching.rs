//! What a query finds, without any engine: the measure for those, and the marks in what they find.

use std::ops::Range;

use super::{QueryToken, Token, Wanted, cut, folding, index_tokens, wanted};
use crate::search::{Query, Text};

/// Whether a text has everything that the texts of a query ask for. Its filters are not looked at.
pub fn is_match(text: &str, query: &Query) -> bool {
    let text = Cut::new(text);
    let holds = |any_of: &[Text]| {
        let mut wanted = any_of.iter().map(wanted).filter(|w| *w != Wanted::Nothing).peekable();
        wanted.peek().is_none() || wanted.any(|wanted| !text.find(&wanted).is_empty())
    };
    query.all_of.iter().all(|any_of| holds(&any_of.0))
        && query.none_of.iter().all(|none| text.find(&wanted(none)).is_empty())
}

/// The bytes of a text that the positive texts of a query find, whether or not the whole query
/// matches: sorted, half-open, on character boundaries, with something between each two. A token
/// that is found by its beginning is marked whole.
///
/// ```
/// use shared::search::{parse, words::matches};
///
/// assert_eq!(matches("The hostname of 病院", &parse("host OR 院")?), [4..12, 19..22]);
/// # Ok::<(), shared::search::Mistake>(())
/// ```
pub fn matches(text: &str, query: &Query) -> Vec<Range<usize>> {
    let text = Cut::new(text);
    let texts = query.all_of.iter().flat_map(|any_of| &any_of.0);
    let mut found: Vec<_> = texts.flat_map(|wanted_text| text.find(&wanted(wanted_text))).collect();
    found.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// How well a text answers the positive texts of a query, from 0 on: BM25 (Robertson and Zaragoza,
/// The Probabilistic Relevance Framework, 2009) with k1 = 1.2 and b = 0.75, where what is rare in
/// general counts no more than what is common: all that is compared has all that was asked for.
/// What is found as a whole word, and not as the beginning of one, counts twice.
pub fn relevance(text: &str, query: &Query) -> f32 {
    /// Words of a message as most are.
    const USUAL: f32 = 25.0;
    const K1: f32 = 1.2;
    const B: f32 = 0.75;
    let cut = Cut::new(text);
    let length = 1.0 - B + B * cut.words.len() as f32 / USUAL;
    let texts = query.all_of.iter().flat_map(|any_of| &any_of.0);
    let score = |asked: &Text| {
        let found = cut.find(&wanted(asked));
        let folded = super::fold(asked.as_str());
        let is_whole = |range: &&Range<usize>| super::fold(&text[(*range).clone()]) == folded;
        let whole = found.iter().filter(is_whole).count();
        let count = (found.len() + whole) as f32;
        count * (K1 + 1.0) / (count + K1 * length)
    };
    texts.map(score).sum()
}

/// A text, cut once for all that is looked for in it.
struct Cut {
    words: Vec<Token>,
    parts: Vec<Token>,
    folded: String,
    /// Where each folded character begins in `folded`, and what it stands for in the text.
    origin: Vec<(usize, Range<usize>)>,
}

impl Cut {
    fn new(text: &str) -> Self {
        let (parts, words) = index_tokens(text).into_iter().partition(|token| token.is_part);
        let mut folded = String::with_capacity(text.len());
        let mut origin = Vec::with_capacity(text.len());
        for char in folding::fold_chars(text) {
            origin.push((folded.len(), char.at));
            folded.push(char.c);
        }
        Self { words, parts, folded, origin }
    }

    fn find(&self, wanted: &Wanted) -> Vec<Range<usize>> {
        match wanted {
            Wanted::Nothing => Vec::new(),
            Wanted::Substring(text) => self.find_substring(text),
            Wanted::Tokens { tokens, in_parts } => {
                let mut found = self.find_tokens(tokens);
                if *in_parts {
                    let parts = self.parts.iter().filter(|part| tokens[0].fits(part));
                    found.extend(parts.map(|part| part.range.clone()));
                }
                found
            }
        }
    }

    fn find_tokens(&self, tokens: &[QueryToken]) -> Vec<Range<usize>> {
        let runs = self.words.windows(tokens.len()).enumerate();
        runs.filter(|(_, run)| tokens.iter().zip(*run).all(|(token, word)| token.fits(word)))
            .map(|(at, run)| {
                run[0].range.start..self.end(at + tokens.len() - 1, &tokens[tokens.len() - 1])
            })
            .collect()
    }

    /// Of two characters without a blank between them only the first may be meant.
    fn end(&self, at: usize, token: &QueryToken) -> usize {
        let word = &self.words[at];
        let is_half =
            token.is_prefix && token.text.starts_with(cut::is_dense) && word.text != token.text;
        // Both may stand for one character of the text (㌔ is キロ).
        let next =
            self.words.get(at + 1).filter(|next| is_half && next.range.start > word.range.start);
        next.map_or(word.range.end, |next| next.range.start)
    }

    fn find_substring(&self, text: &str) -> Vec<Range<usize>> {
        let origin = |byte: usize| {
            let at = self.origin.partition_point(|(start, _)| *start <= byte) - 1;
            self.origin[at].1.clone()
        };
        let found = self.folded.match_indices(text);
        found.map(|(at, _)| origin(at).start..origin(at + text.len() - 1).end).collect()
    }
}

impl QueryToken {
    fn fits(&self, token: &Token) -> bool {
        if self.is_prefix { token.text.starts_with(&self.text) } else { token.text == self.text }
    }
}
