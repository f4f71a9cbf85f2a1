//! Dialogs that confirm deleting or leaving a room.

use leptos::prelude::*;
use shared::{ids::RoomId, rooms::MyRoom, unicode::isolate};

use crate::{
    api,
    ui::{Confirm, Dialog, Ui},
};

#[component]
pub fn DeleteDialog(open: RwSignal<bool>, id: RoomId, room: Memo<Option<MyRoom>>) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let delete = Action::new_local(move |_: &()| async move {
        match api::delete_room(id).await {
            Ok(()) => drop(open.try_set(false)),
            Err(error) => ui.error(error.message()),
        }
    });
    let text = move || {
        let name = room.get_untracked().map(|room| room.name).unwrap_or_default();
        let name = isolate(&name);
        format!("This deletes “{name}” and all its messages for everyone. You can't undo it.")
    };
    view! {
        <Dialog open title="Delete this room?">
            <Confirm
                text=text()
                yes="Delete room"
                open
                busy=delete.pending()
                on_yes=move |()| { delete.dispatch_local(()); }
            />
        </Dialog>
    }
}

#[component]
pub fn LeaveDialog(open: RwSignal<bool>, id: RoomId) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let leave = Action::new_local(move |_: &()| async move {
        match api::leave_room(id).await {
            Ok(()) => drop(open.try_set(false)),
            Err(error) => ui.error(error.message()),
        }
    });
    view! {
        <Dialog open title="Leave this room?">
            <Confirm
                text="You won't get its messages any more. You can join again at any time."
                yes="Leave room"
                open
                busy=leave.pending()
                on_yes=move |()| { leave.dispatch_local(()); }
            />
        </Dialog>
    }
}
