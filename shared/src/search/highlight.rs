//! Syntax highlighting of a query in the search box.

use std::ops::Range;

use super::{
    lexer::{self, LexemeKind},
    parse,
};

/// A piece of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlight {
    /// Its bytes in the query, half-open, on character boundaries.
    pub range: Range<usize>,
    /// What it is.
    pub kind: HighlightKind,
}

/// What a piece of a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HighlightKind {
    /// A word, phrase, prefix or substring, quotes and signs included; ignored ones too.
    Term,
    /// An operator with its value.
    Operator,
    /// The `-` before a text or an operator.
    Not,
    /// An `OR`.
    Or,
    /// What cannot be read: [`parse`](super::parse) says why of the first one.
    Error,
}

/// The highlights of a query, in order, with only blanks between them. A query that is too long is
/// one error.
///
/// ```
/// use shared::search::{HighlightKind, highlight};
///
/// let kinds: Vec<_> = highlight("-from:ada disk").into_iter().map(|p| (p.range, p.kind)).collect();
/// assert_eq!(kinds, [(0..1, HighlightKind::Not), (1..9, HighlightKind::Operator), (10..14, HighlightKind::Term)]);
/// ```
pub fn highlight(query: &str) -> Vec<Highlight> {
    if parse::too_long(query).is_some() {
        return vec![Highlight { range: 0..query.len(), kind: HighlightKind::Error }];
    }
    let parts = lexer::lex(query);
    let mut errors = parse::build(&parts).errors.into_iter().peekable();
    let mut has_error =
        |range: &Range<usize>| errors.next_if(|m| range.contains(&m.at.start)).is_some();
    let mut pieces = Vec::with_capacity(parts.len());
    for part in parts {
        let kind = match part.kind {
            LexemeKind::Or => HighlightKind::Or,
            LexemeKind::Term(_) => HighlightKind::Term,
            LexemeKind::Operator { .. } => HighlightKind::Operator,
        };
        for (range, kind) in
            part.negation.map(|at| (at, HighlightKind::Not)).into_iter().chain([(part.at, kind)])
        {
            let kind = if has_error(&range) { HighlightKind::Error } else { kind };
            pieces.push(Highlight { range, kind });
        }
    }
    pieces
}
