//! The button that goes back to the position before the last jump.

use leptos::prelude::*;

use super::{jump::jump_back, viewport::Viewport};
use crate::{
    messages::context::RoomContext,
    ui::{Icon, Shape},
};

/// The button "Back", visible while the history has entries.
#[component]
pub fn BackButton() -> impl IntoView {
    let (room, viewport) = (expect_context::<RoomContext>(), expect_context::<Viewport>());
    let go_back = move |_| {
        jump_back(room, viewport);
        // The last step removes the button, and the focus would be lost with the button.
        if let Some(scroller) = viewport.scroller.get_untracked() {
            let _ = scroller.focus();
        }
    };
    view! {
        <Show when=move || !room.history.with(|history| history.is_empty())>
            <button
                type="button"
                class="pill pill-back"
                title="Back to where you were (Alt+←)"
                data-testid="back"
                on:click=go_back
            >
                <Icon shape=Shape::Back/>
                "Back"
            </button>
        </Show>
    }
}
