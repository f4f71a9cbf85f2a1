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
    let (mut tokens, is_dense) = tokens(text.as_str());
    let Some(last) = tokens.last_mut() else { return CompiledTerm::Nothing };
    last.is_prefix = last.is_prefix
        || match text {
            Term::Prefix(_) => !is_dense,
            Term::Word(_) => !is_dense && is_long(&last.text),
            Term::Phrase(_) | Term::Substring(_) => false,
        };
    let in_subwords = tokens.len() == 1 && !matches!(text, Term::Phrase(_));
    CompiledTerm::Tokens { tokens, in_subwords }
}

fn is_long(token: &str) -> bool {
    token.chars().count() >= 3 && token.chars().any(char::is_alphabetic)
}

/// The tokens, and whether the last is of a script without blanks. Of a run of those, what
/// follows the last character is open: it is not asked for by itself unless it is all there is.
fn tokens(text: &str) -> (Vec<QueryToken>, bool) {
    let folded = fold::fold_chars(text);
    let mut pieces = segment::cut(&folded);
    let is_dense = pieces.last().is_some_and(|last| last.script == segment::Script::End);
    let is_run = is_dense
        && pieces.iter().rev().nth(1).is_some_and(|piece| piece.script == segment::Script::Pair);
    if is_run {
        pieces.pop();
    }
    let mut tokens: Vec<_> = pieces
        .into_iter()
        .map(|piece| QueryToken {
            text: folded[piece.chars].iter().map(|folded| folded.c).collect(),
            is_prefix: false,
        })
        .collect();
    if let Some(last) = tokens.last_mut() {
        last.is_prefix = is_dense && !is_run;
    }
    (tokens, is_dense)
}
