//! Dialogs that confirm deleting or leaving a room.

use leptos::prelude::*;
use shared::{access::RoomKind, ids::RoomId, rooms::MyRoom, rules, unicode::isolate};

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
        format!(
            "“{name}” and all its messages disappear for everyone. You can restore the room for {} days.",
            rules::BIN_DAYS
        )
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
pub fn LeaveDialog(open: RwSignal<bool>, id: RoomId, room: Memo<Option<MyRoom>>) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let leave = Action::new_local(move |_: &()| async move {
        match api::leave_room(id).await {
            Ok(()) => drop(open.try_set(false)),
            Err(error) => ui.error(error.message()),
        }
    });
    let text = move || match room.get_untracked() {
        Some(MyRoom { kind: RoomKind::Open, archived: false, .. }) => {
            "You won't get its messages any more. You can join again at any time."
        }
        Some(MyRoom { kind: RoomKind::Open, .. }) => {
            "You won't get its messages any more. You can join again when the room is restored."
        }
        _ => "You won't get its messages any more. You can only come back when somebody adds you.",
    };
    view! {
        <Dialog open title="Leave this room?">
            <Confirm
                text=text()
                yes="Leave room"
                open
                busy=leave.pending()
                on_yes=move |()| { leave.dispatch_local(()); }
            />
        </Dialog>
    }
}
