//! Parses the query of a request.

use std::collections::HashSet;

use chrono::Utc;
use shared::{
    problem::{Code, FieldError},
    search::{Query, QueryError, parse},
};

use crate::{Error, Result};

/// The maximum number of different operators in one query. Each is a condition, and databases limit
/// how deep conditions nest.
const FILTERS_MAX: usize = 50;

/// Parses a query and removes duplicate filters and terms. The error contains the position of the
/// mistake.
pub fn parse_query(q: &str) -> Result<Query> {
    let invalid = |field_error: FieldError| {
        let mut error = Error::new(Code::InvalidSearch, field_error.message.clone());
        error.problem.errors = vec![field_error];
        error
    };
    if let Some(at) = q.find('\0') {
        // PostgreSQL cannot store this character.
        let message = "The query must not contain the character U+0000.";
        return Err(invalid(FieldError { at: Some(at..at + 1), ..FieldError::new("q", message) }));
    }
    let mut query = parse(q).map_err(|QueryError { at, message, suggestion }| {
        invalid(FieldError { at: Some(at), suggestion, ..FieldError::new("q", message) })
    })?;
    let (mut filters, mut required, mut excluded) =
        (HashSet::new(), HashSet::new(), HashSet::new());
    query.filters.retain(|filter| filters.insert(filter.clone()));
    query.all_of.retain(|any_of| required.insert(any_of.clone()));
    query.none_of.retain(|term| excluded.insert(term.clone()));
    match query.filters.len() {
        ..=FILTERS_MAX => Ok(query),
        count => {
            let message = format!(
                "A query has at most {FILTERS_MAX} different operators, and this one has {count}."
            );
            Err(invalid(FieldError::new("q", message)))
        }
    }
}

/// The current minute, for the entity tag of a query with relative dates such as `after:7d`, whose
/// hits may change each minute; 0 for other queries.
pub fn minute_of(query: &Query) -> i64 {
    if query.is_relative() { Utc::now().timestamp() / 60 } else { 0 }
}
