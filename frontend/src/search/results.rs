//! The results of a search: counts and hits, or the error of the query.

use std::ops::Range;

use leptos::{ev, html, prelude::*};
use shared::{
    ids::RoomId,
    search::{Hit, QueryHint},
    unicode::isolate,
};

use super::{hit::HitRow, recent::remember_search, summary::Counts};
use crate::{
    api,
    auth::Auth,
    links::room_path,
    live::LiveClient,
    state::search::groups::{GroupedRow, group_by_room},
    ui::{
        Icon, Shape, href, is_shortcut, is_text_field_focused, move_focus, on_page_keydown,
        retry_when_connected, shortcut_key,
    },
};

#[component]
pub fn Results(q: String, grouped: Memo<bool>, on_change: Callback<String>) -> impl IntoView {
    let (auth, live) = (expect_context::<Auth>(), expect_context::<LiveClient>());
    let hits = RwSignal::new(Vec::<Hit>::new());
    let next = RwSignal::new(None::<String>);
    let hints = RwSignal::new(Vec::<QueryHint>::new());
    let q = StoredValue::new(q);
    let load = Action::new_local(move |page: &Option<String>| {
        let (q, page, is_first) = (q.get_value(), page.clone(), page.is_none());
        async move {
            let found = api::search_messages(&q, &page.unwrap_or_default()).await?;
            // After the response, because an invalid query is not worth remembering.
            remember_search(auth, &q);
            next.try_set(api::next_page(&found));
            // Each page has the same hints.
            if is_first {
                hints.try_set(found.hints);
            }
            hits.try_update(|hits| hits.extend(found.hits));
            api::Result::Ok(())
        }
    });
    load.dispatch_local(None);
    // Messages of a room that I was removed from must not stay here.
    Effect::new(move |_| {
        if live.departure.with(Option::is_some) {
            let is_mine =
                |hit: &Hit| live.rooms.with_untracked(|r| r.get(hit.message.room).is_some());
            hits.update(|hits| hits.retain(is_mine));
        }
    });
    let summary = LocalResource::new(move || {
        live.connection_epoch.track();
        live.departure.track();
        api::get_search_summary(q.get_value())
    });
    let error = move || load.value().get().and_then(Result::err);
    let busy = load.pending();
    // While a page loads, the error is that of an earlier try.
    let has_failed =
        Signal::derive(move || !busy.get() && error().is_some_and(|error| error.is_temporary()));
    let retry = move |()| drop(load.dispatch_local(next.get_untracked()));
    retry_when_connected(has_failed, Callback::new(retry));
    let q = Signal::stored(q.get_value());
    let rows = move || match grouped.get() {
        true => group_by_room(hits.get(), |hit| hit.message.room),
        false => hits.get().into_iter().map(GroupedRow::Hit).collect(),
    };
    let list = NodeRef::<html::Ol>::new();
    on_page_keydown(move |event| move_between_hits(event, list));
    view! {
        {move || error().map(|error| {
            view! { <Correction text=error.detail() at=error.suggestion() q on_change/> }
        })}
        {move || hints.get().into_iter().map(|hint| {
            let at = hint.suggestion.map(|suggestion| (hint.at, suggestion));
            view! { <Correction text=hint.message at q on_change/> }
        }).collect_view()}
        {move || {
            let summary = summary.get()?.ok()?;
            Some(view! { <Counts summary grouped q on_change/> })
        }}
        <ol node_ref=list class="hits" aria-label="Messages found" aria-busy=move || busy.get().to_string()>
            <For each=rows key=row_key children=|row| match row {
                GroupedRow::Room(id) => view! { <RoomHeading id/> }.into_any(),
                GroupedRow::Hit(hit) => view! { <HitRow hit/> }.into_any(),
            }/>
        </ol>
        <Show when=move || next.with(Option::is_some)>
            <button
                type="button"
                class="button button-full"
                data-testid="more"
                disabled=busy
                on:click=move |_| { load.dispatch_local(next.get_untracked()); }
            >
                "Show more"
            </button>
        </Show>
    }
}

/// Room ids and message ids may be equal, so the key contains the kind of the row.
fn row_key(row: &GroupedRow<Hit>) -> (bool, i64) {
    match row {
        GroupedRow::Room(id) => (true, id.0),
        GroupedRow::Hit(hit) => (false, hit.message.id.0),
    }
}

#[component]
fn RoomHeading(id: RoomId) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let name = move || live.rooms.with(|rooms| rooms.get(id).map(|room| room.name.clone()));
    let kind = live.rooms.with_untracked(|rooms| rooms.get(id).map(|room| room.kind));
    let shape = Shape::of_room(kind.unwrap_or_default());
    view! {
        <li class="hits-room">
            <h2><a href=href(&room_path(id))><Icon shape=shape/><bdi>{name}</bdi></a></h2>
        </li>
    }
}

/// Arrows or j and k move from hit to hit. The down arrow also moves from the search field to the first
/// hit.
fn move_between_hits(event: &ev::KeyboardEvent, list: NodeRef<html::Ol>) {
    let step = match shortcut_key(event).as_str() {
        "ArrowDown" | "j" => 1,
        "ArrowUp" | "k" => -1,
        _ => return,
    };
    let leaves_field = event.key() == "ArrowDown" && is_text_field_focused();
    let Some(Some(list)) = list.try_get_untracked() else { return };
    let next = |at: Option<i32>, count: i32| at.map_or(0, |at| (at + step).clamp(0, count - 1));
    if (leaves_field || is_shortcut(event)) && move_focus(&list, ".hit", next).is_some() {
        event.prevent_default();
    }
}

/// The error of a query that the server rejected, or a hint, and the suggested correction of a part
/// of the query.
#[component]
fn Correction(
    text: String,
    at: Option<(Range<usize>, String)>,
    q: Signal<String>,
    on_change: Callback<String>,
) -> impl IntoView {
    let correction = at.and_then(|(at, suggestion)| {
        let q = q.get_untracked();
        let (before, after) = (q.get(..at.start)?, q.get(at.end..)?);
        Some((suggestion.clone(), format!("{before}{suggestion}{after}")))
    });
    view! {
        <div class="refusal" role="alert" data-testid="mistake">
            <Icon shape=Shape::Warning/>
            <p dir="auto">{text}</p>
            {correction.map(|(suggestion, corrected)| view! {
                <button
                    type="button"
                    class="button button-small"
                    on:click=move |_| on_change.run(corrected.clone())
                >
                    {format!("Use {}", isolate(&suggestion))}
                </button>
            })}
        </div>
    }
}
