//! A message's text: verbatim, with links to follow and the reader's own name marked.

use leptos::prelude::*;

use crate::{
    state::pieces::{Piece, pieces},
    users::session::Session,
};

/// The text in its pieces.
#[component]
pub fn Text(content: String) -> impl IntoView {
    let me = expect_context::<Session>().me_untracked().map(|me| me.username).unwrap_or_default();
    pieces(&content, &me)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.into_any(),
            Piece::Link(link) => {
                let shown = link.clone();
                view! { <a href=link target="_blank" rel="noopener noreferrer">{shown}</a> }
                    .into_any()
            }
            Piece::Mention(name) => view! { <mark class="mention">{name}</mark> }.into_any(),
        })
        .collect_view()
}
