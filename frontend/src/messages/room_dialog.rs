//! The dialog over the messages of a room. There is one for all purposes, because each dialog and each
//! lazy view takes several KiB of the first load.

use leptos::prelude::*;
use shared::{ids::Seq, unicode::isolate};

use super::{
    calendar::MonthView,
    context::{RoomContext, RoomDialog},
    reactions::EmojiPicker,
    report_form::ReportForm,
    text::snippet,
};
use crate::{
    api,
    ui::{Confirm, Dialog, Lazy, Ui, open_while_some, part},
};

#[component]
pub fn RoomDialogView() -> impl IntoView {
    let dialog = expect_context::<RoomContext>().dialog;
    let open = open_while_some(dialog);
    move || {
        let shown = dialog.get()?;
        let title = match shown {
            RoomDialog::Delete(_) => "Delete this message?",
            RoomDialog::Report(_) => "Report this message?",
            RoomDialog::React(_) => "Add reaction",
            RoomDialog::Calendar => "Jump to a day",
        };
        Some(view! { <Dialog open title><Lazy load=room_dialog props=(open, shown)/></Dialog> })
    }
}

part!(more: fn room_dialog((open, shown): (RwSignal<bool>, RoomDialog)) {
    match shown {
        RoomDialog::Delete(seq) => view! { <DeleteForm open seq/> }.into_any(),
        RoomDialog::Report(seq) => view! { <ReportForm open seq/> }.into_any(),
        RoomDialog::React(seq) => view! { <EmojiPicker open seq/> }.into_any(),
        RoomDialog::Calendar => view! { <MonthView open/> }.into_any(),
    }
});

/// Confirms the deletion of a message, because its text is gone for everyone.
#[component]
fn DeleteForm(open: RwSignal<bool>, seq: Seq) -> impl IntoView {
    let (room, ui) = (expect_context::<RoomContext>(), expect_context::<Ui>());
    let delete = Action::new_local(move |(): &()| async move {
        match api::delete_message(room.id, seq).await {
            Ok(()) => room.close_dialog(RoomDialog::Delete(seq)),
            Err(error) => ui.error(error.message()),
        }
    });
    let message = room.message(seq).map(|message| snippet(message.text()));
    let text = format!(
        "“{}” will be deleted for everyone. This can't be undone.",
        isolate(&message.unwrap_or_default())
    );
    let on_yes = move |()| drop(delete.dispatch_local(()));
    view! { <Confirm text yes="Delete" open busy=delete.pending() on_yes/> }
}
