//! What a query finds, without any engine: the measure for those, and the marks in what they find.

use std::ops::Range;

use super::{
    QueryToken, Wanted, cut,
    folding::{self, Folded},
    wanted,
};
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
    folded: Vec<Folded>,
    /// Of folded characters.
    words: Vec<Range<usize>>,
    parts: Vec<Range<usize>>,
}

impl Cut {
    fn new(text: &str) -> Self {
        let folded = folding::fold_chars(text);
        let pieces = cut::cut(&folded);
        let parts = pieces.iter().flat_map(|piece| cut::parts(&folded, piece)).collect();
        let words = pieces.into_iter().map(|piece| piece.chars).collect();
        Self { folded, words, parts }
    }

    fn chars(&self, token: &Range<usize>) -> &[Folded] {
        &self.folded[token.clone()]
    }

    /// The bytes of the text that folded characters stand for.
    fn bytes(&self, token: &Range<usize>) -> Range<usize> {
        folding::range(self.chars(token))
    }

    fn find(&self, wanted: &Wanted) -> Vec<Range<usize>> {
        match wanted {
            Wanted::Nothing => Vec::new(),
            Wanted::Substring(text) => self.find_substring(text),
            Wanted::Tokens { tokens, in_parts } => {
                let mut found = self.find_tokens(tokens);
                if *in_parts {
                    let parts = self.parts.iter().filter(|part| tokens[0].fits(self.chars(part)));
                    found.extend(parts.map(|part| self.bytes(part)));
                }
                found
            }
        }
    }

    fn find_tokens(&self, tokens: &[QueryToken]) -> Vec<Range<usize>> {
        let runs = self.words.windows(tokens.len()).enumerate();
        let fits = |run: &[Range<usize>]| {
            tokens.iter().zip(run).all(|(token, word)| token.fits(self.chars(word)))
        };
        runs.filter(|(_, run)| fits(run))
            .map(|(at, run)| {
                let last = tokens.len() - 1;
                self.bytes(&run[0]).start..self.end(at + last, &tokens[last])
            })
            .collect()
    }

    /// Of two characters without a blank between them only the first may be meant.
    fn end(&self, at: usize, token: &QueryToken) -> usize {
        let word = &self.words[at];
        let is_half = token.is_prefix
            && token.text.starts_with(cut::is_dense)
            && token.text.chars().count() < word.len();
        let bytes = self.bytes(word);
        // Both may stand for one character of the text (㌔ is キロ).
        let next = self.words.get(at + 1).filter(|_| is_half).map(|next| self.bytes(next));
        next.filter(|next| next.start > bytes.start).map_or(bytes.end, |next| next.start)
    }

    fn find_substring(&self, text: &str) -> Vec<Range<usize>> {
        let mut folded = String::with_capacity(self.folded.len());
        // Where each folded character begins.
        let mut starts = Vec::with_capacity(self.folded.len());
        for char in &self.folded {
            starts.push(folded.len());
            folded.push(char.c);
        }
        let origin = |byte: usize| {
            let at = starts.partition_point(|start| *start <= byte) - 1;
            self.folded[at].at.clone()
        };
        let found = folded.match_indices(text);
        found.map(|(at, _)| origin(at).start..origin(at + text.len() - 1).end).collect()
    }
}

impl QueryToken {
    fn fits(&self, token: &[Folded]) -> bool {
        let mut rest = token.iter();
        let begins = self.text.chars().all(|c| rest.next().is_some_and(|folded| folded.c == c));
        begins && (self.is_prefix || rest.next().is_none())
    }
}
