//! Builds a query from lexemes.

use std::ops::Range;

use super::{
    AnyOf, Filter, Predicate, Query, QueryError, Sort, Term,
    lexer::{self, Lexeme, LexemeKind},
    operators::{self, Clause},
};
use crate::{ids::Seq, rules::QUERY_MAX_CHARS};

/// Parses a query.
///
/// # Errors
/// The first [`QueryError`]: an invalid value, a second `near:` or `sort:` with
/// another value, an `OR` that is not between two texts, or more than [`QUERY_MAX_CHARS`] characters.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    if let Some(error) = length_error(text) {
        return Err(error);
    }
    let builder = build(&lexer::lex(text));
    match builder.errors.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(builder.query),
    }
}

pub(super) fn length_error(text: &str) -> Option<QueryError> {
    let (limit, _) = text.char_indices().nth(QUERY_MAX_CHARS)?;
    Some(QueryError {
        at: limit..text.len(),
        message: format!(
            "A query can have at most {QUERY_MAX_CHARS} characters. This one has {}.",
            text.chars().count()
        ),
        suggestion: None,
    })
}

pub(super) fn build(lexemes: &[Lexeme<'_>]) -> QueryBuilder {
    let mut builder = QueryBuilder::default();
    lexemes.iter().for_each(|lexeme| builder.push(lexeme));
    builder
}

#[derive(Default)]
pub(super) struct QueryBuilder {
    query: Query,
    sort: Option<Sort>,
    /// Ordered by position.
    pub errors: Vec<QueryError>,
    /// The position of an `OR` whose right side is not parsed yet.
    or: Option<Range<usize>>,
    previous: Previous,
}

/// The element on the left side of an `OR`.
#[derive(Default, PartialEq)]
enum Previous {
    #[default]
    Nothing,
    Term,
    Filter,
    /// A negated element, `near:` or `sort:`.
    Other,
}

impl QueryBuilder {
    fn push(&mut self, lexeme: &Lexeme<'_>) {
        match &lexeme.kind {
            LexemeKind::Or if self.previous == Previous::Nothing => {}
            LexemeKind::Or => self.or = Some(lexeme.at.clone()),
            LexemeKind::Term(None) => {}
            LexemeKind::Term(Some(term)) | LexemeKind::UnknownOperator { term, .. } => {
                self.push_term(term.clone(), lexeme.negation.is_some());
            }
            LexemeKind::Operator { operator, value } => {
                match operators::parse_clause(lexeme.at.clone(), operator, value) {
                    Ok(clause) => self.push_clause(clause, lexeme),
                    Err(error) => {
                        self.errors.push(error);
                        self.or = None;
                        self.previous = Previous::Nothing;
                    }
                }
            }
        }
    }

    fn push_term(&mut self, term: Term, negated: bool) {
        let or = self.or.take();
        if negated {
            self.reject_or(or);
            self.query.none_of.push(term);
            self.previous = Previous::Other;
            return;
        }
        match (or, self.query.all_of.last_mut()) {
            (Some(_), Some(any_of)) if self.previous == Previous::Term => any_of.0.push(term),
            (or, _) => {
                self.reject_or(or);
                self.query.all_of.push(AnyOf(vec![term]));
            }
        }
        self.previous = Previous::Term;
    }

    fn push_clause(&mut self, clause: Clause, lexeme: &Lexeme<'_>) {
        let or = self.or.take();
        let negated = lexeme.negation.is_some();
        match clause {
            Clause::Predicate(predicate) => {
                if negated || !self.follows_same_kind(&predicate) {
                    self.reject_or(or);
                }
                self.previous = if negated { Previous::Other } else { Previous::Filter };
                self.query.filters.push(Filter { negated, predicate });
            }
            Clause::Near(seq) => {
                self.reject_or(or);
                self.set_near(seq, lexeme);
            }
            Clause::Sort(sort) => {
                self.reject_or(or);
                self.set_sort(sort, lexeme);
            }
        }
    }

    fn set_near(&mut self, seq: Seq, lexeme: &Lexeme<'_>) {
        self.previous = Previous::Other;
        self.require_once("near", self.query.near.is_some_and(|near| near != seq), lexeme);
        self.query.near = Some(seq);
    }

    fn set_sort(&mut self, sort: Sort, lexeme: &Lexeme<'_>) {
        self.previous = Previous::Other;
        self.require_once("sort", self.sort.is_some_and(|previous| previous != sort), lexeme);
        self.sort = Some(sort);
        self.query.sort = sort;
    }

    fn follows_same_kind(&self, predicate: &Predicate) -> bool {
        self.previous == Previous::Filter
            && self.query.filters.last().is_some_and(|last| last.predicate.is_same_kind(predicate))
    }

    /// Reports an operator that is negated or contradicts an earlier one.
    fn require_once(&mut self, name: &str, contradicts: bool, lexeme: &Lexeme<'_>) {
        if let Some(not) = &lexeme.negation {
            self.push_error(not, format!("{name}: cannot be negated."), None);
        } else if contradicts {
            self.push_error(&lexeme.at, format!("{name}: can be used only once."), None);
        }
    }

    /// Reports an `OR` that is not between two texts.
    fn reject_or(&mut self, or: Option<Range<usize>>) {
        if let Some(at) = or {
            let message = "OR works between two texts that are not negated. Operators of the same kind \
                           are alternatives without OR. To search for the word, put it in quotes.";
            self.push_error(&at, message.into(), Some("\"OR\""));
        }
    }

    fn push_error(&mut self, at: &Range<usize>, message: String, suggestion: Option<&str>) {
        let suggestion = suggestion.map(str::to_owned);
        self.errors.push(QueryError { at: at.clone(), message, suggestion });
    }
}
