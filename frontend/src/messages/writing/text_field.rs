//! Helpers for the text areas of composer and editor.

use std::ops::Range;

use leptos::{ev, html, prelude::*};
use shared::rules::{self, normalize_content};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Event, HtmlDocument, HtmlElement, HtmlTextAreaElement};

use super::markup::Change;
use crate::{
    state::message_length,
    ui::{focus, is_touch_device, pressed_key},
};

/// Checks the text of a message. The error continues "The message".
pub fn validate(text: &str) -> Result<String, String> {
    rules::validate_content(text).map_err(|error| {
        let excess = message_length::describe_excess(&normalize_content(text));
        excess.map_or(error.message, |excess| format!("is {excess}"))
    })
}

/// Focuses the composer of the open room.
pub fn focus_composer() {
    focus("#composer");
}

/// Keeps a text area as high as its text, up to the limit in the style sheet.
pub fn fit_height(area: NodeRef<html::Textarea>, text: impl Fn() + 'static) {
    Effect::new(move |_| {
        text();
        if let Some(area) = area.get() {
            // The text is in the document only after this effect.
            request_animation_frame(move || set_height(&area));
        }
    });
}

fn set_height(area: &HtmlTextAreaElement) {
    let style = HtmlElement::style(area);
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", area.scroll_height() + 2));
}

/// Whether a key submits the text: Enter, except on a touch screen, where it breaks the line, and
/// Ctrl or ⌘ with Enter everywhere.
pub fn is_submit(event: &ev::KeyboardEvent) -> bool {
    let has_modifier = event.ctrl_key() || event.meta_key();
    let is_enter = pressed_key(event) == "Enter" && !event.shift_key();
    is_enter && (has_modifier || !is_touch_device())
}

/// Replaces a part of the text, as if somebody had typed it.
pub fn replace(area: &HtmlTextAreaElement, change: Change) {
    let text = area.value();
    let position = |text: &str, at: usize| text[..at].encode_utf16().count() as u32;
    let (start, end) = (position(&text, change.range.start), position(&text, change.range.end));
    let _ = area.set_selection_range(start, end);
    // Deprecated, but the only way that leaves the text in the browser's list of what can be undone. It also
    // fires the event `input`.
    let command = if change.replacement.is_empty() { "delete" } else { "insertText" };
    let document: HtmlDocument = document().unchecked_into();
    let _ = document.exec_command_with_show_ui_and_value(command, false, &change.replacement);
    let text = area.value();
    let (start, end) = (change.selection.start, change.selection.end);
    if text.is_char_boundary(start) && text.is_char_boundary(end) {
        let _ = area.set_selection_range(position(&text, start), position(&text, end));
    }
}

/// The selection in bytes.
pub fn selection(area: &HtmlTextAreaElement) -> Range<usize> {
    let text = area.value();
    let byte = |unit: Option<u32>| {
        let mut units = 0;
        let is_before = |(_, c): &(usize, char)| {
            units += c.len_utf16() as u32;
            units > unit.unwrap_or_default()
        };
        text.char_indices().find(is_before).map_or(text.len(), |(at, _)| at)
    };
    let start = byte(area.selection_start().ok().flatten());
    start..byte(area.selection_end().ok().flatten()).max(start)
}

/// Calls `handle` for each event of the text area, before its own handlers, until the component is gone.
pub fn listen(
    area: &HtmlTextAreaElement,
    event: &'static str,
    handle: impl Fn(&HtmlTextAreaElement, Event) + 'static,
) {
    let target = area.clone();
    // Not `FnMut`: a handler that replaces a part of the text is called again meanwhile, for `input`.
    let closure: Closure<dyn Fn(Event)> = Closure::new(move |event: Event| handle(&target, event));
    let function = closure.as_ref().unchecked_ref();
    let _ = area.add_event_listener_with_callback_and_bool(event, function, true);
    let listener = StoredValue::new_local((area.clone(), closure));
    on_cleanup(move || {
        listener.with_value(|(area, closure)| {
            let function = closure.as_ref().unchecked_ref();
            let _ = area.remove_event_listener_with_callback_and_bool(event, function, true);
        });
    });
}
