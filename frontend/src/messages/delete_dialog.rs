//! Deleting a message asks first: the text is gone for everybody.

use leptos::prelude::*;
use shared::ids::Seq;

use super::{Open, row::snippet};
use crate::{
    api,
    ui::action,
    ui::{Confirm, Dialog, Ui, open_while_some},
};

/// "Delete this message?"
#[component]
pub fn DeleteDialog() -> impl IntoView {
    let (open, ui) = (expect_context::<Open>(), expect_context::<Ui>());
    let shown = open_while_some(open.deleting);
    let delete = action(move |seq: &Seq| {
        let seq = *seq;
        async move {
            match api::delete_message(open.room, seq).await {
                Ok(()) => drop(shown.try_set(false)),
                Err(failure) => ui.error(failure.message()),
            }
        }
    });
    let text = move || {
        let message = open.deleting.get_untracked().and_then(|seq| open.message(seq));
        let text = message.map(|message| snippet(&message.content)).unwrap_or_default();
        format!("“{text}” is deleted for everybody, for good.")
    };
    let on_yes = move |()| {
        if let Some(seq) = open.deleting.get_untracked() {
            delete.dispatch(seq);
        }
    };
    view! {
        <Dialog open=shown title="Delete this message?">
            <Confirm text=text() yes="Delete" open=shown busy=delete.pending() on_yes/>
        </Dialog>
    }
}
