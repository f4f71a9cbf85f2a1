//! Taking it with you: a room, a part of it, or what a search finds, as one file. It is read in
//! parts and sent as it is read, so memory stays flat however much there is.

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
mod jsonl;
mod markdown;
mod source;

/// The export endpoints.
pub fn routes() -> ApiRouter<App> {
    use handlers as h;
    ApiRouter::new()
        .api_route(
            paths::EXPORT,
            get_with(h::room, |op| {
                let summary = "A room, or a part of it, as a file, oldest first";
                doc(op, "exportRoom", "messages", summary, "")
            }),
        )
        .api_route(
            paths::EXPORT_SEARCH,
            get_with(h::search, |op| {
                let summary = "Everything that a search finds, as a file, oldest first";
                let rooms = " The grammar is that of `GET /messages`; however many there are, all \
                     hits come, oldest first whatever `sort:` says. Of rooms that one joins \
                     meanwhile nothing comes, and one that is left breaks the file off.";
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
    more: &str,
) -> TransformOperation<'t> {
    let description = format!(
        "`jsonl` is a `Message` a line. `csv` is RFC 4180 with the columns `room` (its name), \
         `seq`, `id`, `created_at`, `username`, `content`, `reply_to`, `edited_at` and \
         `deleted_at`; every cell is quoted, and one whose text begins with `=`, `+`, `-`, `@`, \
         their full-width forms, a tab, a line end or `'` has one more `'` before it, so that no \
         spreadsheet takes it for a formula (OWASP, CSV injection): a program takes that one away. \
         `markdown` is a transcript by days. `html` is one page that needs no network, with a \
         search of its own. A deleted message is a tombstone without text in each.\n\nWhat is \
         said after the export began is not in it; what is edited or deleted meanwhile is in it as \
         it was when its part was read. An answer that is not whole has no end: the connection \
         breaks off, as it does when the caller is put out of the room or signed out.{more}"
    );
    op.id(id).tag(tag).summary(summary).description(&description)
}
