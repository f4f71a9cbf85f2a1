//! Going somewhere: a page around it is loaded if need be, and then its row is put in sight.

use std::time::Duration;

use leptos::prelude::*;
use shared::ids::Seq;

use super::scroll::{Edge, Scroll};
use crate::{api::PageRequest, messages::Open, state::place::back::Place, ui::effect};

/// As long as the style sheet lights up a message that was asked for.
const LIT: Duration = Duration::from_millis(2_400);

/// How the reader comes to a message.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Arrival {
    /// By its address: it is lit up, and there is a way back.
    #[default]
    Named,
    /// By scrolling: so much of it is above.
    Scrolled(f64),
    /// By the way back: it ends so many CSS pixels below the top.
    Back(f64),
}

impl Open {
    /// Goes to a message, loaded or not.
    pub fn go(self, seq: Seq, arrival: Arrival) {
        self.arrival.set_value(arrival);
        self.jump.set(Some(seq));
    }
}

/// Notes where the reader is, for the way back.
pub fn remember(open: Open, scroll: Scroll) {
    if let Some(place) = scroll.place() {
        open.back.update(|back| back.push(place));
    }
}

/// To what is newest.
pub fn to_newest(open: Open, scroll: Scroll) {
    if !scroll.at_bottom.get_untracked() {
        remember(open, scroll);
        to_end(open, scroll);
    }
}

fn to_end(open: Open, scroll: Scroll) {
    let last = open.with_untracked(|t| t.last_seq());
    if open.with_untracked(|t| t.is_loaded(last)) {
        open.jump.set(None);
        scroll.to_bottom();
    } else {
        open.go(last, Arrival::Scrolled(1.0));
    }
}

/// To where the reader was before the last jump.
pub fn back(open: Open, scroll: Scroll) {
    let place = open.back.try_update(|back| back.pop()).flatten();
    match place {
        Some(Place::Newest) => to_end(open, scroll),
        Some(Place::At(seq, ends)) => open.go(seq, Arrival::Back(ends)),
        None => {}
    }
}

/// On coming in: where the unread begins, or the newest, as soon as it is loaded; unless a message was
/// asked for.
pub fn begin_at_the_unread(open: Open, scroll: Scroll) {
    let first = open.unread_after.get_untracked().map(Seq::next);
    Effect::new(move |done: Option<bool>| {
        let unread = first.filter(|seq| open.with(|t| t.is_loaded(*seq)));
        let there = unread.is_some() || open.with(|t| t.is_loaded(t.last_seq()));
        if done != Some(true) && there && open.jump.with_untracked(Option::is_none) {
            // More may be loaded than is shown around the newest.
            if let Some(seq) = unread {
                scroll.look_at(seq);
            }
            request_animation_frame(move || {
                if !scroll.to_row(".unread-line", Edge::Begins(0.2)) {
                    scroll.to_bottom();
                }
            });
        }
        done == Some(true) || there
    });
}

/// Goes to a message that was asked for, loading around it first if need be; and to the bottom with
/// what I say myself.
pub fn go_where_asked(open: Open, scroll: Scroll) {
    Effect::new(move |before: Option<Option<Seq>>| {
        let asked = open.jump.get();
        let seq = asked?;
        let arrival = open.arrival.get_value();
        if arrival == Arrival::Named && before.flatten() != asked {
            remember(open, scroll);
        }
        if open.with(|t| t.is_loaded(seq)) {
            land(open, scroll, seq, arrival);
        } else {
            show_what_came(open, scroll, arrival);
            open.load(PageRequest::Around(seq));
        }
        asked
    });
    let sent = open.sent;
    effect(move || {
        if sent.get() > 0 {
            to_newest(open, scroll);
        }
    });
}

/// Who drags the thumb through a long room sees where they are, page by page, and not only the last.
fn show_what_came(open: Open, scroll: Scroll, arrival: Arrival) {
    let Some(PageRequest::Around(seq)) = open.load.asked().get_untracked() else { return };
    let is_there =
        open.with_untracked(|t| t.is_loaded(seq)) && !open.load.pending().get_untracked();
    if matches!(arrival, Arrival::Scrolled(_)) && is_there {
        scroll.look_at(seq);
        request_animation_frame(move || {
            scroll.to_row(&format!("[data-seq=\"{seq}\"]"), Edge::Hidden(0.0));
        });
    }
}

fn land(open: Open, scroll: Scroll, seq: Seq, arrival: Arrival) {
    scroll.look_at(seq);
    request_animation_frame(move || {
        let is_meant = open.jump.try_get_untracked().flatten() == Some(seq);
        if !is_meant || !open.with_untracked(|t| t.is_loaded(seq)) {
            return;
        }
        let edge = match arrival {
            Arrival::Named => Edge::Begins(0.3),
            // What is above the first message is a word that it is the first.
            Arrival::Scrolled(0.0) if seq == Seq(1) => Edge::Begins(1.0),
            Arrival::Scrolled(part) => Edge::Hidden(part),
            Arrival::Back(ends) => Edge::Ends(ends),
        };
        // The observer may have looked elsewhere meanwhile, and the row is not there yet.
        if !scroll.to_row(&format!("[data-seq=\"{seq}\"]"), edge) {
            return land(open, scroll, seq, arrival);
        }
        open.jump.set(None);
        open.arrival.set_value(Arrival::Named);
        if arrival == Arrival::Named {
            light(open, seq);
        }
    });
}

fn light(open: Open, seq: Seq) {
    open.highlight.set(Some(seq));
    set_timeout(
        move || {
            open.highlight.try_set(None);
        },
        LIT,
    );
}
