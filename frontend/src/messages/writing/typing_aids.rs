//! Aids for typing a message: keys that write Markdown, and suggestions of people and emoji. They are in a part,
//! because the first message can be typed without them.

use leptos::{ev, html, prelude::*};
use shared::text::Format;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, HtmlTextAreaElement, KeyboardEvent};

use super::{
    markup::{self, Change, Mark},
    suggestions::Suggestions,
    text_field::{is_submit, listen, replace, selection},
};
use crate::ui::{part, pressed_key};

part!(more: pub fn typing_aids((area, format): (NodeRef<html::Textarea>, Format)) {
    view! { <TypingAids area format/> }
});

/// Handles events of the text area before its own handlers, and keeps the browser from their default.
#[component]
pub fn TypingAids(area: NodeRef<html::Textarea>, format: Format) -> impl IntoView {
    // The keys of the list of suggestions come first.
    let suggestions = view! { <Suggestions area format/> };
    Effect::new(move |_| {
        let Some(area) = area.get().filter(|_| format == Format::Markdown) else { return };
        listen(&area, "keydown", |area, event| {
            let change = markup_of_key(area, event.unchecked_ref());
            replace_if_some(&event, area, change);
        });
        listen(&area, "paste", |area, event| {
            let change = link_of_paste(area, event.unchecked_ref());
            replace_if_some(&event, area, change);
        });
    });
    suggestions
}

/// The change of a key that writes Markdown: Ctrl or ⌘ with B, I or E, with K on a selection, and a line
/// break in a list or quote.
fn markup_of_key(area: &HtmlTextAreaElement, event: &KeyboardEvent) -> Option<Change> {
    if event.default_prevented() || event.is_composing() || is_submit(event) {
        return None;
    }
    let (text, selection) = (area.value(), selection(area));
    let has_modifier = (event.ctrl_key() || event.meta_key()) && !event.alt_key();
    match &*pressed_key(event) {
        "b" if has_modifier => Some(markup::toggle(&text, selection, Mark::Bold)),
        "i" if has_modifier => Some(markup::toggle(&text, selection, Mark::Italic)),
        "e" if has_modifier => Some(markup::toggle(&text, selection, Mark::Code)),
        "k" if has_modifier && !selection.is_empty() => Some(markup::link(&text, selection)),
        "Enter" if !has_modifier && selection.is_empty() => {
            markup::break_line(&text, selection.start)
        }
        _ => None,
    }
}

/// The selection as a link, if its address is pasted.
fn link_of_paste(area: &HtmlTextAreaElement, event: &ClipboardEvent) -> Option<Change> {
    let pasted = event.clipboard_data()?.get_data("text/plain").ok()?;
    markup::paste_link(&area.value(), selection(area), &pasted)
}

fn replace_if_some(event: &ev::Event, area: &HtmlTextAreaElement, change: Option<Change>) {
    if let Some(change) = change {
        event.prevent_default();
        replace(area, change);
    }
}
