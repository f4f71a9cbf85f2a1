//! Keyboard shortcuts that jump in the room, wherever the focus is.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};

use super::{
    jump::{jump_back, jump_to_newest, jump_to_oldest},
    viewport::Viewport,
};
use crate::{
    messages::context::{RoomContext, RoomDialog},
    ui::{is_shortcut, on_page_keydown, shortcut_key},
};

/// How soon the second key must follow `g`, in milliseconds.
const SEQUENCE_MS: f64 = 1_000.0;

/// `g` `g` jumps to the oldest message, `G` to the newest, `g` `d` opens the calendar, and Alt+←
/// goes back.
pub fn handle_shortcuts(room: RoomContext, viewport: Viewport) {
    let g_pressed_at = StoredValue::new(f64::MIN);
    on_page_keydown(move |event| {
        if event.default_prevented() {
            return;
        }
        if event.key() == "ArrowLeft" && event.alt_key() {
            // In a text field, some systems move the cursor by a word with this key.
            if !is_text_focused() && room.history.with_untracked(|history| !history.is_empty()) {
                event.prevent_default();
                jump_back(room, viewport);
            }
            return;
        }
        if !is_shortcut(event) {
            return;
        }
        let follows_g = js_sys::Date::now() - g_pressed_at.get_value() < SEQUENCE_MS;
        g_pressed_at.set_value(f64::MIN);
        match shortcut_key(event).as_str() {
            "d" if follows_g => room.dialog.set(Some(RoomDialog::Calendar)),
            "g" if follows_g => jump_to_oldest(room, viewport),
            "g" => g_pressed_at.set_value(js_sys::Date::now()),
            "G" => jump_to_newest(room, viewport),
            _ => {}
        }
    });
}

/// Whether a text field that is not empty has the focus.
fn is_text_focused() -> bool {
    let Some(active) = document().active_element() else { return false };
    let text = match active.dyn_ref::<HtmlTextAreaElement>() {
        Some(area) => Some(area.value()),
        None => active.dyn_ref::<HtmlInputElement>().map(|input| input.value()),
    };
    text.is_some_and(|text| !text.is_empty())
}
