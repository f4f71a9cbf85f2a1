//! The dialog that confirms the deletion of a message, because its text is gone for everyone.

use leptos::prelude::*;
use shared::{ids::Seq, unicode::isolate};

use super::{context::RoomContext, text::snippet};
use crate::{
    api,
    ui::{Confirm, Dialog, Ui, open_while_some},
};

#[component]
pub fn DeleteDialog() -> impl IntoView {
    let (room, ui) = (expect_context::<RoomContext>(), expect_context::<Ui>());
    let open = open_while_some(room.deleting);
    let delete = Action::new_local(move |seq: &Seq| {
        let seq = *seq;
        async move {
            match api::delete_message(room.id, seq).await {
                Ok(()) => drop(open.try_set(false)),
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let is_deleting = delete.pending();
    let text = move || {
        let message = room.deleting.get_untracked().and_then(|seq| room.message(seq));
        let text = message.map(|message| snippet(message.text())).unwrap_or_default();
        format!("“{}” will be deleted for everyone. This can't be undone.", isolate(&text))
    };
    let on_yes = move |()| {
        if let Some(seq) = room.deleting.get_untracked() {
            delete.dispatch(seq);
        }
    };
    view! {
        <Dialog open title="Delete this message?">
            <Confirm text=text() yes="Delete" open busy=is_deleting on_yes/>
        </Dialog>
    }
}
