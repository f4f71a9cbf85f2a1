//! Where a search in one room begins: in its header.

use leptos::{ev, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::ids::RoomId;

use super::search_address;
use crate::ui::{Icon, Shape, is_plain_key, on_key};

/// A field on a wide screen; on a narrow one its button alone, which leads to the search.
#[component]
pub fn RoomSearch(id: RoomId) -> impl IntoView {
    let (input, navigate) = (NodeRef::<html::Input>::new(), use_navigate());
    on_key(move |event| {
        let anywhere = matches!(&*event.key(), "F" | "f") && event.shift_key() && {
            event.ctrl_key() || event.meta_key()
        };
        if anywhere || (event.key() == "/" && is_plain_key(event)) {
            event.prevent_default();
            input.try_get_untracked().flatten().map(|input| input.focus());
        }
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let words = input.get_untracked().map(|input| input.value()).unwrap_or_default();
        // By its number: names change, and an address is for keeping. The blank is for what is
        // written next.
        let q = format!("{} in:#{id} ", words.trim());
        navigate(&search_address(q.trim_start(), false), NavigateOptions::default());
    };
    view! {
        <form class="room-search" role="search" on:submit=submit>
            <input
                node_ref=input
                type="search"
                name="q"
                maxlength="9000"
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
