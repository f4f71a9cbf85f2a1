//! The search field in a room's header.

use leptos::{ev, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{ids::RoomId, rules};

use crate::{
    links::search_path,
    ui::{Icon, Shape, is_shortcut, on_page_keydown, shortcut_key},
};

/// Room for `in:` and the room's id, which the search page adds to the query.
const IN_OPERATOR_CHARS: usize = 30;

/// The search field. In a narrow window only its button is visible, which opens the search page.
#[component]
pub fn RoomSearch(id: RoomId) -> impl IntoView {
    let (input, navigate) = (NodeRef::<html::Input>::new(), use_navigate());
    on_page_keydown(move |event| {
        let has_modifiers = event.shift_key() && (event.ctrl_key() || event.meta_key());
        let key = shortcut_key(event);
        let is_find = has_modifiers && key == "F";
        if is_find || (key == "/" && is_shortcut(event)) {
            event.prevent_default();
            input.try_get_untracked().flatten().map(|input| input.focus());
        }
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let words = input.get_untracked().map(|input| input.value()).unwrap_or_default();
        // The id instead of the name, because a room may be renamed after its address was stored.
        // The space lets the reader continue typing.
        let q = format!("{} in:#{id} ", words.trim());
        navigate(&search_path(q.trim_start(), false), NavigateOptions::default());
    };
    view! {
        <form class="room-search" role="search" on:submit=submit>
            <input
                node_ref=input
                type="search"
                dir="auto"
                name="q"
                maxlength=rules::QUERY_MAX_CHARS - IN_OPERATOR_CHARS
                autocomplete="off"
                placeholder="Search in this room"
                aria-label="Search in this room"
                title="Search in this room (/ or Ctrl Shift F)"
            />
            <button
                type="submit"
                class="icon-button"
                aria-label="Search in this room"
                title="Search in this room"
                data-testid="search-room"
            >
                <Icon shape=Shape::Search/>
            </button>
        </form>
    }
}
