//! Marking all rooms as read: a button, and a key that works on every page.

use leptos::prelude::*;

use crate::{
    live::LiveClient,
    ui::{Icon, Shape, on_page_keydown},
};

/// Visible while anything is unread.
#[component]
pub fn AllReadButton() -> impl IntoView {
    let live = expect_context::<LiveClient>();
    on_page_keydown(move |event| {
        if event.key() == "Escape" && event.shift_key() && !event.default_prevented() {
            event.prevent_default();
            live.mark_all_read(None);
        }
    });
    view! {
        <Show when=move || live.rooms.with(|rooms| rooms.total_unread() > 0)>
            <button
                type="button"
                class="icon-button all-read"
                aria-label="Mark all rooms as read"
                title="Mark all rooms as read (Shift Esc)"
                data-testid="all-read"
                on:click=move |_| live.mark_all_read(None)
            >
                <Icon shape=Shape::Read/>
            </button>
        </Show>
    }
}
