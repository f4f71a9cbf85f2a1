//! What marks messages as read or unread: looking at them, and the keys.

use std::{cell::Cell, time::Duration};

use leptos::{ev, prelude::*};
use shared::ids::Seq;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::{
    live::{ConnectionStatus, LiveClient},
    messages::{Open, place::Scroll, writing::is_composing},
    state::reading::{Seen, read_up_to},
    ui::{effect, memo},
};

/// So long somebody has to see a message before it counts as read.
const MOMENT: Duration = Duration::from_millis(400);

/// Whether somebody is looking: the tab is shown and has the focus.
pub fn attention() -> RwSignal<bool> {
    let looks = || !document().hidden() && document().has_focus().unwrap_or(true);
    let attention = RwSignal::new(looks());
    let handles = [
        window_event_listener(ev::focus, move |_| attention.set(looks())),
        window_event_listener(ev::blur, move |_| attention.set(looks())),
        window_event_listener(ev::visibilitychange, move |_| attention.set(looks())),
    ];
    on_cleanup(move || handles.into_iter().for_each(|handle| handle.remove()));
    attention
}

/// While anything is unread and somebody looks: what ends in sight now, and ended in sight a moment
/// ago, is read. Two looks a moment apart ask for the places of a few rows; an observer would have
/// one more thing to do for each row that there is. Unless they came to read on, nothing is marked
/// while they see what the address has led them to.
pub fn mark_what_is_seen(
    open: Open,
    scroll: Scroll,
    (attention, reads_on): (RwSignal<bool>, bool),
    live: LiveClient,
) {
    let (reads_on, arrived) = (StoredValue::new(reads_on), StoredValue::new(None));
    let stays = move |now: Seen| {
        let is_there = open.jump.with_untracked(Option::is_none);
        match arrived.get_value() {
            None if is_there => arrived.set_value(Some(now)),
            Some(there) if there != now => reads_on.set_value(true),
            _ => {}
        }
        !reads_on.get_value()
    };
    let read = move || live.rooms.with_untracked(|r| r.get(open.room).map(|r| r.read.read_seq));
    let is_due = memo(move || {
        let wanted = live.rooms.with(|rooms| {
            let unread = rooms.get(open.room).is_some_and(|room| room.read.unread > 0);
            unread && !rooms.is_held(open.room)
        });
        wanted && attention.get() && live.link.get() == Link::Up
    });
    effect(move || {
        if !is_due.get() {
            return;
        }
        let earlier = Cell::new(sight(scroll));
        let look = move || {
            let now = sight(scroll);
            if let (Some(earlier), Some(now), Some(read)) = (earlier.replace(now), now, read())
                && !stays(now)
                && let Some(seq) = read_up_to(earlier, now, read)
            {
                live.seen(open.room, seq, read);
            }
        };
        let watch = set_interval_with_handle(look, MOMENT);
        on_cleanup(move || {
            if let Ok(watch) = watch {
                watch.clear();
            }
        });
    });
}

/// The messages that end in sight. One that is longer than the view is read at its end.
fn sight(scroll: Scroll) -> Option<Seen> {
    let (view, list) = (scroll.view.try_get_untracked()??, scroll.list.try_get_untracked()??);
    let rows = list.query_selector_all("[data-seq]").ok()?;
    let row = |at| rows.item(at)?.dyn_into::<Element>().ok();
    let end = |at| row(at).map_or(f64::MAX, |row| row.get_bounding_client_rect().bottom());
    let view = view.get_bounding_client_rect();
    let (mut low, mut high) = (0, rows.length());
    while low < high {
        let middle = (low + high) / 2;
        match end(middle) > view.top() {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    // Layout counts in fractions of a pixel.
    let in_sight = (low..rows.length()).take_while(|at| end(*at) <= view.bottom() + 1.0);
    Seen::of(in_sight.map_while(|at| Some(Seq(row(at)?.get_attribute("data-seq")?.parse().ok()?))))
}

/// What begins to be unread while the reader looks elsewhere is below a line when they are back; so
/// is what they, on whichever device, want to be unread. It stays there until they leave the room.
pub fn draw_the_line(open: Open, attention: RwSignal<bool>, since: RwSignal<bool>, live: LiveClient) {
    let place = memo(move || {
        live.rooms.with(|rooms| {
            let read = rooms.get(open.room).map(|room| room.read).unwrap_or_default();
            (read.read_seq, read.unread > 0, rooms.is_held(open.room))
        })
    });
    Effect::new(move |had_unread: Option<bool>| {
        let (read_seq, has_unread, is_held) = place.get();
        let begins = had_unread == Some(false) && has_unread && !attention.get_untracked();
        if begins || is_held {
            open.unread_after.set(Some(read_seq));
        }
        if begins || !has_unread {
            since.set(has_unread);
        }
        has_unread
    });
}

/// Esc marks the room as read, where nothing else is there to be closed; U marks the message that
/// has the focus, and everything after it, as unread.
pub fn keys(open: Open, live: LiveClient) {
    let handle = window_event_listener(ev::keydown, move |event| {
        let with_others =
            event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key();
        let has_dialog = || document().query_selector("dialog[open]").is_ok_and(|d| d.is_some());
        if event.default_prevented() || with_others || is_composing(&event) || has_dialog() {
            return;
        }
        match event.key().as_str() {
            "Escape" => live.mark_all_read(Some(open.room)),
            "u" => {
                let row = document().active_element().and_then(|row| row.get_attribute("data-seq"));
                if let Some(seq) = row.and_then(|seq| seq.parse().ok()) {
                    live.unread_from(open.room, Seq(seq));
                }
            }
            _ => {}
        }
    });
    on_cleanup(move || handle.remove());
}
