//! How much was found, and where: each count narrows the search.

use leptos::prelude::*;
use shared::paths;

use super::ExportDialog;
use crate::api::Summary;

/// Counts of each kind that are shown.
const SHOWN: usize = 4;

/// "23 messages", by room, by author, by month.
#[component]
pub fn Counts(
    summary: Summary,
    #[prop(into)] q: Signal<String>,
    #[prop(into)] on_change: Callback<String>,
) -> impl IntoView {
    let total = match (summary.total, summary.more) {
        (0, true) => "Nothing was found so far, and there is more to look through".to_owned(),
        (0, false) => "Nothing was found".to_owned(),
        (1, _) => "1 message".to_owned(),
        (n, false) => format!("{n} messages"),
        (n, true) => format!("More than {n} messages"),
    };
    let export = RwSignal::new(false);
    let path = move || {
        let q = String::from(js_sys::encode_uri_component(&q.get()));
        format!("{}?q={q}", paths::EXPORT_SEARCH)
    };
    let rooms = summary.rooms.iter().map(|room| (quoted("in", &room.name), room.count));
    let people =
        summary.authors.iter().map(|author| (quoted("from", &author.user.username), author.count));
    let months =
        summary.months.iter().map(|month| (format!("during:{}", month.month), month.count));
    let kinds: [Vec<_>; 3] = [rooms.collect(), people.collect(), months.collect()];
    // What all of them have in common narrows nothing.
    let narrowing = kinds.into_iter().filter(|kind| kind.len() > 1);
    let narrowing =
        narrowing.flat_map(|kind| kind.into_iter().take(SHOWN)).map(|(operator, count)| {
            let narrower = operator.clone();
            let narrow = move || on_change.run(format!("{} {narrower}", q.get_untracked().trim()));
            view! {
                <button type="button" class="chip" on:click:target=move |_| narrow()>
                    {operator}<span class="quiet">{count}</span>
                </button>
            }
        });
    view! {
        <div class="counts">
            <p class="counts-head">
                <span class="quiet" role="status" data-testid="total">{total}</span>
                <button
                    type="button"
                    class="button button-small button-quiet"
                    data-testid="export"
                    on:click:target=move |_| export.set(true)
                >
                    "Export"
                </button>
            </p>
            <ExportDialog open=export path=Signal::derive(move || path())/>
            <div class="chips">{narrowing.collect_view()}</div>
        </div>
    }
}

/// A value with blanks or quotes stands in quotes, and so does what would else mean `me`.
fn quoted(operator: &str, value: &str) -> String {
    let is_plain = value.chars().all(char::is_alphanumeric) && !value.eq_ignore_ascii_case("me");
    match is_plain {
        true => format!("{operator}:{value}"),
        false => format!("{operator}:\"{}\"", value.replace('"', "\"\"")),
    }
}
