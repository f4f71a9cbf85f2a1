//! Finding what was said, in every room that the caller is in.

use std::collections::HashSet;

use aide::{
    axum::{ApiRouter, routing::get_with},
    transform::TransformOperation,
};
use chrono::Utc;
use shared::{
    paths,
    problem::{Code, FieldError},
    search::{Query, QueryError, parse},
};

use crate::{App, Error, Result, http::problems};

mod ask;
mod handlers;
mod looking;
mod lookup;
mod pages;
mod queries;
mod span;
mod summary;

pub use ask::{Ask, Asker};
pub use handlers::{Begun, begin};
pub use looking::marked;
pub use pages::number_of;
pub use queries::{Towards, WITHIN, find};

/// Operators of a query: each is a condition, and a database takes them only so deep.
const FILTERS_MAX: usize = 50;

/// Reads a query; a mistake says where. What is said twice counts once.
pub fn read(q: &str) -> Result<Query> {
    let refused = |error: FieldError| {
        let mut refused = Error::new(Code::InvalidSearch, error.message.clone());
        refused.problem.errors = vec![error];
        refused
    };
    let mut query = parse(q).map_err(|QueryError { at, message, suggestion }| {
        refused(FieldError { at: Some(at), suggestion, ..FieldError::new("q", message) })
    })?;
    let (mut filters, mut texts, mut none) = (HashSet::new(), HashSet::new(), HashSet::new());
    query.filters.retain(|filter| filters.insert(filter.clone()));
    query.all_of.retain(|any_of| texts.insert(any_of.clone()));
    query.none_of.retain(|text| none.insert(text.clone()));
    match query.filters.len() {
        ..=FILTERS_MAX => Ok(query),
        count => {
            let message = format!(
                "A query has at most {FILTERS_MAX} different operators, and this one {count}."
            );
            Err(refused(FieldError::new("q", message)))
        }
    }
}

/// The part of an answer's state that is the time: what is said of it in relation to now is another
/// question every minute.
pub fn moment(query: &Query) -> i64 {
    if query.is_relative() { Utc::now().timestamp() / 60 } else { 0 }
}

/// The search endpoints.
pub fn routes() -> ApiRouter<App> {
    use handlers as h;
    ApiRouter::new()
        .api_route(
            paths::SEARCH,
            get_with(h::hits, |op| {
                doc(op, "listHits", "What was said in all my rooms, and the search").description(
                    "The messages that the search `q` finds, or all of them without one, so many \
                     `before` and `after` an `anchor`. An anchor is a place between messages: \
                     what it names, and what is older, is before it. `newest` is where a search \
                     begins, `oldest` with `sort:old`; with neither `before` nor `after` they are \
                     50 before it (after `oldest`, or 25 and 25 around any other place). To read on, take `older` \
                     as the next anchor with `before`, or `newer` with `after`. `sort:relevance` \
                     gives the best of the newest 1 000 hits (or of those found in 400 ms), and has no \
                     more pages.\n\nThe \
                     grammar: words, `\"exact phrase\"`, `OR`, `-not`, `pre*`, `~inside`, `from:`, \
                     `in:`, `before:`, `after:`, `on:`, `during:` (2026, 2026-03, 2026-03-01, \
                     today, yesterday, 7d, 2w), `has:` (link, code, reply, edit, mention), \
                     `mentions:`, `is:` (unread, mine, edited, deleted), `near:` (a message's \
                     number in the one room), `sort:` (new, old, relevance). What cannot be read \
                     is a 400 whose `errors` say where, and what was perhaps meant.",
                )
            }),
        )
        .api_route(
            paths::SUMMARY,
            get_with(h::summary, |op| {
                doc(op, "summarizeHits", "How much a search finds, and where")
            }),
        )
}

fn doc<'t>(op: TransformOperation<'t>, id: &str, summary: &str) -> TransformOperation<'t> {
    op.id(id).tag("search").summary(summary).with(problems::of(&[
        Code::InvalidSearch,
        Code::AdminOnly,
        Code::Unavailable,
    ]))
}
