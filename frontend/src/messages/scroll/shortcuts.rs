//! Keyboard shortcuts that jump in the room, wherever the focus is.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};

use super::{
    jump::{jump_back, jump_to_newest, jump_to_oldest},
    viewport::Viewport,
};
use crate::messages::context::RoomContext;

/// How soon the second key must follow `g`, in milliseconds.
const SEQUENCE_MS: f64 = 1_000.0;

/// `g` `g` jumps to the oldest message, `G` to the newest, `g` `d` opens the calendar, and Alt+←
/// goes back.
pub fn handle_shortcuts(room: RoomContext, viewport: Viewport) {
    let g_pressed_at = StoredValue::new(f64::MIN);
    let handle = window_event_listener(ev::keydown, move |event| {
        if event.default_prevented() {
            return;
        }
        let field_text = focused_field_text();
        if event.key() == "ArrowLeft" && event.alt_key() {
            // Some systems move the cursor by words with it.
            let is_free = field_text.is_none_or(|text| text.is_empty());
            if is_free && room.history.with_untracked(|history| !history.is_empty()) {
                event.prevent_default();
                jump_back(room, viewport);
            }
            return;
        }
        let is_plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
        if field_text.is_some() || !is_plain || is_dialog_open() {
            return;
        }
        let follows_g = js_sys::Date::now() - g_pressed_at.get_value() < SEQUENCE_MS;
        g_pressed_at.set_value(f64::MIN);
        match event.key().as_str() {
            "d" if follows_g => room.is_calendar_open.set(true),
            "g" if follows_g => jump_to_oldest(room, viewport),
            "g" => g_pressed_at.set_value(js_sys::Date::now()),
            "G" => jump_to_newest(room, viewport),
            _ => {}
        }
    });
    on_cleanup(move || handle.remove());
}

/// The text in the field that has the focus; `None` if no field has it.
fn focused_field_text() -> Option<String> {
    let active = document().active_element()?;
    match active.dyn_ref::<HtmlTextAreaElement>() {
        Some(area) => Some(area.value()),
        None => active.dyn_ref::<HtmlInputElement>().map(|input| input.value()),
    }
}

fn is_dialog_open() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some())
}
