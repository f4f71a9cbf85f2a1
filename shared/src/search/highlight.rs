//! Syntax highlighting of a query in the search box.

use std::ops::Range;

use super::{
    lexer::{self, LexemeKind},
    parse,
};

/// A highlighted range of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlight {
    /// The byte range, half-open, on character boundaries.
    pub range: Range<usize>,
    /// The kind of its text.
    pub kind: HighlightKind,
}

/// The kind of a highlight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HighlightKind {
    /// A word, phrase, prefix or substring, quotes and signs included; ignored ones too.
    Term,
    /// An operator with its value.
    Operator,
    /// The `-` before a term or an operator.
    Not,
    /// An `OR`.
    Or,
    /// An error; [`parse()`](super::parse()) describes the first one.
    Error,
}

/// The highlights of a query, in order, with only blanks between them. A query that is too long is
/// one error.
///
/// ```
/// use shared::search::{HighlightKind, highlight};
///
/// let kinds: Vec<_> = highlight("-from:ada disk").into_iter().map(|h| (h.range, h.kind)).collect();
/// assert_eq!(kinds, [(0..1, HighlightKind::Not), (1..9, HighlightKind::Operator), (10..14, HighlightKind::Term)]);
/// ```
pub fn highlight(query: &str) -> Vec<Highlight> {
    if parse::length_error(query).is_some() {
        return vec![Highlight { range: 0..query.len(), kind: HighlightKind::Error }];
    }
    let lexemes = lexer::lex(query);
    let mut errors = parse::build(&lexemes).errors.into_iter().peekable();
    let mut has_error =
        |range: &Range<usize>| errors.next_if(|error| range.contains(&error.at.start)).is_some();
    let mut highlights = Vec::with_capacity(lexemes.len());
    for lexeme in lexemes {
        let kind = match lexeme.kind {
            LexemeKind::Or => HighlightKind::Or,
            LexemeKind::Term(_) | LexemeKind::UnknownOperator { .. } => HighlightKind::Term,
            LexemeKind::Operator { .. } => HighlightKind::Operator,
        };
        for (range, kind) in lexeme
            .negation
            .map(|at| (at, HighlightKind::Not))
            .into_iter()
            .chain([(lexeme.at, kind)])
        {
            let kind = if has_error(&range) { HighlightKind::Error } else { kind };
            highlights.push(Highlight { range, kind });
        }
    }
    highlights
}
