//! The button that marks all rooms as read, and its shortcut (Shift Esc), which works on every
//! page.

use leptos::prelude::*;

use crate::{
    live::LiveClient,
    ui::{Icon, Shape, on_page_keydown},
};

/// The button, visible while any room has unread messages.
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
        <Show when=move || live.rooms.with(|rooms| rooms.has_unread())>
            <button
                type="button"
                class="icon-button"
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
