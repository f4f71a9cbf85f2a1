//! Reports a message to those who manage the room.

use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::{ids::Seq, rules::REPORT_REASON_MAX_CHARS, unicode::isolate};

use super::{
    context::{RoomContext, RoomDialog},
    text::snippet,
};
use crate::{api, ui::Ui};

#[component]
pub fn ReportForm(open: RwSignal<bool>, seq: Seq) -> impl IntoView {
    let (room, ui) = (expect_context::<RoomContext>(), expect_context::<Ui>());
    let reason = NodeRef::<html::Textarea>::new();
    let report = Action::new_local(move |reason: &String| {
        let reason = reason.clone();
        async move {
            api::report_message(room.id, seq, reason).await?;
            room.close_dialog(RoomDialog::Report(seq));
            ui.notice("Reported. The hosts of this room will look at it.");
            Ok::<_, api::Error>(())
        }
    });
    let (busy, value) = (report.pending(), report.value());
    let error = move || value.get()?.err().map(|error| error.message());
    let message = room.message(seq);
    let (author, text) = message
        .map(|message| (message.user.name().to_owned(), snippet(message.text())))
        .unwrap_or_default();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let reason = reason.get_untracked().map(|area| area.value()).unwrap_or_default();
        report.dispatch_local(reason);
    };
    view! {
        <form class="form" on:submit=submit>
            <p class="dialog-text">{format!("{}: “{}”", isolate(&author), isolate(&text))}</p>
            <div class="field">
                <label for="report-reason">"What is wrong with it? (optional)"</label>
                <textarea
                    id="report-reason"
                    dir="auto"
                    rows="3"
                    maxlength=REPORT_REASON_MAX_CHARS.to_string()
                    autofocus=true
                    aria-describedby="report-hint"
                    node_ref=reason
                ></textarea>
                <p id="report-hint" class="field-hint">
                    "The hosts see that you reported it; the author doesn't."
                </p>
            </div>
            <p class="field-error" role="alert">{error}</p>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=move |_| open.set(false)>
                    "Cancel"
                </button>
                <button type="submit" class="button button-primary" disabled=busy>"Report"</button>
            </div>
        </form>
    }
}
