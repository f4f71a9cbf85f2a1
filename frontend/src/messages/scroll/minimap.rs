//! What is where in the room, beside the thumb of its scrollbar: months and years, what is unread,
//! what I said, who spoke of me, what a search found. A path for each kind, however many messages it marks.

use std::ops::Range;

use leptos::prelude::*;
use shared::{ids::Seq, messages::RoomMap};

use super::hits::{hits, mine};
use crate::{
    api::Answer,
    live::LiveClient,
    messages::Open,
    search::Tour,
    state::place::marks::{HEIGHT, Name, names, path, y},
    ui::{each, memo, percent, time},
};

/// The lanes of the map, of the eight that it is wide.
const WHOLE: Range<u8> = 0..8;
const MINE: Range<u8> = 0..4;
const MENTIONS: Range<u8> = 4..8;

/// The map; empty until it has come.
#[component]
pub fn Minimap(map: ReadSignal<Option<Answer<RoomMap>>>) -> impl IntoView {
    let (open, live) = (expect_context::<Open>(), expect_context::<LiveClient>());
    let tour = expect_context::<Tour>();
    // With every message all places move, but only with a thousandth of them by a point.
    let last = memo(move || {
        let last = open.with(|t| t.last_seq().0);
        Seq(last - last % (last / HEIGHT).max(1))
    });
    let (mine, found) = (mine(open), hits(open.room, move || tour.query()));
    let mentions = move || {
        map.with(|map| match map {
            Some(Ok(map)) => map.mentions.clone(),
            _ => Vec::new(),
        })
    };
    let months = memo(move || {
        map.with(|map| match map {
            Some(Ok(map)) => map.months.iter().map(|m| (m.month.first(), m.first_seq)).collect(),
            _ => Vec::new(),
        })
    });
    let begins = move || months.with(|months| months.iter().map(|(_, seq)| *seq).collect());
    let names = memo(move || months.with(|months| names(months, last.get())));
    let unread = move || {
        let read = live.rooms.with(|rooms| rooms.get(open.room).map(|room| room.read.read_seq));
        let first = read.map(Seq::next).filter(|first| *first <= last.get());
        first.map(|first| format!("M0 {}H{}V{HEIGHT}H0Z", y(first, last.get()), WHOLE.end))
    };
    view! {
        <svg
            class="map"
            viewBox=format!("0 0 {} {HEIGHT}", WHOLE.end)
            preserveAspectRatio="none"
            aria-hidden="true"
            focusable="false"
        >
            <path class="map-unread" d=move || unread()/>
            {marks("map-month", last, WHOLE, begins)}
            {marks("map-mine", last, MINE, move || mine.get())}
            {marks("map-mention", last, MENTIONS, move || mentions())}
            {marks("map-hit", last, WHOLE, move || found.get())}
        </svg>
        {each(move || names.get(), key, |name| view! { <MonthName name/> }.into_any())}
    }
}

/// Messages of a kind, which is its class in the style sheet.
fn marks(
    kind: &'static str,
    last: Memo<Seq>,
    lane: Range<u8>,
    seqs: impl Fn() -> Vec<Seq> + Send + Sync + 'static,
) -> AnyView {
    let d = memo(move || path(seqs(), last.get(), lane.clone()));
    view! { <path class=kind d=move || d.get()/> }.into_any()
}

fn key(name: &Name) -> (chrono::NaiveDate, u64) {
    (name.month, name.part.to_bits())
}

/// "2026", "Mar"
#[component]
fn MonthName(name: Name) -> impl IntoView {
    use chrono::Datelike;
    let text = match name.is_year {
        true => name.month.year().to_string(),
        false => time::month_short(name.month),
    };
    view! {
        <span
            class="map-name"
            class:map-year=name.is_year
            style:inset-block-start=percent(name.part)
        >
            {text}
        </span>
    }
}
