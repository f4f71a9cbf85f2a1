//! Deleting a room, and leaving one: both ask first.

use leptos::prelude::*;
use shared::{ids::RoomId, rooms::MyRoom};

use crate::{
    api,
    ui::action,
    ui::{Confirm, Dialog, Ui},
};

/// "Delete this room?"
#[component]
pub fn DeleteDialog(open: RwSignal<bool>, id: RoomId, room: Memo<Option<MyRoom>>) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let delete = action(move |_: &()| async move {
        match api::delete_room(id).await {
            Ok(()) => drop(open.try_set(false)),
            Err(failure) => ui.error(failure.message()),
        }
    });
    let text = move || {
        let name = room.get_untracked().map(|room| room.name).unwrap_or_default();
        format!("“{name}” and everything said in it is deleted for everybody, for good.")
    };
    view! {
        <Dialog open title="Delete this room?">
            <Confirm
                text=text()
                yes="Delete room"
                open
                busy=delete.pending()
                on_yes=move |()| delete.dispatch(())
            />
        </Dialog>
    }
}

/// "Leave this room?"
#[component]
pub fn LeaveDialog(open: RwSignal<bool>, id: RoomId) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let leave = action(move |_: &()| async move {
        match api::leave_room(id).await {
            Ok(()) => drop(open.try_set(false)),
            Err(failure) => ui.error(failure.message()),
        }
    });
    view! {
        <Dialog open title="Leave this room?">
            <Confirm
                text="You no longer get its messages. You can join again whenever you like."
                yes="Leave room"
                open
                busy=leave.pending()
                on_yes=move |()| leave.dispatch(())
            />
        </Dialog>
    }
}
