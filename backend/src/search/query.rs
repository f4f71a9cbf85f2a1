//! Parses the query of a request.

use std::collections::HashSet;

use chrono::Utc;
use shared::{
    problem::{Code, FieldError},
    search::{Query, QueryError, parse},
};

use crate::{Error, Result};

/// Different operators in one query. Each is a condition, and databases limit how deep conditions
/// nest.
const FILTERS_MAX: usize = 50;

/// Parses a query and removes duplicate parts. The error says where the mistake is.
pub fn parse_query(q: &str) -> Result<Query> {
    let refuse = |error: FieldError| {
        let mut refused = Error::new(Code::InvalidSearch, error.message.clone());
        refused.problem.errors = vec![error];
        refused
    };
    let mut query = parse(q).map_err(|QueryError { at, message, suggestion }| {
        refuse(FieldError { at: Some(at), suggestion, ..FieldError::new("q", message) })
    })?;
    let (mut filters, mut texts, mut none) = (HashSet::new(), HashSet::new(), HashSet::new());
    query.filters.retain(|filter| filters.insert(filter.clone()));
    query.all_of.retain(|any_of| texts.insert(any_of.clone()));
    query.none_of.retain(|text| none.insert(text.clone()));
    match query.filters.len() {
        ..=FILTERS_MAX => Ok(query),
        count => {
            let message = format!(
                "A query has at most {FILTERS_MAX} different operators, and this one has {count}."
            );
            Err(refuse(FieldError::new("q", message)))
        }
    }
}

/// The time as part of an entity tag: the hits of a query such as `after:7d` may change each minute.
pub fn minute_of(query: &Query) -> i64 {
    if query.is_relative() { Utc::now().timestamp() / 60 } else { 0 }
}
