//! Exports: a room, a range of it, or the hits of a search as one file. Messages are read in chunks
//! and streamed, so memory use does not depend on the size of the file.

use aide::{
    axum::{ApiRouter, routing::get_with},
    transform::TransformOperation,
};
use shared::{paths, problem::Code};

use crate::{App, http::problems};

mod csv;
mod download;
mod format;
mod handlers;
mod html;
mod html_text;
mod jsonl;
mod markdown;
mod own_data;
mod source;
mod writer;

pub use csv::{csv_writer, escape_formula};
pub use download::content_disposition;

/// The export endpoints.
pub fn routes() -> ApiRouter<App> {
    use handlers as h;
    ApiRouter::new()
        .api_route(
            paths::EXPORT,
            get_with(h::export_room, |op| {
                let summary = "Export a room, or a range of it, oldest first";
                doc(op, "exportRoom", "messages", summary, "")
            }),
        )
        .api_route(
            paths::ME_EXPORT,
            get_with(own_data::export_me, |op| {
                op.id("exportMe")
                    .tag("users")
                    .summary("Export everything of mine, as JSON Lines")
                    .description(
                        "The account, its sessions, its memberships, and all its messages that are not \
                         deleted, also those in rooms that I have left. If the export fails, or I am \
                         signed out, the connection closes before the end of the body.",
                    )
                    .with(problems::of(&[Code::TooManyRequests, Code::Unavailable]))
            }),
        )
        .api_route(
            paths::EXPORT_SEARCH,
            get_with(h::export_search, |op| {
                let summary = "Export all hits of a search, oldest first";
                let rooms = " The grammar is that of `GET /messages`. The file has all hits, \
                     oldest first regardless of `sort:`. It does not include rooms that the caller \
                     joins during the export; leaving a room aborts it.";
                doc(op, "exportSearch", "search", summary, rooms).with(problems::of(&[
                    Code::InvalidSearch,
                    Code::AdminOnly,
                    Code::Unavailable,
                ]))
            }),
        )
}

fn doc<'t>(
    op: TransformOperation<'t>,
    id: &str,
    tag: &str,
    summary: &str,
    extra_description: &str,
) -> TransformOperation<'t> {
    let description = format!(
        "`jsonl` has one `Message` per line. `csv` is RFC 4180 with the columns `room` (its name), \
         `seq`, `id`, `created_at`, `username`, `content`, `reply_to`, `edited_at`, \
         `deleted_at` and `reactions` (`👍 2 🎉 1`). Every cell is quoted, and a text that begins with `=`, `+`, `-`, `@`, their \
         full-width forms, a tab, a line end or `'` is prefixed with `'`, so that no spreadsheet \
         evaluates it as a formula (OWASP, CSV injection); programs remove that prefix. \
         `markdown` is a transcript by day. `html` is a page that works offline and has its own \
         search. All formats include deleted messages as tombstones without text.\n\nThe export \
         does not include messages posted after it began. Messages edited or deleted meanwhile \
         appear as they were when their chunk was read. If the export fails, or the caller is \
         removed from the room or signed out, the connection closes before the end of the \
         body.{extra_description}"
    );
    op.id(id).tag(tag).summary(summary).description(&description)
}
