//! The viewport of the timeline with scroll anchoring: when content grows or shrinks, above or
//! below, the first message on the screen stays where it is; a viewport at the bottom stays at the
//! bottom.

use leptos::{html, prelude::*};
use shared::ids::Seq;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlDivElement, ResizeObserver};

use super::measure::{fully_visible, measure};
use crate::state::{
    read_tracking::VisibleRun,
    scroll::{geometry::VisibleRange, jump_history::ScrollPosition},
};

/// The bottom is reached when it is closer than this, in CSS pixels.
const BOTTOM_PX: i32 = 32;

#[derive(Clone, Copy)]
pub struct Viewport {
    /// The element that scrolls.
    pub scroller: NodeRef<html::Div>,
    /// The list of rows in it.
    pub content: NodeRef<html::Div>,
    /// Whether the newest message is on the screen.
    pub at_bottom: RwSignal<bool>,
    pub visible: RwSignal<VisibleRange>,
    /// The first message on the screen, with a fraction, at the bottom of the room. `None` while the
    /// newest message has no row.
    pub bottom: RwSignal<Option<f64>>,
    /// Whether the content is higher than the viewport. This does not depend on the scroll position:
    /// a scrollbar that appeared while scrolling would change line breaks, and so move the rows.
    pub overflows: RwSignal<bool>,
    /// Whether the last row is the room's last; otherwise the bottom is not the newest message.
    has_room_end: StoredValue<bool>,
    anchor: StoredValue<Option<Anchor>>,
    layout: StoredValue<Layout>,
}

/// The row that keeps its position on the screen: the first one. Its bottom edge is kept instead of
/// its top edge, because a row loses its author line when older rows of the same author are added
/// above it.
#[derive(Clone, Copy)]
struct Anchor {
    seq: Seq,
    /// How far below the top of the viewport it ends, in CSS pixels.
    bottom: f64,
}

/// The layout when the anchor was recorded.
#[derive(Clone, Copy, Default)]
struct Layout {
    /// The top of the viewport in the window, in CSS pixels.
    top: f64,
    content_height: i32,
    height: i32,
    scroll_top: i32,
}

/// Where [`Viewport::scroll_to_row`] puts a row.
#[derive(Clone, Copy)]
pub enum RowAlignment {
    /// Its top is at this fraction of the viewport's height.
    Top(f64),
    /// This fraction of it is above the viewport.
    Hidden(f64),
    /// Its bottom is this many CSS pixels below the viewport's top.
    Bottom(f64),
}

impl Viewport {
    pub fn new() -> Self {
        Self {
            scroller: NodeRef::new(),
            content: NodeRef::new(),
            at_bottom: RwSignal::new(true),
            visible: RwSignal::new(VisibleRange::default()),
            bottom: RwSignal::new(None),
            overflows: RwSignal::new(false),
            has_room_end: StoredValue::new(false),
            anchor: StoredValue::new(None),
            layout: StoredValue::new(Layout::default()),
        }
    }

    /// Restores the anchor whenever the viewport or the content changes its size. A `ResizeObserver`
    /// runs after layout and before paint, so the reader sees no jump.
    pub fn observe_resizes(self) {
        let Some((scroller, content)) = self.elements() else { return };
        let callback = Closure::<dyn FnMut()>::new(move || self.restore_anchor());
        let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) else { return };
        observer.observe(&scroller);
        observer.observe(&content);
        let observer = StoredValue::new_local((observer, callback));
        on_cleanup(move || {
            observer.try_with_value(|(observer, _)| observer.disconnect());
        });
    }

    /// Restores the anchor after a change of the rows. If the height of the added and of the
    /// removed rows is the same, the observer does not run.
    pub fn rows_change(self, has_room_end: bool) {
        self.has_room_end.set_value(has_room_end);
        queue_microtask(move || self.restore_anchor());
    }

    /// Handles a scroll event. If the layout has changed too and the observer has not run yet, the
    /// anchor only moves by the distance that the reader scrolled.
    pub fn handle_scroll(self) {
        let Some((scroller, _)) = self.elements() else { return };
        let Some(before) = self.layout.try_get_value() else { return };
        let now = Layout::of(&scroller);
        if (now.content_height, now.height) == (before.content_height, before.height) {
            // The event of a position that we set ourselves must not replace the anchor.
            if now.scroll_top != before.scroll_top {
                self.record_anchor();
            }
            return;
        }
        let distance = now.scroll_top - before.scroll_top;
        self.layout.try_set_value(Layout { scroll_top: now.scroll_top, ..before });
        self.anchor.try_update_value(|anchor| {
            if let Some(anchor) = anchor {
                anchor.bottom -= f64::from(distance);
            }
        });
        if distance < 0 && self.at_bottom.try_get_untracked() == Some(true) {
            self.at_bottom.try_set(false);
        }
    }

    fn record_anchor(self) {
        let Some((scroller, content)) = self.elements() else { return };
        let layout = Layout::of(&scroller);
        self.layout.try_set_value(layout);
        set_if_changed(self.overflows, layout.content_height > layout.height);
        let below = layout.content_height - layout.scroll_top - layout.height;
        let has_room_end = self.has_room_end.try_get_value() == Some(true);
        set_if_changed(self.at_bottom, below < BOTTOM_PX && has_room_end);
        let measured = measure(&content, &scroller.get_bounding_client_rect());
        self.anchor
            .try_set_value(measured.as_ref().map(|m| Anchor { seq: m.first, bottom: m.bottom }));
        if let Some(measured) = measured {
            set_if_changed(self.visible, measured.visible);
            set_if_changed(self.bottom, has_room_end.then_some(measured.at_end));
        }
    }

    fn restore_anchor(self) {
        let Some((scroller, content)) = self.elements() else { return };
        if self.at_bottom.try_get_untracked() == Some(true) {
            scroller.set_scroll_top(scroller.scroll_height());
            return self.record_anchor();
        }
        let Some(Some(anchor)) = self.anchor.try_get_value() else { return };
        let Some(layout) = self.layout.try_get_value() else { return };
        if let Ok(Some(row)) = content.query_selector(&row_selector(anchor.seq)) {
            // In the window and not in the viewport, because a bar above the viewport moves it.
            let moved = row.get_bounding_client_rect().bottom() - layout.top - anchor.bottom;
            if moved.abs() >= 1.0 {
                scroller.set_scroll_top(scroller.scroll_top() + moved.round() as i32);
            }
        }
        self.record_anchor();
    }

    /// The scroll position, for the jump history; `None` if there are no rows yet.
    pub fn position(self) -> Option<ScrollPosition> {
        let anchor = self.anchor.try_get_value()??;
        Some(match self.at_bottom.try_get_untracked()? {
            true => ScrollPosition::Bottom,
            false => ScrollPosition::Message(anchor.seq, anchor.bottom),
        })
    }

    /// Moves the row window around a loaded message, so that its row exists in the next frame. Drops
    /// the anchor, which would scroll back to where the reader was.
    pub fn move_window_to(self, seq: Seq) {
        self.anchor.set_value(None);
        self.at_bottom.set(false);
        self.visible.update(|visible| *visible = visible.starting_at(seq));
    }

    /// Scrolls to the newest message, which must be loaded.
    pub fn scroll_to_bottom(self) {
        self.at_bottom.set(true);
        request_animation_frame(move || self.restore_anchor());
    }

    /// Scrolls to the row of a message. Returns false if the message has no row.
    pub fn scroll_to_message(self, seq: Seq, alignment: RowAlignment) -> bool {
        let Some((bottom, wanted)) = self.scroll_row(&row_selector(seq), alignment) else {
            return false;
        };
        // The rows below are not loaded yet. Once they are, the anchor brings the row to its place.
        if (bottom - wanted).abs() >= 1.0 && self.has_room_end.try_get_value() == Some(false) {
            self.anchor.try_set_value(Some(Anchor { seq, bottom: wanted }));
        }
        true
    }

    /// Scrolls to the first row that the selector matches. Returns false if there is none.
    pub fn scroll_to_row(self, selector: &str, alignment: RowAlignment) -> bool {
        self.scroll_row(selector, alignment).is_some()
    }

    /// Scrolls as far as possible. Returns how far below the top the row ends, and where it should end;
    /// `None` if there is no row.
    fn scroll_row(self, selector: &str, alignment: RowAlignment) -> Option<(f64, f64)> {
        let (scroller, content) = self.elements()?;
        let row = content.query_selector(selector).ok()??;
        let (rect, view) = (row.get_bounding_client_rect(), scroller.get_bounding_client_rect());
        let distance = match alignment {
            RowAlignment::Top(part) => rect.top() - view.top() - view.height() * part,
            RowAlignment::Hidden(part) => rect.top() - view.top() + rect.height() * part,
            RowAlignment::Bottom(offset) => rect.bottom() - view.top() - offset,
        };
        scroller.set_scroll_top(scroller.scroll_top() + distance.round() as i32);
        self.record_anchor();
        let bottom = row.get_bounding_client_rect().bottom() - view.top();
        Some((bottom, rect.bottom() - view.top() - distance))
    }

    /// The consecutive messages that end on the screen.
    pub fn visible_run(self) -> Option<VisibleRun> {
        let (scroller, content) = self.elements()?;
        fully_visible(&content, &scroller.get_bounding_client_rect())
    }

    fn elements(self) -> Option<(HtmlDivElement, HtmlDivElement)> {
        Some((self.scroller.try_get_untracked()??, self.content.try_get_untracked()??))
    }
}

impl Layout {
    fn of(scroller: &HtmlDivElement) -> Self {
        Self {
            top: scroller.get_bounding_client_rect().top(),
            content_height: scroller.scroll_height(),
            height: scroller.client_height(),
            scroll_top: scroller.scroll_top(),
        }
    }
}

fn row_selector(seq: Seq) -> String {
    format!("[data-seq=\"{seq}\"]")
}

fn set_if_changed<T: PartialEq + Clone + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.try_with_untracked(|old| *old != value) == Some(true) {
        signal.try_set(value);
    }
}
