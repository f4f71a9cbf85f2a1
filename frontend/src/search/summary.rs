//! How much was found, and where: each count narrows the search.

use leptos::prelude::*;
use shared::{
    paths,
    search::{By, Person, Place, Summary, parse},
};

use super::{ExportDialog, search_address};
use crate::ui::{href, list, shown};

/// Counts of each kind that are shown.
const SHOWN: usize = 4;

/// "23 messages", by room, by author, by month.
#[component]
pub fn Counts(
    summary: Summary,
    grouped: Memo<bool>,
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
    let in_many_rooms = summary.rooms.len() > 1;
    let other_way = move || href(&search_address(&q.get(), !grouped.get()));
    let rooms =
        summary.rooms.iter().map(|room| (By::In(Place::Name(room.name.clone())), room.count));
    let people = summary.authors.iter().map(|author| {
        let name = author.user.username.clone();
        (By::From(Person::Name(name)), author.count)
    });
    let months =
        summary.months.iter().filter_map(|m| Some((By::On(m.month.parse().ok()?), m.count)));
    let kinds: [Vec<_>; 3] = [rooms.collect(), people.collect(), months.collect()];
    // What all of them have in common narrows nothing.
    let narrowing = kinds.into_iter().filter(|kind| kind.len() > 1);
    let narrowing = narrowing.flat_map(|kind| kind.into_iter().take(SHOWN)).map(|(by, count)| {
        let text = by.to_string();
        let narrow = move || {
            if let Ok(query) = parse(&q.get_untracked()) {
                on_change.run(query.narrowed(by.clone()).to_string());
            }
        };
        view! {
            <button type="button" class="chip" on:click:target=move |_| narrow()>
                {text}<span class="quiet">{count}</span>
            </button>
        }
        .into_any()
    });
    view! {
        <div class="counts">
            <p class="counts-head">
                <span class="quiet" role="status" data-testid="total">{total}</span>
                {shown(move || in_many_rooms || grouped.get(), move || view! {
                    <a
                        href=move || other_way()
                        class="button button-small button-quiet"
                        data-testid="by-room"
                    >
                        {move || if grouped.get() { "All together" } else { "Group by room" }}
                    </a>
                }.into_any())}
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
            <div class="chips">{list(&mut narrowing.into_iter())}</div>
        </div>
    }
}
