//! The text of a message, with links, mentions of the reader, and the matches of a search.

use leptos::prelude::*;
use shared::{
    ids::{Rev, Seq},
    text::Span,
};

use crate::{
    live::LiveClient,
    search::{HitNavigator, mark_matches},
    state::search::highlight,
};

mod preview;

pub use preview::Previews;

/// The longest snippet, in characters.
const SNIPPET: usize = 140;

/// The text of a message. If `revision` is given, the matches of the current search are
/// highlighted.
#[component]
pub fn MessageText(
    content: String,
    #[prop(optional)] revision: Option<(Seq, Rev)>,
) -> impl IntoView {
    let reader_name = expect_context::<LiveClient>().reader_name;
    let navigator = expect_context::<HitNavigator>();
    move || {
        let matches = revision.map(|(seq, rev)| navigator.ranges(seq, rev)).unwrap_or_default();
        let mut offset = 0;
        let view = |span: Span<'_>| {
            let text = span.as_str();
            let shown = mark_matches(highlight::split(text, offset, &matches));
            offset += text.len();
            match span {
                Span::Text(_) => shown,
                Span::Link(link) => {
                    // An address reads from left to right, whatever stands around it.
                    view! { <a dir="ltr" href=link.to_owned() target="_blank" rel="noopener noreferrer">{shown}</a> }
                        .into_any()
                }
                Span::Mention(name) => {
                    view! { <mark class="mention" dir="auto">{name.to_owned()}</mark> }.into_any()
                }
            }
        };
        reader_name.with(|name| name.spans(&content)).into_iter().map(view).collect_view()
    }
}

/// The first line of a message, shortened.
pub fn snippet(content: &str) -> String {
    content.lines().next().unwrap_or_default().chars().take(SNIPPET).collect()
}
