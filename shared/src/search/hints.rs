//! Hints about parts of a query that the search interprets differently than the author may expect.

use super::{
    QueryHint,
    chars::is_quote,
    lexer::{self, Lexeme, LexemeKind},
    operators::{self, OPERATORS},
};

/// The hints for a query, in order: text that looks like an operator, and elements that were ignored.
///
/// ```
/// let [hint] = &shared::search::hints("disk form:ada")[..] else { panic!() };
/// assert_eq!((hint.at.clone(), hint.suggestion.as_deref()), (5..10, Some("from:")));
/// ```
pub fn hints(query: &str) -> Vec<QueryHint> {
    lexer::lex(query).iter().filter_map(|lexeme| hint(query, lexeme)).collect()
}

fn hint(query: &str, lexeme: &Lexeme<'_>) -> Option<QueryHint> {
    match &lexeme.kind {
        LexemeKind::UnknownOperator { name, value_start, .. } => {
            Some(unknown_operator(lexeme, name, *value_start))
        }
        LexemeKind::Term(None) => ignored(query, lexeme),
        _ => None,
    }
}

fn unknown_operator(lexeme: &Lexeme<'_>, name: &str, value_start: usize) -> QueryHint {
    let found = format!("There is no operator {name}:, so this was searched as text.");
    match operators::closest_operator(name) {
        Some(operator) => QueryHint {
            at: lexeme.at.start..value_start,
            message: format!("{found} Did you mean {}:?", operator.name),
            suggestion: Some(format!("{}:", operator.name)),
        },
        None => {
            let names: Vec<_> = OPERATORS.iter().map(|operator| operator.name).collect();
            QueryHint {
                at: lexeme.at.clone(),
                message: format!("{found} The operators are {}.", names.join(", ")),
                suggestion: None,
            }
        }
    }
}

/// An element without a letter, digit or symbol. Signs of the query language alone are no text.
fn ignored(query: &str, lexeme: &Lexeme<'_>) -> Option<QueryHint> {
    let text = query[lexeme.at.clone()].trim_end_matches('*');
    let is_syntax = |c: char| is_quote(c) || c.is_whitespace() || "-*~".contains(c);
    if text.starts_with('~') || text.chars().all(is_syntax) {
        return None;
    }
    Some(QueryHint {
        at: lexeme.at.clone(),
        message: format!(
            "{text} has no letter, digit or symbol and was ignored. ~{text} finds it."
        ),
        suggestion: Some(format!("~{text}")),
    })
}
