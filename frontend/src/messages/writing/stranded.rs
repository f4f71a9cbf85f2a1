//! My unsent texts for rooms that I am no longer in: they cannot be sent, so they are shown to be
//! copied.

use leptos::prelude::*;
use shared::ids::RoomId;

use crate::{
    live::LiveClient,
    ui::{Dialog, Lazy, Ui, part},
};

/// Opens when I was removed from a room, or when the room was deleted, while something was unsent, and
/// at the start of the page until the texts are discarded. The page of such a room has the texts
/// itself.
#[component]
pub fn StrandedDialog(current_room: Memo<Option<RoomId>>) -> impl IntoView {
    let (live, open) = (expect_context::<LiveClient>(), RwSignal::new(false));
    let rooms = RwSignal::new(Vec::new());
    Effect::new(move |_| {
        let current = current_room.get_untracked();
        let mut stranded = live.stranded.get();
        stranded.retain(|room| Some(*room) != current);
        open.set(!stranded.is_empty());
        rooms.set(stranded);
    });
    view! {
        <Dialog open title="Unsent messages">
            <p class="dialog-text">
                "You're no longer in the rooms these messages were for. Copy anything you still need."
            </p>
            {move || view! { <Lazy load=stranded_list props=rooms.get()/> }}
        </Dialog>
    }
}

/// The texts for one room, on its page.
#[component]
pub fn StrandedTexts(room: RoomId) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    view! {
        <Show when=move || live.stranded.with(|rooms| rooms.contains(&room))>
            <div class="stranded" data-testid="stranded">
                <p>"Your unsent messages for this room:"</p>
                <Lazy load=stranded_list props=vec![room]/>
            </div>
        </Show>
    }
}

part!(more: fn stranded_list(rooms: Vec<RoomId>) { view! { <StrandedList rooms/> } });

#[component]
fn StrandedList(rooms: Vec<RoomId>) -> impl IntoView {
    let (live, ui) = (expect_context::<LiveClient>(), expect_context::<Ui>());
    let texts = rooms.iter().flat_map(|room| live.unsent_texts(*room));
    let row = |text: String| {
        let copied = text.clone();
        view! {
            <li class="list-row">
                <span class="unsaved-text" dir="auto">{text}</span>
                <button
                    type="button"
                    class="button button-small"
                    on:click=move |_| ui.copy(copied.clone(), "Text copied.")
                >
                    "Copy"
                </button>
            </li>
        }
    };
    let rows = texts.map(row).collect_view();
    let discard = move |_| rooms.iter().for_each(|room| live.discard_unsent(*room));
    view! {
        <ul class="plain-list">{rows}</ul>
        <div class="dialog-actions">
            <button type="button" class="button button-danger" on:click=discard>"Discard"</button>
        </div>
    }
}
