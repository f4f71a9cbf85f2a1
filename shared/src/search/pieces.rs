//! A query as the search box shows it while it is written.

use std::ops::Range;

use super::{
    lexer::{self, What},
    parse,
};

/// A piece of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes in the query, half-open, on character boundaries.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// What a piece of a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A word, phrase, prefix or substring, quotes and signs included; ignored ones too.
    Text,
    /// An operator with its value.
    Operator,
    /// The `-` before a text or an operator.
    Not,
    /// An `OR`.
    Or,
    /// What cannot be read: [`parse`](super::parse) says why of the first one.
    Mistake,
}

/// The pieces of a query in their order. Between them is nothing but blanks; of a query that is too
/// long everything is one mistake.
///
/// ```
/// use shared::search::{Kind, pieces};
///
/// let kinds: Vec<_> = pieces("-from:ada disk").into_iter().map(|p| (p.range, p.kind)).collect();
/// assert_eq!(kinds, [(0..1, Kind::Not), (1..9, Kind::Operator), (10..14, Kind::Text)]);
/// ```
pub fn pieces(query: &str) -> Vec<Piece> {
    if parse::too_long(query).is_some() {
        return vec![Piece { range: 0..query.len(), kind: Kind::Mistake }];
    }
    let parts = lexer::parts(query);
    let mut mistakes = parse::read(&parts).mistakes.into_iter().peekable();
    let mut is_wrong =
        |range: &Range<usize>| mistakes.next_if(|m| range.contains(&m.at.start)).is_some();
    let mut pieces = Vec::with_capacity(parts.len());
    for part in parts {
        let kind = match part.what {
            What::Or => Kind::Or,
            What::Text(_) => Kind::Text,
            What::Operator { .. } => Kind::Operator,
        };
        for (range, kind) in part.not.map(|at| (at, Kind::Not)).into_iter().chain([(part.at, kind)])
        {
            let kind = if is_wrong(&range) { Kind::Mistake } else { kind };
            pieces.push(Piece { range, kind });
        }
    }
    pieces
}
