//! The operators of a search as chips; a click on a chip removes its operator.

use leptos::prelude::*;
use shared::search::{HighlightKind, highlight};

use crate::ui::{Icon, Shape};

#[component]
pub fn Chips(#[prop(into)] q: Signal<String>, on_change: Callback<String>) -> impl IntoView {
    let chips = move || {
        let chip = |(operator, rest): (String, String)| {
            let label = format!("Without {operator}");
            view! {
                <button
                    type="button"
                    class="chip"
                    aria-label=label
                    on:click=move |_| on_change.run(rest.clone())
                >
                    {operator}<Icon shape=Shape::Close/>
                </button>
            }
        };
        q.with(|q| operators(q)).into_iter().map(chip).collect_view()
    };
    view! { <div class="chips">{chips}</div> }
}

/// Each operator of a search, and the search without it.
fn operators(q: &str) -> Vec<(String, String)> {
    let mut negation = None;
    let mut operators = Vec::new();
    for piece in highlight(q) {
        match piece.kind {
            HighlightKind::Not => negation = Some(piece.range.start),
            HighlightKind::Operator => {
                let range = negation.take().unwrap_or(piece.range.start)..piece.range.end;
                let rest = format!("{}{}", &q[..range.start], &q[range.end..]);
                let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
                operators.push((q[range].to_owned(), rest));
            }
            _ => negation = None,
        }
    }
    operators
}
