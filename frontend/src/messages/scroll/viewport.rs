//! Where the reader is in the timeline. Whatever grows or shrinks, above or below, what they look at
//! stays where it is; at the bottom they stay at the bottom. Knows rows by their `data-seq` only.

use leptos::{html, prelude::*};
use shared::ids::Seq;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{DomRect, Element, ResizeObserver};

use crate::state::place::{back::Place, bar::Sight};

/// Closer than this to the end is at the end, in CSS pixels.
const BOTTOM_PX: i32 = 32;

/// The place, kept through every change of the content.
#[derive(Clone, Copy)]
pub struct Scroll {
    /// What scrolls.
    pub view: NodeRef<html::Div>,
    /// What is in it.
    pub list: NodeRef<html::Div>,
    /// Whether the newest is in sight.
    pub at_bottom: RwSignal<bool>,
    /// What part of the room is in sight.
    pub sight: RwSignal<Sight>,
    /// Whether there is more than fits. Not whether something is out of sight, which scrolling ends:
    /// a scrollbar that came and went with it would make rows break otherwise, and so move them.
    pub overflows: RwSignal<bool>,
    /// Whether the last row is the room's: otherwise the bottom is not where the newest is.
    is_end: StoredValue<bool>,
    /// The first row in sight and how far below the top it ends. Not where it begins: with older
    /// rows above it, it may lose its head, and what is below must not move then.
    anchor: StoredValue<Option<(Seq, f64)>>,
    /// How high content and view were when the place was last right, and how far scrolled.
    settled: StoredValue<(i32, i32, i32)>,
}

/// Where a row is to be in the view.
#[derive(Clone, Copy)]
pub enum Edge {
    /// It begins at this part of the height (0: top).
    Begins(f64),
    /// This part of it is above the view.
    Hidden(f64),
    /// It ends so many CSS pixels below the top.
    Ends(f64),
}

impl Scroll {
    pub fn new() -> Self {
        Self {
            view: NodeRef::new(),
            list: NodeRef::new(),
            at_bottom: RwSignal::new(true),
            sight: RwSignal::new(Sight::default()),
            overflows: RwSignal::new(false),
            is_end: StoredValue::new(false),
            anchor: StoredValue::new(None),
            settled: StoredValue::new((0, 0, 0)),
        }
    }

    /// Begins to hold the place. The observer calls after layout and before paint, so that nothing
    /// jumps in sight of the reader.
    pub fn hold(self) {
        let Some((view, list)) = self.nodes() else { return };
        let settle = Closure::<dyn FnMut()>::new(move || self.settle());
        let Ok(observer) = ResizeObserver::new(settle.as_ref().unchecked_ref()) else { return };
        observer.observe(&view);
        observer.observe(&list);
        let kept = StoredValue::new_local((observer, settle));
        on_cleanup(move || {
            kept.try_with_value(|(observer, _)| observer.disconnect());
        });
    }

    /// Other rows are about to be there, and whether the last of them is the room's. As many may come
    /// above as go below, and nothing is higher for it: the observer is not called then.
    pub fn rows_change(self, is_end: bool) {
        self.is_end.set_value(is_end);
        queue_microtask(move || self.settle());
    }

    /// The reader scrolled. If the content has changed as well, and the observer has not been called
    /// yet, the place is what it was, moved by as much as the reader scrolled.
    pub fn scrolled(self) {
        let Some((view, _)) = self.nodes() else { return };
        let Some((height, shown, top)) = self.settled.try_get_value() else { return };
        if (view.scroll_height(), view.client_height()) == (height, shown) {
            return self.record();
        }
        let by = view.scroll_top() - top;
        self.settled.try_set_value((height, shown, view.scroll_top()));
        self.anchor.try_update_value(|anchor| {
            if let Some((_, offset)) = anchor {
                *offset -= f64::from(by);
            }
        });
        if by < 0 && self.at_bottom.try_get_untracked() == Some(true) {
            self.at_bottom.try_set(false);
        }
    }

    /// Remembers the place.
    fn record(self) {
        let Some((view, list)) = self.nodes() else { return };
        let top = view.scroll_top();
        self.settled.try_set_value((view.scroll_height(), view.client_height(), top));
        let overflows = view.scroll_height() > view.client_height();
        if self.overflows.try_get_untracked() != Some(overflows) {
            self.overflows.try_set(overflows);
        }
        let rest = view.scroll_height() - view.scroll_top() - view.client_height();
        let at_bottom = rest < BOTTOM_PX && self.is_end.try_get_value() == Some(true);
        if self.at_bottom.try_get_untracked() != Some(at_bottom) {
            self.at_bottom.try_set(at_bottom);
        }
        let seen = in_sight(&list, &view.get_bounding_client_rect());
        self.anchor.try_set_value(seen.map(|(seq, ends, _)| (seq, ends)));
        if let Some((.., sight)) = seen
            && self.sight.try_get_untracked() != Some(sight)
        {
            self.sight.try_set(sight);
        }
    }

    /// Where the reader is, to come back to; none if nothing is there yet.
    pub fn place(self) -> Option<Place> {
        let (seq, ends) = self.anchor.get_value()?;
        Some(if self.at_bottom.get_untracked() { Place::Newest } else { Place::At(seq, ends) })
    }

    /// From now on the reader is with this message: its row is there as soon as it is loaded. What
    /// they looked at is not held any more; it would take them back.
    pub fn look_at(self, seq: Seq) {
        self.anchor.set_value(None);
        self.at_bottom.set(false);
        self.sight.update(|sight| *sight = sight.at(seq));
    }

    /// Takes the reader to the newest, which is loaded, as soon as its row is there.
    pub fn to_bottom(self) {
        self.at_bottom.set(true);
        request_animation_frame(move || self.settle());
    }

    /// Puts a row where it is to be. False if there is no such row.
    pub fn to_row(self, selector: &str, edge: Edge) -> bool {
        let Some((view, list)) = self.nodes() else { return false };
        let Ok(Some(row)) = list.query_selector(selector) else { return false };
        let (row, seen) = (row.get_bounding_client_rect(), view.get_bounding_client_rect());
        let by = match edge {
            Edge::Begins(part) => row.top() - seen.top() - seen.height() * part,
            Edge::Hidden(part) => row.top() - seen.top() + row.height() * part,
            Edge::Ends(offset) => row.bottom() - seen.top() - offset,
        };
        view.set_scroll_top(view.scroll_top() + by.round() as i32);
        self.record();
        true
    }

    fn settle(self) {
        let Some((view, list)) = self.nodes() else { return };
        if self.at_bottom.try_get_untracked() == Some(true) {
            view.set_scroll_top(view.scroll_height());
            return self.record();
        }
        let Some(Some((seq, was))) = self.anchor.try_get_value() else { return };
        if let Ok(Some(row)) = list.query_selector(&format!("[data-seq=\"{seq}\"]")) {
            let is =
                row.get_bounding_client_rect().bottom() - view.get_bounding_client_rect().top();
            if (is - was).abs() >= 1.0 {
                view.set_scroll_top(view.scroll_top() + (is - was).round() as i32);
            }
        }
        self.record();
    }

    fn nodes(self) -> Option<(web_sys::HtmlDivElement, web_sys::HtmlDivElement)> {
        Some((self.view.try_get_untracked()??, self.list.try_get_untracked()??))
    }
}

/// The first message that ends below the top of the view, how far below, and what part of the room
/// is in sight; rows stand in the order of the page.
fn in_sight(list: &Element, view: &DomRect) -> Option<(Seq, f64, Sight)> {
    let rows = list.children();
    let rect = |at| rows.item(at).map(|row| row.get_bounding_client_rect());
    // How many rows there are before the first of which this is not so.
    let count = |is_so: &dyn Fn(&DomRect) -> bool| {
        let (mut low, mut high) = (0, rows.length());
        while low < high {
            let middle = (low + high) / 2;
            match rect(middle).is_some_and(|rect| is_so(&rect)) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    };
    let numbered = |at| {
        let seq: i64 = rows.item(at)?.get_attribute("data-seq")?.parse().ok()?;
        Some((seq, rect(at)?))
    };
    let above = count(&|row| row.bottom() <= view.top());
    let (first, row) = (above..rows.length()).find_map(numbered)?;
    let part = |row: &DomRect, edge: f64| ((edge - row.top()) / row.height()).clamp(0.0, 1.0);
    let from = first as f64 + part(&row, view.top());
    let last = (0..count(&|row| row.top() < view.bottom())).rev().find_map(numbered);
    let to = last.map_or(from, |(last, row)| last as f64 + part(&row, view.bottom()));
    let sight = Sight { from, to: to.max(from) };
    Some((Seq(first), row.bottom() - view.top(), sight))
}
