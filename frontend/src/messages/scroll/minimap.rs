//! The minimap behind the scrollbar's thumb: months and years, unread messages, my messages, mentions
//! of me, and the hits of a search. Each kind is one SVG path, however many messages it marks.

use std::ops::Range;

use chrono::Datelike;
use leptos::prelude::*;
use shared::{ids::Seq, messages::RoomMap};

use super::minimap_marks::{my_messages, search_hits};
use crate::{
    api,
    live::LiveClient,
    messages::context::RoomContext,
    search::HitNavigator,
    state::scroll::{
        geometry::ReadableSpan,
        minimap::{HEIGHT, MonthLabel, marks_path, month_labels, y},
    },
    ui::{percent, time},
};

/// The columns of the minimap, which is eight units wide.
const FULL_WIDTH: Range<u8> = 0..8;
const MINE: Range<u8> = 0..4;
const MENTIONS: Range<u8> = 4..8;

#[component]
pub fn Minimap(map: LocalResource<api::Result<RoomMap>>) -> impl IntoView {
    let (room, live) = (expect_context::<RoomContext>(), expect_context::<LiveClient>());
    let navigator = expect_context::<HitNavigator>();
    // Each new message moves all marks, but in a long room by much less than a pixel: the paths are
    // built again when the room has grown by a thousandth.
    let span = Memo::new(move |_| {
        let last = room.with_timeline(|t| t.last_seq().0);
        ReadableSpan::new(room.first_seq(), Seq(last - last % (last / HEIGHT).max(1)))
    });
    let mine = my_messages(room);
    let hits = search_hits(room.id, move || navigator.query());
    let mentions = move || {
        map.with(|map| match map {
            Some(Ok(map)) => map.mentions.clone(),
            _ => Vec::new(),
        })
    };
    let months = Memo::new(move |_| {
        map.with(|map| match map {
            Some(Ok(map)) => map.months.iter().map(|m| (m.month.first(), m.first_seq)).collect(),
            _ => Vec::new(),
        })
    });
    let month_starts = move || months.with(|months| months.iter().map(|(_, seq)| *seq).collect());
    let labels = move || months.with(|months| month_labels(months, span.get()));
    let unread = move || {
        let read = live.rooms.with(|rooms| rooms.get(room.id).map(|room| room.read.read_seq));
        let first = read.map(Seq::next).filter(|first| *first <= span.get().last);
        first.map(|first| format!("M0 {}H{}V{HEIGHT}H0Z", y(first, span.get()), FULL_WIDTH.end))
    };
    view! {
        <svg
            class="map"
            viewBox=format!("0 0 {} {HEIGHT}", FULL_WIDTH.end)
            preserveAspectRatio="none"
            aria-hidden="true"
            focusable="false"
        >
            <path class="map-unread" d=unread/>
            <path class="map-month" d=path(span, FULL_WIDTH, month_starts)/>
            <path class="map-mine" d=path(span, MINE, move || mine.get())/>
            <path class="map-mention" d=path(span, MENTIONS, mentions)/>
            <path class="map-hit" d=path(span, FULL_WIDTH, move || hits.get())/>
        </svg>
        <For each=labels key=|label| (label.month, label.offset.to_bits()) let:label>
            <MonthName label/>
        </For>
    }
}

/// The path of the marks of these messages.
fn path(
    span: Memo<ReadableSpan>,
    columns: Range<u8>,
    seqs: impl Fn() -> Vec<Seq> + Send + Sync + 'static,
) -> Memo<String> {
    Memo::new(move |_| marks_path(seqs(), span.get(), columns.clone()))
}

/// The label of a month ("Mar") or of the first month of a year ("2026").
#[component]
fn MonthName(label: MonthLabel) -> impl IntoView {
    let text = match label.is_year {
        true => label.month.year().to_string(),
        false => time::month_short(label.month),
    };
    view! {
        <span
            class="map-name"
            class:map-year=label.is_year
            style:inset-block-start=percent(label.offset)
        >
            {text}
        </span>
    }
}
