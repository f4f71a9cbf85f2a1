//! Compiles a term of a query into tokens or a substring.

use super::{fold, segment};
use crate::search::Term;

/// A term of a query, ready for matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompiledTerm {
    /// The term has no tokens and is ignored.
    Nothing,
    /// These tokens next to each other; never empty.
    Tokens {
        /// The tokens, in order.
        tokens: Vec<QueryToken>,
        /// Whether the only token also matches subwords.
        in_subwords: bool,
    },
    /// This text anywhere in the [folded](super::fold()) text; never empty.
    Substring(String),
}

/// A token of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryToken {
    /// The token, folded; never empty.
    pub text: String,
    /// Whether it matches every token that starts with it. Only the last token can be a prefix.
    pub is_prefix: bool,
}

/// Compiles a term.
///
/// ```
/// use shared::search::{Term, tokenizer::{QueryToken, CompiledTerm, compile_term}};
///
/// let CompiledTerm::Tokens { tokens, in_subwords } = compile_term(&Term::Word("db.json".into())) else { panic!() };
/// let token = |text: &str, is_prefix| QueryToken { text: text.into(), is_prefix };
/// assert_eq!(tokens, [token("db", false), token("json", true)]);
/// assert!(!in_subwords);
/// ```
pub fn compile_term(term: &Term) -> CompiledTerm {
    if let Term::Substring(text) = term {
        return match super::fold(text) {
            folded if folded.trim().is_empty() => CompiledTerm::Nothing,
            folded => CompiledTerm::Substring(folded),
        };
    }
    let (mut tokens, is_unspaced) = tokenize(term.as_str());
    let Some(last) = tokens.last_mut() else { return CompiledTerm::Nothing };
    last.is_prefix = last.is_prefix
        || match term {
            Term::Prefix(_) => !is_unspaced,
            Term::Word(_) => !is_unspaced && matches_prefixes(&last.text),
            Term::Phrase(_) | Term::Substring(_) => false,
        };
    let in_subwords = tokens.len() == 1 && !matches!(term, Term::Phrase(_));
    CompiledTerm::Tokens { tokens, in_subwords }
}

fn matches_prefixes(token: &str) -> bool {
    token.chars().count() >= 3 && token.chars().any(char::is_alphabetic)
}

/// Returns the tokens, and whether the last one belongs to a script without blanks. If the text
/// ends with a run of such a script, the last token of the run (its last character) is left out,
/// because a matching text may continue after the run. A run of one character becomes a prefix
/// instead.
fn tokenize(text: &str) -> (Vec<QueryToken>, bool) {
    let folded = fold::fold_chars(text);
    let mut segments = segment::segment(&folded);
    let is_unspaced =
        segments.last().is_some_and(|last| last.kind == segment::SegmentKind::LastChar);
    let ends_with_bigrams = is_unspaced
        && segments
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|segment| segment.kind == segment::SegmentKind::Bigram);
    if ends_with_bigrams {
        segments.pop();
    }
    let mut tokens: Vec<_> = segments
        .into_iter()
        .map(|segment| QueryToken {
            text: folded[segment.chars].iter().map(|folded| folded.c).collect(),
            is_prefix: false,
        })
        .collect();
    if let Some(last) = tokens.last_mut() {
        last.is_prefix = is_unspaced && !ends_with_bigrams;
    }
    (tokens, is_unspaced)
}
