//! What I prefer: my favourite rooms and their order, and muted rooms.

use std::cell::Cell;

use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};
use shared::ids::RoomId;

use crate::{
    api,
    live::LiveClient,
    ui::{Ui, focus},
};

thread_local! {
    /// The newest list of my favourites that has not been sent.
    static UNSENT: Cell<Option<Vec<RoomId>>> = const { Cell::new(None) };
}

/// Replaces the list of my favourites. The page shows the new order at once.
///
/// One request at a time, because the server may handle two in another order. A list that is replaced
/// while it waits is never sent.
fn send_favourites(live: LiveClient, ui: Ui, order: Vec<RoomId>) {
    let (mut stored, is_sending) =
        live.rooms.with_untracked(|rooms| (rooms.favourites(), rooms.is_sending_favourites));
    live.rooms.update(|rooms| {
        rooms.set_favourites(&order);
        rooms.is_sending_favourites = true;
    });
    UNSENT.set(Some(order));
    if is_sending {
        return;
    }
    spawn_local(async move {
        let mut failure = None;
        while let Some(order) = UNSENT.take() {
            match api::set_favourites(order.clone()).await {
                Ok(()) => (stored, failure) = (order, None),
                Err(error) => failure = Some(error),
            }
        }
        live.rooms.update(|rooms| {
            rooms.is_sending_favourites = false;
            if failure.is_some() {
                rooms.set_favourites(&stored);
            }
        });
        if let Some(error) = failure {
            ui.error(error.message());
        }
    });
}

/// Adds a room to my favourites, as the last one, or removes it.
fn toggle_favourite(live: LiveClient, ui: Ui, id: RoomId) {
    let mut order = live.rooms.with_untracked(|rooms| rooms.favourites());
    match order.iter().position(|room| *room == id) {
        Some(at) => drop(order.remove(at)),
        None => order.push(id),
    }
    send_favourites(live, ui, order);
}

/// Moves a favourite; returns whether it could move.
fn move_favourite(live: LiveClient, ui: Ui, id: RoomId, step: isize) -> bool {
    let order = live.rooms.with_untracked(|rooms| rooms.moved_favourite(id, step));
    order.map(|order| send_favourites(live, ui, order)).is_some()
}

/// Alt Shift ↑ and ↓ on the link of a favourite move it.
pub fn handle_move_key(live: LiveClient, ui: Ui, id: RoomId, event: &KeyboardEvent) {
    let step = match event.key().as_str() {
        "ArrowUp" if event.alt_key() && event.shift_key() => -1,
        "ArrowDown" if event.alt_key() && event.shift_key() => 1,
        _ => return,
    };
    event.prevent_default();
    if move_favourite(live, ui, id, step) {
        // The browser takes the focus from a link that moves in the document.
        request_animation_frame(move || focus(&format!(".room-link[data-room='{id}']")));
    }
}

fn set_muted(ui: Ui, id: RoomId, muted: bool) {
    // Not an action, which would end with the menu. The socket then sends `preferences`.
    spawn_local(async move {
        if let Err(error) = api::set_muted(id, muted).await {
            ui.error(error.message());
        }
    });
}

/// The items of the room menu.
#[component]
pub fn PreferenceItems(id: RoomId) -> impl IntoView {
    let (live, ui) = (expect_context::<LiveClient>(), expect_context::<Ui>());
    let is_muted =
        Memo::new(move |_| live.rooms.with(|rooms| rooms.get(id).is_some_and(|room| room.muted)));
    let is_favourite = Memo::new(move |_| {
        live.rooms.with(|rooms| rooms.get(id).is_some_and(|room| room.favourite.is_some()))
    });
    let move_item = move |label: &'static str, step: isize| {
        let may_move =
            Memo::new(move |_| live.rooms.with(|rooms| rooms.moved_favourite(id, step).is_some()));
        view! {
            <Show when=move || may_move.get()>
                <button
                    type="button"
                    role="menuitem"
                    on:click=move |_| { move_favourite(live, ui, id, step); }
                >
                    {label}
                </button>
            </Show>
        }
    };
    view! {
        <button type="button" role="menuitem" on:click=move |_| toggle_favourite(live, ui, id)>
            {move || if is_favourite.get() { "Remove from favourites" } else { "Add to favourites" }}
        </button>
        {move_item("Move up in favourites", -1)}
        {move_item("Move down in favourites", 1)}
        <button
            type="button"
            role="menuitem"
            title="Only mentions of you count as unread in a muted room"
            on:click=move |_| set_muted(ui, id, !is_muted.get_untracked())
        >
            {move || if is_muted.get() { "Unmute" } else { "Mute" }}
        </button>
    }
}
