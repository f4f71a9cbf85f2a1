//! The deleted rooms that I may restore, below the list of all rooms.

use leptos::prelude::*;
use shared::{
    ids::RoomId,
    problem::Code,
    rooms::{Bin, BinnedRoom},
    unicode::isolate,
};

use crate::{
    api,
    live::LiveClient,
    ui::{Confirm, Dialog, Ui, open_while_some, time},
};

/// Nothing if there are none.
#[component]
pub fn DeletedRooms() -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let my_rooms = Memo::new(move |_| live.rooms.with(|rooms| rooms.ids().collect::<Vec<_>>()));
    let bin = LocalResource::new(move || {
        live.connection_epoch.track();
        my_rooms.track();
        api::list_bin()
    });
    let rooms = Memo::new(move |_| match bin.get() {
        Some(Ok(Bin { rooms, .. })) => rooms,
        _ => Vec::new(),
    });
    let deleting = RwSignal::new(None::<BinnedRoom>);
    let changed = Callback::new(move |()| bin.refetch());
    view! {
        <Show when=move || rooms.with(|rooms| !rooms.is_empty())>
            <section aria-labelledby="deleted-rooms">
                <h2 id="deleted-rooms">"Deleted rooms"</h2>
                <ul class="plain-list" data-testid="bin">
                    <For
                        each=move || rooms.get()
                        key=|room| (room.id, room.deleted_at)
                        children=move |room| view! { <DeletedRoom room deleting changed/> }
                    />
                </ul>
            </section>
        </Show>
        <DeleteForGood deleting changed/>
    }
}

#[component]
fn DeletedRoom(
    room: BinnedRoom,
    deleting: RwSignal<Option<BinnedRoom>>,
    changed: Callback<()>,
) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let id = room.id;
    let restore = Action::new_local(move |_: &()| async move {
        match api::restore_room(id).await {
            Ok(()) => {
                // The list may be closed by now.
                let _ = changed.try_run(());
                ui.notice("Room restored.");
            }
            Err(error) if error.code() == Some(Code::RoomNameTaken) => {
                ui.error("Another room has this name now. Rename that one first.");
            }
            Err(error) => ui.error(error.message()),
        }
    });
    let label = |verb| format!("{verb} {}", isolate(&room.name));
    let (restore_label, delete_label) = (label("Restore"), label("Delete now:"));
    let deleted = format!("Deleted {}", time::short(room.deleted_at));
    let until = format!("Can be restored until {}", time::short(room.purged_at));
    let name = room.name.clone();
    view! {
        <li class="list-row">
            <div class="list-row-text">
                <strong><bdi>{name}</bdi></strong>
                <span class="quiet">{deleted}</span>
                <span class="quiet">{until}</span>
            </div>
            <button
                type="button"
                class="button button-small"
                aria-label=restore_label
                disabled=restore.pending()
                on:click=move |_| { restore.dispatch_local(()); }
            >
                "Restore"
            </button>
            <button
                type="button"
                class="button button-small"
                aria-label=delete_label
                on:click=move |_| deleting.set(Some(room.clone()))
            >
                "Delete now"
            </button>
        </li>
    }
}

#[component]
fn DeleteForGood(deleting: RwSignal<Option<BinnedRoom>>, changed: Callback<()>) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let open = open_while_some(deleting);
    let delete = Action::new_local(move |id: &RoomId| {
        let id = *id;
        async move {
            match api::delete_room_for_good(id).await {
                Ok(()) => {
                    open.try_set(false);
                    let _ = changed.try_run(());
                }
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let text = move || {
        let name = deleting.get_untracked().map(|room| room.name).unwrap_or_default();
        format!("This deletes “{}” and all its messages. You can't undo it.", isolate(&name))
    };
    let on_yes = move |()| {
        if let Some(room) = deleting.get_untracked() {
            delete.dispatch_local(room.id);
        }
    };
    view! {
        <Dialog open title="Delete this room for good?">
            <Confirm text=text() yes="Delete now" open busy=delete.pending() on_yes/>
        </Dialog>
    }
}
