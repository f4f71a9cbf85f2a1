//! Where the reader is in the timeline. Whatever grows or shrinks, above or below, what they look at
//! stays where it is; at the bottom they stay at the bottom. Knows rows by their `data-seq` only.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, ResizeObserver};

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
    /// The first row in sight and how far below the top it ends. Not where it begins: with older
    /// rows above it, it may lose its head, and what is below must not move then.
    anchor: StoredValue<Option<(String, f64)>>,
    /// How high content and view were when the place was last right, and how far scrolled.
    settled: StoredValue<(i32, i32, i32)>,
}

impl Scroll {
    pub fn new() -> Self {
        Self {
            view: NodeRef::new(),
            list: NodeRef::new(),
            at_bottom: RwSignal::new(true),
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
        let rest = view.scroll_height() - view.scroll_top() - view.client_height();
        let at_bottom = rest < BOTTOM_PX;
        if self.at_bottom.try_get_untracked() != Some(at_bottom) {
            self.at_bottom.try_set(at_bottom);
        }
        let top = view.get_bounding_client_rect().top();
        self.anchor.try_set_value(first_in_sight(&list, top));
    }

    /// Takes the reader to the newest.
    pub fn to_bottom(self) {
        let Some((view, _)) = self.nodes() else { return };
        view.set_scroll_top(view.scroll_height());
        self.record();
    }

    /// Puts a row at this part of the height (0: top). False if there is no such row.
    pub fn to_row(self, selector: &str, part: f64) -> bool {
        let Some((view, list)) = self.nodes() else { return false };
        let Ok(Some(row)) = list.query_selector(selector) else { return false };
        let offset = row.get_bounding_client_rect().top() - view.get_bounding_client_rect().top();
        let by = offset - f64::from(view.client_height()) * part;
        view.set_scroll_top(view.scroll_top() + by as i32);
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

/// The first row with a number that ends below the top; rows stand in the order of the page.
fn first_in_sight(list: &Element, top: f64) -> Option<(String, f64)> {
    let rows = list.children();
    let (mut low, mut high) = (0, rows.length());
    while low < high {
        let middle = (low + high) / 2;
        match rows.item(middle)?.get_bounding_client_rect().bottom() > top {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    (low..rows.length()).find_map(|at| {
        let row = rows.item(at)?;
        Some((row.get_attribute("data-seq")?, row.get_bounding_client_rect().bottom() - top))
    })
}
