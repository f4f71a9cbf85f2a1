//! The operators of a search as chips; a click on a chip removes its operator.

use leptos::prelude::*;
use shared::{
    search::{HighlightKind, highlight},
    unicode::isolate,
};

use crate::{
    live::LiveClient,
    state::search::room_names::with_room_names,
    ui::{Icon, Shape},
};

#[component]
pub fn Chips(#[prop(into)] q: Signal<String>, on_change: Callback<String>) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    // A memo, because the list of rooms changes with each message.
    let operators = Memo::new(move |_| {
        let operators = q.with(|q| operators(q)).into_iter();
        let label = |operator: String| live.rooms.with(|rooms| with_room_names(&operator, rooms));
        operators.map(|(operator, rest)| (label(operator), rest)).collect::<Vec<_>>()
    });
    let chip = move |(operator, rest): (String, String)| {
        let label = format!("Remove {}", isolate(&operator));
        view! {
            <button
                type="button"
                class="chip"
                aria-label=label
                on:click=move |_| on_change.run(rest.clone())
            >
                <bdi>{operator}</bdi><Icon shape=Shape::Close/>
            </button>
        }
    };
    let chips = move || operators.get().into_iter().map(chip).collect_view();
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
                // Only the blanks around the operator: those in a quoted text belong to it.
                let (before, after) = (q[..range.start].trim_end(), q[range.end..].trim_start());
                let separator = if before.is_empty() || after.is_empty() { "" } else { " " };
                operators.push((q[range].to_owned(), format!("{before}{separator}{after}")));
            }
            _ => negation = None,
        }
    }
    operators
}

#[cfg(test)]
mod tests {
    use super::operators;

    #[test]
    fn removing_an_operator_keeps_the_blanks_of_quoted_texts() {
        let q = "\"a  b\"  from:ada\t~\"c\u{a0}\u{a0}d\" -in:x ";
        let rest: Vec<_> = operators(q).into_iter().map(|(_, rest)| rest).collect();
        assert_eq!(
            rest,
            ["\"a  b\" ~\"c\u{a0}\u{a0}d\" -in:x ", "\"a  b\"  from:ada\t~\"c\u{a0}\u{a0}d\""]
        );
        assert_eq!(operators("from:ada disk")[0].1, "disk");
    }
}
