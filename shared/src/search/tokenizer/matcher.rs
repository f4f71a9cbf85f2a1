//! What a query finds, without any engine: the measure for those, and the marks in what they find.

use std::{cell::OnceCell, ops::Range};

use super::{
    CompiledTerm, QueryToken, compile_term,
    fold::{self, FoldedChar},
    segment,
};
use crate::search::{Query, Term};

/// What a query looks for, read once for all the texts in which it is looked for. The filters of the
/// query are no part of it.
///
/// ```
/// use shared::search::{parse, tokenizer::Matcher};
///
/// let sought = Matcher::new(&parse("host OR 院")?);
/// assert!(sought.is_match("The hostname of 病院"));
/// assert_eq!(sought.ranges("The hostname of 病院"), [4..12, 19..22]);
/// # Ok::<(), shared::search::QueryError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Matcher {
    all_of: Vec<Vec<PositiveTerm>>,
    none_of: Vec<CompiledTerm>,
}

/// A text of which one must be there.
#[derive(Clone, Debug)]
struct PositiveTerm {
    term: CompiledTerm,
    folded: String,
}

impl Matcher {
    /// What the texts of a query ask for.
    pub fn new(query: &Query) -> Self {
        let positive = |text: &Term| PositiveTerm {
            term: compile_term(text),
            folded: super::fold(text.as_str()),
        };
        let is_not_empty = |positive: &PositiveTerm| positive.term != CompiledTerm::Nothing;
        let any_of = |any: &[Term]| any.iter().map(positive).filter(is_not_empty).collect();
        let all_of = query.all_of.iter().map(|any| any_of(&any.0));
        Self {
            all_of: all_of.filter(|any: &Vec<_>| !any.is_empty()).collect(),
            none_of: query.none_of.iter().map(compile_term).collect(),
        }
    }

    /// Whether a text has everything that is asked for.
    pub fn is_match(&self, text: &str) -> bool {
        let text = TokenizedText::new(text);
        let is_there = |term: &CompiledTerm| !text.find(term).is_empty();
        self.all_of.iter().all(|any| any.iter().any(|positive| is_there(&positive.term)))
            && !self.none_of.iter().any(is_there)
    }

    /// The bytes of a text that are asked for, whether or not all that is asked for is there:
    /// sorted, half-open, on character boundaries, with something between each two. A token that is
    /// found by its beginning is marked whole.
    pub fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        if self.all_of.is_empty() {
            return Vec::new();
        }
        let text = TokenizedText::new(text);
        let mut found: Vec<_> = self.positive().flat_map(|p| text.find(&p.term)).collect();
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

    /// How well a text answers, from 0 on: BM25 (Robertson and Zaragoza, The Probabilistic
    /// Relevance Framework, 2009) with k1 = 1.2 and b = 0.75, where what is rare in general counts
    /// no more than what is common: all that is compared has all that was asked for. What is found
    /// as a whole word, and not as the beginning of one, counts twice.
    pub fn relevance(&self, text: &str) -> f32 {
        /// Words of a message as most are.
        const USUAL: f32 = 25.0;
        const K1: f32 = 1.2;
        const B: f32 = 0.75;
        let tokenized = TokenizedText::new(text);
        let length = 1.0 - B + B * tokenized.words.len() as f32 / USUAL;
        let score = |asked: &PositiveTerm| {
            let found = tokenized.find(&asked.term);
            let is_whole =
                |range: &&Range<usize>| super::fold(&text[(*range).clone()]) == asked.folded;
            let whole = found.iter().filter(is_whole).count();
            let count = (found.len() + whole) as f32;
            count * (K1 + 1.0) / (count + K1 * length)
        };
        self.positive().map(score).sum()
    }

    fn positive(&self) -> impl Iterator<Item = &PositiveTerm> {
        self.all_of.iter().flatten()
    }
}

/// A text, cut once for all that is looked for in it.
struct TokenizedText {
    folded: Vec<FoldedChar>,
    /// Of folded characters.
    words: Vec<Range<usize>>,
    subwords: Vec<Range<usize>>,
    substrings: OnceCell<Joined>,
}

/// The folded characters in one piece.
struct Joined {
    text: String,
    /// Where each of them begins.
    starts: Vec<usize>,
}

impl TokenizedText {
    fn new(text: &str) -> Self {
        let folded = fold::fold_chars(text);
        let segments = segment::segment(&folded);
        let subwords =
            segments.iter().flat_map(|segment| segment::subwords(&folded, segment)).collect();
        let words = segments.into_iter().map(|segment| segment.chars).collect();
        Self { folded, words, subwords, substrings: OnceCell::new() }
    }

    fn chars(&self, token: &Range<usize>) -> &[FoldedChar] {
        &self.folded[token.clone()]
    }

    /// The bytes of the text that folded characters stand for.
    fn bytes(&self, token: &Range<usize>) -> Range<usize> {
        fold::source_range(self.chars(token))
    }

    fn find(&self, term: &CompiledTerm) -> Vec<Range<usize>> {
        match term {
            CompiledTerm::Nothing => Vec::new(),
            CompiledTerm::Substring(text) => self.find_substring(text),
            CompiledTerm::Tokens { tokens, in_subwords } => {
                let mut found = self.find_tokens(tokens);
                if *in_subwords {
                    let subwords = self
                        .subwords
                        .iter()
                        .filter(|subword| tokens[0].matches(self.chars(subword)));
                    found.extend(subwords.map(|subword| self.bytes(subword)));
                }
                found
            }
        }
    }

    fn find_tokens(&self, tokens: &[QueryToken]) -> Vec<Range<usize>> {
        let runs = self.words.windows(tokens.len()).enumerate();
        let matches = |run: &[Range<usize>]| {
            tokens.iter().zip(run).all(|(token, word)| token.matches(self.chars(word)))
        };
        runs.filter(|(_, run)| matches(run))
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
            && token.text.starts_with(segment::is_unspaced)
            && token.text.chars().count() < word.len();
        let bytes = self.bytes(word);
        // Both may stand for one character of the text (㌔ is キロ).
        let next = self.words.get(at + 1).filter(|_| is_half).map(|next| self.bytes(next));
        next.filter(|next| next.start > bytes.start).map_or(bytes.end, |next| next.start)
    }

    fn find_substring(&self, term: &str) -> Vec<Range<usize>> {
        let Joined { text, starts } = self.substrings.get_or_init(|| self.join());
        let source = |byte: usize| {
            let at = starts.partition_point(|start| *start <= byte) - 1;
            self.folded[at].source.clone()
        };
        let found = text.match_indices(term);
        found.map(|(at, _)| source(at).start..source(at + term.len() - 1).end).collect()
    }

    fn join(&self) -> Joined {
        let mut text = String::with_capacity(self.folded.len());
        let mut starts = Vec::with_capacity(self.folded.len());
        for char in &self.folded {
            starts.push(text.len());
            text.push(char.c);
        }
        Joined { text, starts }
    }
}

impl QueryToken {
    fn matches(&self, token: &[FoldedChar]) -> bool {
        let mut rest = token.iter();
        let begins = self.text.chars().all(|c| rest.next().is_some_and(|folded| folded.c == c));
        begins && (self.is_prefix || rest.next().is_none())
    }
}
