//! Helpers for the text areas of composer and editor.

use leptos::{ev, html, prelude::*};
use shared::rules::{self, normalize_content};
use web_sys::{HtmlElement, HtmlTextAreaElement};

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
