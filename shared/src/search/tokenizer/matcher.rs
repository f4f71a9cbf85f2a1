//! Matches queries in Rust. [`Matcher`] defines the correct results for the search engines and
//! computes the highlighted ranges of hits.

use std::{cell::OnceCell, ops::Range};

use super::{
    CompiledTerm, QueryToken, compile_term,
    fold::{self, FoldedChar},
    segment,
};
use crate::{
    search::{Query, Term},
    sorting::sort_by_key,
    unicode::is_unspaced,
};

/// The compiled terms of a query. The filters of the query are ignored.
///
/// ```
/// use shared::search::{parse, tokenizer::Matcher};
///
/// let matcher = Matcher::new(&parse("host OR 院")?);
/// assert!(matcher.is_match("The hostname of 病院"));
/// assert_eq!(matcher.ranges("The hostname of 病院"), [4..12, 19..22]);
/// # Ok::<(), shared::search::QueryError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Matcher {
    all_of: Vec<Vec<PositiveTerm>>,
    none_of: Vec<CompiledTerm>,
}

/// A term that is not negated.
#[derive(Clone, Debug)]
struct PositiveTerm {
    term: CompiledTerm,
    /// The folded text of the term. A match with the same text is a whole word.
    folded: String,
}

impl Matcher {
    /// Compiles the terms of a query.
    pub fn new(query: &Query) -> Self {
        let positive = |term: &Term| PositiveTerm {
            term: compile_term(term),
            folded: super::fold(term.as_str()),
        };
        let is_not_empty = |positive: &PositiveTerm| positive.term != CompiledTerm::Nothing;
        let any_of = |any: &[Term]| any.iter().map(positive).filter(is_not_empty).collect();
        let all_of = query.all_of.iter().map(|any| any_of(&any.0));
        Self {
            all_of: all_of.filter(|any: &Vec<_>| !any.is_empty()).collect(),
            none_of: query.none_of.iter().map(compile_term).collect(),
        }
    }

    /// Whether a string matches the terms of the query.
    pub fn is_match(&self, text: &str) -> bool {
        let text = TokenizedText::new(text);
        let contains = |term: &CompiledTerm| !text.find(term).is_empty();
        self.all_of.iter().all(|any| any.iter().any(|positive| contains(&positive.term)))
            && !self.none_of.iter().any(contains)
    }

    /// The byte ranges of all matches in a text, even if the text does not match the whole query:
    /// sorted, half-open, on character boundaries, neither overlapping nor adjacent. The range of a
    /// prefix match covers the whole token.
    pub fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        if self.all_of.is_empty() {
            return Vec::new();
        }
        let text = TokenizedText::new(text);
        let mut found: Vec<_> =
            self.positive().flat_map(|positive| text.find(&positive.term)).collect();
        sort_by_key(&mut found, |range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
        for range in found {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }

    /// The relevance of a text, at least 0: BM25 (Robertson and Zaragoza, The Probabilistic Relevance
    /// Framework, 2009) with k1 = 1.2 and b = 0.75. It omits the inverse document frequency, because
    /// all compared texts contain all terms. A match of a whole word counts twice.
    pub fn relevance(&self, text: &str) -> f32 {
        /// The number of words of a typical message.
        const AVERAGE_WORDS: f32 = 25.0;
        const K1: f32 = 1.2;
        const B: f32 = 0.75;
        let tokenized = TokenizedText::new(text);
        let length = 1.0 - B + B * tokenized.words.len() as f32 / AVERAGE_WORDS;
        let score = |positive: &PositiveTerm| {
            let found = tokenized.find(&positive.term);
            let is_whole =
                |range: &&Range<usize>| super::fold(&text[(*range).clone()]) == positive.folded;
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

/// A string, tokenized once for all terms.
struct TokenizedText {
    folded: Vec<FoldedChar>,
    /// Each word, as a range of `folded`.
    words: Vec<Range<usize>>,
    /// Each subword, as a range of `folded`.
    subwords: Vec<Range<usize>>,
    joined: OnceCell<JoinedText>,
}

/// The folded characters as one string, built for the first substring term.
struct JoinedText {
    text: String,
    /// The byte of `text` at which each folded character starts.
    starts: Vec<usize>,
}

impl TokenizedText {
    fn new(text: &str) -> Self {
        let folded = fold::fold_chars(text);
        let segments = segment::segment(&folded);
        let subwords =
            segments.iter().flat_map(|segment| segment::subwords(&folded, segment)).collect();
        let words = segments.into_iter().map(|segment| segment.chars).collect();
        Self { folded, words, subwords, joined: OnceCell::new() }
    }

    fn chars(&self, token: &Range<usize>) -> &[FoldedChar] {
        &self.folded[token.clone()]
    }

    /// The source bytes of folded characters.
    fn bytes(&self, token: &Range<usize>) -> Range<usize> {
        fold::source_range(self.chars(token))
    }

    /// The byte ranges of the matches of a term.
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
                self.bytes(&run[0]).start..self.match_end(at + last, &tokens[last])
            })
            .collect()
    }

    /// The byte at which a match ends. A query of one character matches the first half of a bigram;
    /// then the match ends before the second half.
    fn match_end(&self, at: usize, token: &QueryToken) -> usize {
        let word = &self.words[at];
        let is_half = token.is_prefix
            && token.text.starts_with(is_unspaced)
            && token.text.chars().count() < word.len();
        let bytes = self.bytes(word);
        // Both halves can come from one character of the text (㌔ is キロ).
        let next = self.words.get(at + 1).filter(|_| is_half).map(|next| self.bytes(next));
        next.filter(|next| next.start > bytes.start).map_or(bytes.end, |next| next.start)
    }

    fn find_substring(&self, term: &str) -> Vec<Range<usize>> {
        let JoinedText { text, starts } = self.joined.get_or_init(|| self.join());
        let source = |byte: usize| {
            let at = starts.partition_point(|start| *start <= byte) - 1;
            self.folded[at].source.clone()
        };
        let found = text.match_indices(term);
        found.map(|(at, _)| source(at).start..source(at + term.len() - 1).end).collect()
    }

    fn join(&self) -> JoinedText {
        let mut text = String::with_capacity(self.folded.len());
        let mut starts = Vec::with_capacity(self.folded.len());
        for folded in &self.folded {
            starts.push(text.len());
            text.push(folded.c);
        }
        JoinedText { text, starts }
    }
}

impl QueryToken {
    fn matches(&self, token: &[FoldedChar]) -> bool {
        let mut rest = token.iter();
        let begins = self.text.chars().all(|c| rest.next().is_some_and(|folded| folded.c == c));
        begins && (self.is_prefix || rest.next().is_none())
    }
}
