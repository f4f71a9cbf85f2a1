//! The button that jumps to the newest message.

use leptos::prelude::*;

use super::{jump::jump_to_newest, viewport::Viewport};
use crate::{
    messages::context::RoomContext,
    ui::{Icon, Shape, time},
};

/// "3 new" while the reader is not at the bottom, or "Newest" if no message came since.
#[component]
pub fn NewMessagesPill() -> impl IntoView {
    let (room, viewport) = (expect_context::<RoomContext>(), expect_context::<Viewport>());
    let last = Memo::new(move |_| room.with_timeline(|t| t.last_seq()));
    let last_at_bottom = RwSignal::new(last.get_untracked());
    Effect::new(move |_| {
        let last = last.get();
        if viewport.at_bottom.get() {
            last_at_bottom.set(last);
        }
    });
    let text = move || match last.get().0 - last_at_bottom.get().0 {
        ..=0 => "Newest".to_owned(),
        count => format!("{} new", time::number(count)),
    };
    let jump = move |_| {
        last_at_bottom.set(last.get_untracked());
        jump_to_newest(room, viewport);
    };
    view! {
        <Show when=move || !viewport.at_bottom.get()>
            <button type="button" class="pill" data-testid="new-pill" on:click=jump>
                <Icon shape=Shape::Down/>
                {text}
            </button>
        </Show>
    }
}
