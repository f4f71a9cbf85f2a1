//! Keys that lead somewhere in the room, wherever on the page the focus is.

use leptos::{ev, prelude::*};
use shared::ids::Seq;
use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;

use super::{
    going::{Arrival, back, remember, to_newest},
    scroll::Scroll,
};
use crate::messages::Open;

/// After a `g` the next key is what it is about, for so many milliseconds.
const TOGETHER: f64 = 1_000.0;

/// To the oldest message of the room.
pub fn to_oldest(open: Open, scroll: Scroll) {
    remember(open, scroll);
    open.go(Seq(1), Arrival::Scrolled(0.0));
}

/// `g` `g` and `G` lead to the oldest and the newest, `g` `d` to a day, Alt with ← back.
pub fn shortcuts(open: Open, scroll: Scroll) {
    let began = StoredValue::new(f64::MIN);
    let handle = window_event_listener(ev::keydown, move |event| {
        if event.default_prevented() {
            return;
        }
        let text = text_field();
        if event.key() == "ArrowLeft" && event.alt_key() {
            // Where something is written, some systems go from word to word with it.
            let is_free = text.is_none_or(|written| written.is_empty());
            if is_free && open.back.with_untracked(|back| !back.is_empty()) {
                event.prevent_default();
                back(open, scroll);
            }
            return;
        }
        let is_plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
        if text.is_some() || !is_plain || is_in_dialog() {
            return;
        }
        let is_second = js_sys::Date::now() - began.get_value() < TOGETHER;
        began.set_value(f64::MIN);
        match event.key().as_str() {
            "d" if is_second => open.calendar.set(true),
            "g" if is_second => to_oldest(open, scroll),
            "g" => began.set_value(js_sys::Date::now()),
            "G" => to_newest(open, scroll),
            _ => {}
        }
    });
    on_cleanup(move || handle.remove());
}

/// What is written where the focus is; none if it is in no field.
fn text_field() -> Option<String> {
    let active = document().active_element()?;
    match active.dyn_ref::<HtmlTextAreaElement>() {
        Some(area) => Some(area.value()),
        None => active.dyn_ref::<web_sys::HtmlInputElement>().map(|input| input.value()),
    }
}

fn is_in_dialog() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some())
}
