//! The operators of a search, each to be taken away by a click.

use leptos::prelude::*;
use shared::search::{Kind, pieces};

use crate::ui::{Icon, Shape};

/// What was asked beside words.
#[component]
pub fn Chips(
    #[prop(into)] q: Signal<String>,
    #[prop(into)] on_change: Callback<String>,
) -> impl IntoView {
    let chips = move || {
        q.with(|q| {
            let mut not = None;
            let mut chips = Vec::new();
            for piece in pieces(q) {
                match piece.kind {
                    Kind::Not => not = Some(piece.range.start),
                    Kind::Operator => {
                        let range = not.take().unwrap_or(piece.range.start)..piece.range.end;
                        let rest = format!("{}{}", &q[..range.start], &q[range.end..]);
                        let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
                        chips.push((q[range].to_owned(), rest));
                    }
                    _ => not = None,
                }
            }
            chips
        })
    };
    view! {
        <div class="chips">
            {move || chips().into_iter().map(|(text, rest)| {
                let label = format!("Without {text}");
                view! {
                    <button
                        type="button"
                        class="chip"
                        aria-label=label
                        on:click:target=move |_| on_change.run(rest.clone())
                    >
                        {text}<Icon shape=Shape::Close/>
                    </button>
                }
            }).collect_view()}
        </div>
    }
}
