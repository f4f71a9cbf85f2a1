//! Measures which rows are on the screen. Message rows have the attribute `data-seq`.

use leptos::prelude::document;
use shared::ids::Seq;
use web_sys::{DomRect, Element};

use crate::state::{read_tracking::VisibleRun, scroll::geometry::VisibleRange};

/// The part of the room on the screen.
pub struct Measured {
    /// The first message that ends below the top of the viewport.
    pub first: Seq,
    /// How far below the top it ends, in CSS pixels.
    pub bottom: f64,
    pub visible: VisibleRange,
    /// The first message on the screen, with a fraction, when the end of the rows is on the screen.
    pub at_end: f64,
}

/// The largest part of the first message that is above the viewport. With a whole message the first
/// one would be the next.
const MAX_HIDDEN: f64 = 0.999;

/// Measures the rows of a list; `None` if it has no messages. With only unsent messages on the screen,
/// the first message is the last one above them.
pub fn measure(content: &Element, viewport: &DomRect) -> Option<Measured> {
    let rows = content.children();
    let rect = |index| rows.item(index).map(|row| row.get_bounding_client_rect());
    let message = |index| Some((seq_of(&rows.item(index)?)?, rect(index)?));
    let hidden = |row: &DomRect, edge: f64| ((edge - row.top()) / row.height()).clamp(0.0, 1.0);
    // The first message that ends below a height, and the position of that height.
    let first_below = |top: f64| {
        let above =
            partition_point(rows.length(), |at| rect(at).is_some_and(|r| r.bottom() <= top));
        let below = (above..rows.length()).find_map(message);
        let (first, row) = below.or_else(|| (0..above).rev().find_map(message))?;
        let from = first.0 as f64 + hidden(&row, top).min(MAX_HIDDEN);
        Some((first, row, from))
    };

    let (first, row, from) = first_below(viewport.top())?;
    let end = content.get_bounding_client_rect().bottom();
    let (.., at_end) = first_below(end - viewport.height())?;
    let below =
        partition_point(rows.length(), |at| rect(at).is_some_and(|r| r.top() < viewport.bottom()));
    let last = (0..below).rev().find_map(message);
    let to = last.map_or(from, |(last, row)| last.0 as f64 + hidden(&row, viewport.bottom()));
    let visible = VisibleRange { from, to: to.max(from) };
    Some(Measured { first, bottom: row.bottom() - viewport.top(), visible, at_end })
}

/// The consecutive messages that end on the screen. A message that is higher than the viewport
/// counts as soon as its end is visible.
pub fn fully_visible(content: &Element, viewport: &DomRect) -> Option<VisibleRun> {
    let rows = content.query_selector_all("[data-seq]").ok()?;
    let row = |at| rows.item(at).map(wasm_bindgen::JsCast::unchecked_into::<Element>);
    let bottom = |at| row(at).map_or(f64::MAX, |row| row.get_bounding_client_rect().bottom());
    let first = partition_point(rows.length(), |at| bottom(at) <= viewport.top());
    // Tolerates one pixel, because positions are fractions of a pixel.
    let visible = (first..rows.length()).take_while(|at| bottom(*at) <= viewport.bottom() + 1.0);
    VisibleRun::from_seqs(visible.map_while(|at| seq_of(&row(at)?)))
}

fn seq_of(row: &Element) -> Option<Seq> {
    row.get_attribute("data-seq")?.parse().ok().map(Seq)
}

/// The message whose row has the focus.
pub fn focused_message() -> Option<Seq> {
    seq_of(&document().active_element()?)
}

/// The index of the first row for which `is_before` is false; rows are in the order of the page.
fn partition_point(rows: u32, is_before: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, rows);
    while low < high {
        let middle = low.midpoint(high);
        match is_before(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}
