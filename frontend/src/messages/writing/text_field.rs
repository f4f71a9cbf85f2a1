//! Helpers for the text areas of composer and editor.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlTextAreaElement};

/// Focuses the composer of the open room.
pub fn focus_composer() {
    let found = document().query_selector("#composer").ok().flatten();
    if let Some(area) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = area.focus();
    }
}

/// Makes a text area as high as its text, up to the limit in the style sheet.
pub fn fit_height(area: &HtmlTextAreaElement) {
    let style = HtmlElement::style(area);
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", area.scroll_height() + 2));
}

/// Whether a key belongs to an input method that is composing a word. Safari reports that only by
/// key code 229.
pub fn is_composing(event: &ev::KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == 229
}
