//! The number of hits of a search, in total and by room, author and month. A click on a count
//! narrows the search.

use leptos::prelude::*;
use shared::{
    paths,
    search::{Person, Predicate, RoomRef, Summary, parse},
};

use super::ExportDialog;
use crate::{
    links::search_path,
    live::LiveClient,
    state::search::room_names::with_room_names,
    ui::{href, time},
};

/// The maximum number of counts of each kind.
const MAX_COUNTS: usize = 4;

#[component]
pub fn Counts(
    summary: Summary,
    grouped: Memo<bool>,
    q: Signal<String>,
    on_change: Callback<String>,
) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let is_in_many_rooms = summary.rooms.len() > 1;
    let toggle_href = move || href(&search_path(&q.get(), !grouped.get()));
    let export = RwSignal::new(false);
    let export_path = Signal::derive(move || {
        let q = String::from(js_sys::encode_uri_component(&q.get()));
        format!("{}?q={q}", paths::EXPORT_SEARCH)
    });
    let chips = filters(&summary).into_iter().map(|(by, count)| {
        let text = live.rooms.with_untracked(|rooms| with_room_names(&by.to_string(), rooms));
        let narrow = move |_| {
            if let Ok(query) = parse(&q.get_untracked()) {
                on_change.run(query.narrow(by.clone()).to_string());
            }
        };
        view! {
            <button type="button" class="chip" on:click=narrow>
                <bdi>{text}</bdi><span class="quiet">{time::number(count as i64)}</span>
            </button>
        }
    });
    view! {
        <div class="counts">
            <p class="counts-head">
                <span class="quiet" role="status" data-testid="total">{total(&summary)}</span>
                <Show when=move || is_in_many_rooms || grouped.get()>
                    <a
                        href=toggle_href
                        class="button button-small button-quiet"
                        data-testid="by-room"
                    >
                        {move || if grouped.get() { "One list" } else { "Group by room" }}
                    </a>
                </Show>
                <button
                    type="button"
                    class="button button-small button-quiet"
                    data-testid="export"
                    on:click=move |_| export.set(true)
                >
                    "Export"
                </button>
            </p>
            <ExportDialog open=export path=export_path/>
            <div class="chips">{chips.collect_view()}</div>
        </div>
    }
}

fn total(summary: &Summary) -> String {
    match (summary.total, summary.more) {
        (0, true) => "No messages found yet; the search isn't complete".to_owned(),
        (0, false) => "No messages found".to_owned(),
        (n, false) => time::count(n as i64, "message"),
        (n, true) => {
            let messages = time::count(n as i64, "message");
            format!(
                "More than {messages}; the counts below cover the newest {}",
                time::number(n as i64)
            )
        }
    }
}

/// Operators that narrow the search, with their counts. A kind with only one count is left out,
/// because it would narrow nothing.
fn filters(summary: &Summary) -> Vec<(Predicate, u64)> {
    let rooms = summary.rooms.iter().map(|room| {
        // A direct room has no name.
        let room_ref = match room.name.is_empty() {
            true => RoomRef::Id(room.id),
            false => RoomRef::Name(room.name.clone()),
        };
        (Predicate::In(room_ref), room.count)
    });
    let authors = summary.authors.iter().map(|author| {
        let name = author.user.username.clone();
        (Predicate::From(Person::Name(name)), author.count)
    });
    let months =
        summary.months.iter().filter_map(|m| Some((Predicate::On(m.month.parse().ok()?), m.count)));
    let kinds: [Vec<_>; 3] = [rooms.collect(), authors.collect(), months.collect()];
    let kinds = kinds.into_iter().filter(|kind| kind.len() > 1);
    kinds.flat_map(|kind| kind.into_iter().take(MAX_COUNTS)).collect()
}
