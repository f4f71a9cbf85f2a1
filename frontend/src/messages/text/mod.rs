//! A message's text: verbatim, with links to follow, the reader's own name and what was looked for
//! marked.

use leptos::prelude::*;
use shared::ids::{Rev, Seq};

use crate::{
    search::{Tour, marked},
    state::{
        pieces::{Piece, pieces},
        search::marks,
    },
    ui::list,
    users::session::Session,
};

mod preview;

pub use preview::Previews;

/// The text in its pieces. `found` is the message that it is of, in which state, if it may have what
/// was looked for.
#[component]
pub fn Text(content: String, #[prop(optional)] found: Option<(Seq, Rev)>) -> impl IntoView {
    let me = expect_context::<Session>().me_untracked().map(|me| me.username).unwrap_or_default();
    let tour = expect_context::<Tour>();
    let text = move || {
        let ranges = found.map(|(seq, rev)| tour.ranges(seq, rev)).unwrap_or_default();
        let mut at = 0;
        let piece = |piece| {
            let (Piece::Text(text) | Piece::Link(text) | Piece::Mention(text)) = &piece;
            let shown = marked(marks::marked(text, at, &ranges));
            at += text.len();
            match piece {
                Piece::Text(_) => shown,
                Piece::Link(link) => {
                    view! { <a href=link target="_blank" rel="noopener noreferrer">{shown}</a> }
                        .into_any()
                }
                Piece::Mention(name) => view! { <mark class="mention">{name}</mark> }.into_any(),
            }
        };
        list(&mut pieces(&content, &me).into_iter().map(piece))
    };
    view! { {move || text()} }
}
