//! All emoji, group by group, or those that a search found. One of them is a tab stop, and the arrow keys move
//! from it to the others (the ARIA pattern of a roving `tabindex`).

use std::sync::Arc;

use leptos::{ev, html, prelude::*};
use shared::messages::Emoji;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::{
    state::reactions::{
        emoji_grid::next_in_column,
        emoji_search::{group_emojis, in_skin_tone, search_emojis},
    },
    ui::{focus, move_focus, pressed_key, time},
};

/// All emoji; none until the server has sent them.
pub type EmojiSignal = Signal<Arc<[Emoji]>>;

#[component]
pub fn EmojiGrid(emojis: EmojiSignal, q: RwSignal<String>, tone: RwSignal<usize>) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let is_search = Memo::new(move |_| !q.with(|q| q.trim().is_empty()));
    let found = Memo::new(move |_| {
        emojis
            .with(|emojis| search_emojis(emojis, &q.get()).into_iter().cloned().collect::<Vec<_>>())
    });
    let groups = move || {
        let tone = tone.get();
        emojis.with(|emojis| {
            if is_search.get() {
                return found.with(|found| result_group(found, tone)).into_iter().collect_view();
            }
            let groups = group_emojis(emojis);
            groups.map(|(name, of)| group_view(name, of.iter(), tone)).collect_view()
        })
    };
    // In the next frame, because the emoji are shown by then.
    Effect::new(move |_| {
        emojis.track();
        q.track();
        request_animation_frame(move || set_tab_stop(list, None));
    });
    let result = move || {
        let count = found.with(Vec::len);
        let is_loaded = emojis.with(|emojis| !emojis.is_empty());
        (is_search.get() && is_loaded).then(|| match count {
            0 => "No emoji found.".into(),
            count => format!("{} found", time::number(count as i64)),
        })
    };
    view! {
        <p class="quiet emoji-result" role="status">{result}</p>
        <div class="emoji-list" node_ref=list on:keydown=move |event| handle_key(&event, list)>
            {groups}
        </div>
    }
}

fn result_group(found: &[Emoji], tone: usize) -> Option<AnyView> {
    (!found.is_empty()).then(|| group_view("Found", found.iter(), tone))
}

/// The headings of groups are hidden from screen readers, because the groups have the same names.
fn group_view<'a>(name: &str, emojis: impl Iterator<Item = &'a Emoji>, tone: usize) -> AnyView {
    let button = |emoji: &Emoji| {
        emoji_button(in_skin_tone(emoji, tone).to_owned(), emoji.name.clone(), "-1")
    };
    view! {
        <div class="emoji-group" role="group" aria-label=name.to_owned()>
            <h3 aria-hidden="true">{name.to_owned()}</h3>
            <div class="emoji-grid">{emojis.map(button).collect_view()}</div>
        </div>
    }
    .into_any()
}

/// The button of an emoji.
pub fn emoji_button(emoji: String, name: String, tabindex: &'static str) -> impl IntoView {
    view! {
        <button
            type="button"
            class="emoji-button"
            tabindex=tabindex
            aria-label=name.clone()
            title=name
            data-emoji=emoji.clone()
        >
            <span class="emoji">{emoji.clone()}</span>
        </button>
    }
}

/// Focuses the first emoji.
pub fn focus_first() {
    focus(".emoji-list [data-emoji]");
}

/// Makes an emoji the tab stop, by default the first one.
fn set_tab_stop(list: NodeRef<html::Div>, stop: Option<&Element>) {
    let Some(Some(list)) = list.try_get_untracked() else { return };
    if let Ok(Some(before)) = list.query_selector("[tabindex='0']") {
        let _ = before.set_attribute("tabindex", "-1");
    }
    let first = || list.query_selector("[data-emoji]").ok().flatten();
    if let Some(stop) = stop.cloned().or_else(first) {
        let _ = stop.set_attribute("tabindex", "0");
    }
}

/// ← and → move to the next emoji, ↑ and ↓ to the next row, and from the first row to the search field. Home and
/// End move to the ends.
fn handle_key(event: &ev::KeyboardEvent, list: NodeRef<html::Div>) {
    let key = pressed_key(event);
    let keys = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
    let Some(element) = list.get_untracked().filter(|_| keys.contains(&&*key)) else { return };
    let Ok(buttons) = element.query_selector_all("[data-emoji]") else { return };
    let position = |index: usize| {
        let button = buttons.item(index as u32)?.dyn_into::<HtmlElement>().ok()?;
        let rect = button.get_bounding_client_rect();
        Some((rect.left(), rect.top()))
    };
    let next = |at: Option<i32>, count: i32| {
        let (at, last) = (at.unwrap_or_default(), count - 1);
        let in_column = |is_down| {
            let next = next_in_column(count as usize, at as usize, is_down, position);
            next.map_or(-1, |next| next as i32)
        };
        match &*key {
            "ArrowLeft" => at - 1,
            "ArrowRight" => at + 1,
            "ArrowUp" => in_column(false),
            "ArrowDown" => in_column(true),
            "Home" => 0,
            _ => last,
        }
    };
    event.prevent_default();
    match move_focus(&element, "[data-emoji]", next) {
        Some(()) => set_tab_stop(list, document().active_element().as_ref()),
        None if key == "ArrowUp" => focus(".emoji-picker input"),
        None => {}
    }
}
