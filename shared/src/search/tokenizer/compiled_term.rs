//! What a query's text asks of the tokens.

use super::{fold, segment};
use crate::search::Term;

/// What a text of a query asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompiledTerm {
    /// Nothing: there is no token in it. Such a text is as good as not there.
    Nothing,
    /// These tokens next to each other among the words; never empty.
    Tokens {
        /// The tokens in their order.
        tokens: Vec<QueryToken>,
        /// Whether the one token that there is may be a part of a word instead.
        in_subwords: bool,
    },
    /// This anywhere in the [folded](super::fold) text; never empty.
    Substring(String),
}

/// A token of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryToken {
    /// The token, folded; never empty.
    pub text: String,
    /// Whether a token that begins so will do. Only of the last one.
    pub is_prefix: bool,
}

/// What a text of a query asks for.
///
/// ```
/// use shared::search::{Term, tokenizer::{QueryToken, CompiledTerm, compile_term}};
///
/// let CompiledTerm::Tokens { tokens, in_subwords } = compile_term(&Term::Word("db.json".into())) else { panic!() };
/// let token = |text: &str, is_prefix| QueryToken { text: text.into(), is_prefix };
/// assert_eq!(tokens, [token("db", false), token("json", true)]);
/// assert!(!in_subwords);
/// ```
pub fn compile_term(text: &Term) -> CompiledTerm {
    if let Term::Substring(text) = text {
        return match super::fold(text) {
            folded if folded.trim().is_empty() => CompiledTerm::Nothing,
            folded => CompiledTerm::Substring(folded),
        };
    }
    let (mut tokens, is_unspaced) = tokenize(text.as_str());
    let Some(last) = tokens.last_mut() else { return CompiledTerm::Nothing };
    last.is_prefix = last.is_prefix
        || match text {
            Term::Prefix(_) => !is_unspaced,
            Term::Word(_) => !is_unspaced && matches_prefixes(&last.text),
            Term::Phrase(_) | Term::Substring(_) => false,
        };
    let in_subwords = tokens.len() == 1 && !matches!(text, Term::Phrase(_));
    CompiledTerm::Tokens { tokens, in_subwords }
}

fn matches_prefixes(token: &str) -> bool {
    token.chars().count() >= 3 && token.chars().any(char::is_alphabetic)
}

/// The tokens, and whether the last is of a script without blanks. Of a run of those, what
/// follows the last character is open: it is not asked for by itself unless it is all there is.
fn tokenize(text: &str) -> (Vec<QueryToken>, bool) {
    let folded = fold::fold_chars(text);
    let mut segments = segment::segment(&folded);
    let is_unspaced =
        segments.last().is_some_and(|last| last.kind == segment::SegmentKind::LastChar);
    let is_run = is_unspaced
        && segments
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|segment| segment.kind == segment::SegmentKind::Bigram);
    if is_run {
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
        last.is_prefix = is_unspaced && !is_run;
    }
    (tokens, is_unspaced)
}
