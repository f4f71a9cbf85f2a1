//! Searches the messages in all rooms of a user.
//!
//! [`plan`] turns a query into one [`fts_query`] for the index and conditions for the rows, and
//! [`queries`] runs it. Where the engine's results are inexact, [`recheck`] filters them in Rust.
//! [`unindexed`] finds the hits among the messages that the index does not contain yet.

use aide::{
    axum::{ApiRouter, routing::get_with},
    transform::TransformOperation,
};
use shared::{paths, problem::Code};

use crate::{App, http::problems};

mod filters;
mod fts_query;
mod handlers;
mod hit_pages;
mod plan;
mod queries;
mod query;
mod recheck;
mod summary;
mod time_buckets;
mod unindexed;

pub use filters::SearchScope;
pub use handlers::{SearchContext, begin_search};
pub use plan::SearchPlan;
pub use queries::{find, id_at_or_before};
pub use query::{minute_of, parse_query};
pub use recheck::{TIME_BUDGET, with_ranges};
pub use unindexed::Direction;

/// The search endpoints.
pub fn routes() -> ApiRouter<App> {
    use handlers as h;
    ApiRouter::new()
        .api_route(
            paths::SEARCH,
            get_with(h::hits, |op| {
                doc(op, "listHits", "Search the messages of all my rooms").description(
                    "Returns the messages that match the query `q`, or all messages without a \
                     query: at most `before` up to an `anchor` and `after` behind it. An anchor is \
                     a position between two messages: the message that it names, and all older \
                     ones, are before it. The default is `newest`, or `oldest` with `sort:old`. \
                     Without `before` and `after` a page has 50 hits: before `newest`, after \
                     `oldest`, or 25 on each side of any other anchor. For the next page, send \
                     `older` as the anchor with `before`, or `newer` with `after`. \
                     `sort:relevance` returns the best of the newest 1 000 hits (or of those found \
                     within 400 ms) as a single page.\n\nThe \
                     grammar: words, `\"exact phrase\"`, `OR`, `-not`, `pre*`, `~inside`, `from:`, \
                     `in:`, `before:`, `after:`, `on:`, `during:` (2026, 2026-03, 2026-03-01, \
                     today, yesterday, 7d, 2w), `has:` (link, code, reply, edit, mention), \
                     `mentions:`, `is:` (unread, mine, edited, deleted), `near:` (the `seq` of a \
                     message in the one room), `sort:` (new, old, relevance). For a query that \
                     cannot be parsed, the `errors` of the 400 response say where the mistake is \
                     and may suggest a correction.",
                )
            }),
        )
        .api_route(
            paths::SUMMARY,
            get_with(h::summary, |op| {
                doc(op, "summarizeHits", "Count hits by room, author and month")
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
