//! What a search found, flat or a room after the other, and what it could not read.

use leptos::{ev, html, prelude::*};
use shared::{ids::RoomId, search::Hit};

use super::{hit::HitRow, recent::remember, summary::Counts};
use crate::{
    api,
    live::LiveClient,
    state::search::groups::{GroupedRow, group_by_room},
    ui::{
        Icon, Shape, action, each, href, is_plain_key, is_writing, move_focus, on_key, resource,
        shown,
    },
    users::session::Session,
};

/// Counts and hits of one search.
#[component]
pub fn Results(q: String, grouped: Memo<bool>, on_change: Callback<String>) -> impl IntoView {
    let hits = RwSignal::new(Vec::<Hit>::new());
    let more = RwSignal::new(None::<String>);
    let asked = StoredValue::new(q.clone());
    let session = expect_context::<Session>();
    let load = action(move |from: &Option<String>| {
        let (q, from) = (asked.get_value(), from.clone());
        async move {
            let found = api::search_messages(&q, &from.unwrap_or_default()).await?;
            // Not what could not be read: nobody wants that again.
            remember(session, &q);
            more.try_set(api::next_page(&found));
            hits.try_update(|hits| hits.extend(found.hits));
            Ok(()) as api::Result<()>
        }
    });
    load.dispatch(None);
    let summary = resource(move || api::get_search_summary(asked.get_value()));
    let failure = move || load.value().get().and_then(Result::err);
    let busy = load.pending();
    let text = Signal::stored(q);
    let lines = move || match grouped.get() {
        true => group_by_room(hits.get(), |hit| hit.message.room),
        false => hits.get().into_iter().map(GroupedRow::Hit).collect(),
    };
    let list = NodeRef::<html::Ol>::new();
    on_key(move |event| walk(event, list));
    view! {
        {move || match failure() {
            Some(failure) => view! { <Refused failure q=text on_change/> }.into_any(),
            None => ().into_any(),
        }}
        {move || match summary.get() {
            Some(Ok(summary)) => view! { <Counts summary grouped q=text on_change/> }.into_any(),
            _ => ().into_any(),
        }}
        <ol node_ref=list class="hits" aria-label="Messages found" aria-busy=move || busy.get().to_string()>
            {each(move || lines(), key, |line| match line {
                GroupedRow::Room(id) => view! { <RoomHeading id/> }.into_any(),
                GroupedRow::Hit(hit) => view! { <HitRow hit/> }.into_any(),
            })}
        </ol>
        {shown(move || more.with(Option::is_some), move || view! {
            <button
                type="button"
                class="button button-full"
                data-testid="more"
                disabled=move || busy.get()
                on:click:target=move |_| load.dispatch(more.get_untracked())
            >
                "Show more"
            </button>
        }.into_any())}
    }
}

/// Of a room or a message: no number is both.
fn key(line: &GroupedRow<Hit>) -> (bool, i64) {
    match line {
        GroupedRow::Room(id) => (true, id.0),
        GroupedRow::Hit(hit) => (false, hit.message.id.0),
    }
}

#[component]
fn RoomHeading(id: RoomId) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let name = move || {
        live.rooms.with(|rooms| rooms.get(id).map(|room| room.name.clone()).unwrap_or_default())
    };
    view! {
        <li class="hits-room">
            <h2><a href=href(&format!("/room/{id}"))><Icon shape=Shape::Hash/>{move || name()}</a></h2>
        </li>
    }
}

/// Down and up, or j and k, walk from hit to hit; down from the field comes to the first one.
fn walk(event: &ev::KeyboardEvent, list: NodeRef<html::Ol>) {
    let step = match event.key().as_str() {
        "ArrowDown" | "j" => 1,
        "ArrowUp" | "k" => -1,
        _ => return,
    };
    let leaves_the_field = event.key() == "ArrowDown" && is_writing();
    let Some(Some(list)) = list.try_get_untracked() else { return };
    let next = |at: Option<i32>, count: i32| at.map_or(0, |at| (at + step).clamp(0, count - 1));
    if (leaves_the_field || is_plain_key(event)) && move_focus(&list, ".hit", next).is_some() {
        event.prevent_default();
    }
}

/// What the server could not read, and what was perhaps meant.
#[component]
fn Refused(failure: api::Error, q: Signal<String>, on_change: Callback<String>) -> impl IntoView {
    let mended = failure.suggestion().and_then(|(at, suggestion)| {
        let q = q.get_untracked();
        let (before, after) = (q.get(..at.start)?, q.get(at.end..)?);
        Some((suggestion.clone(), format!("{before}{suggestion}{after}")))
    });
    view! {
        <div class="refusal" role="alert" data-testid="mistake">
            <Icon shape=Shape::Warning/>
            <p>{failure.detail()}</p>
            {mended.map(|(suggestion, mended)| view! {
                <button
                    type="button"
                    class="button button-small"
                    on:click:target=move |_| on_change.run(mended.clone())
                >
                    {format!("Use {suggestion}")}
                </button>
            })}
        </div>
    }
}
