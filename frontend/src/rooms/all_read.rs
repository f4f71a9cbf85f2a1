//! Marking all rooms as read at once: a button, and a key that works on every page.

use leptos::{ev, prelude::*};

use crate::{
    live::LiveClient,
    ui::{Icon, Shape, shown},
};

/// There while anything is unread.
#[component]
pub fn AllReadButton() -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let handle = window_event_listener(ev::keydown, move |event| {
        if event.key() == "Escape" && event.shift_key() && !event.default_prevented() {
            event.prevent_default();
            live.mark_all_read(None);
        }
    });
    on_cleanup(move || handle.remove());
    shown(
        move || live.rooms.with(|rooms| rooms.total_unread() > 0),
        move || {
            view! {
                <button
                    type="button"
                    class="icon-button all-read"
                    aria-label="Mark all rooms as read"
                    title="Mark all rooms as read (Shift Esc)"
                    data-testid="all-read"
                    on:click:target=move |_| live.mark_all_read(None)
                >
                    <Icon shape=Shape::Read/>
                </button>
            }
            .into_any()
        },
    )
}
