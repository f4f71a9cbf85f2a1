//! Edits a message of mine in its row.

use leptos::{ev, html, prelude::*};
use shared::{messages::Message, rules};

use super::text_field::{fit_height, focus_composer, is_composing};
use crate::{api, messages::context::RoomContext};

/// A text area in place of the message: Enter saves, Esc cancels.
#[component]
pub fn Editor(message: Message) -> impl IntoView {
    let room = expect_context::<RoomContext>();
    let (seq, state) = (message.seq, room.state());
    let area = NodeRef::<html::Textarea>::new();
    let save = Action::new_local(move |content: &String| {
        let (content, state) = (content.clone(), state.clone());
        async move {
            let message = api::edit_message(room.id, seq, content).await?;
            state.timeline.update(|t| t.upsert_message(message));
            room.editing.try_set(None);
            room.edit_draft.try_set(None);
            request_animation_frame(focus_composer);
            Ok::<_, api::Error>(())
        }
    });
    let is_saving = save.pending();
    let saved = save.value();
    let close = move || {
        room.editing.set(None);
        room.edit_draft.set(None);
        focus_composer();
    };
    let original = StoredValue::new(message.content.clone());
    let initial = room.edit_draft.get_untracked().unwrap_or(message.content);
    let invalid = RwSignal::new(None::<String>);
    let submit = move || {
        let Some(area) = area.get_untracked() else { return };
        match rules::validate_content(&area.value()) {
            Ok(content) if content == original.get_value() => close(),
            Ok(content) => drop(save.dispatch(content)),
            Err(error) => invalid.set(Some(format!("The message {}.", error.message))),
        }
    };
    Effect::new(move |_| {
        if let Some(area) = area.get() {
            fit_height(&area);
            let _ = area.focus();
            let end = area.value().encode_utf16().count() as u32;
            let _ = area.set_selection_range(end, end);
        }
    });
    let on_input = move |_| {
        if let Some(area) = area.get_untracked() {
            fit_height(&area);
            room.edit_draft.set(Some(area.value()));
        }
    };
    let on_key = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Enter" if !event.shift_key() && !is_composing(&event) => {
            event.prevent_default();
            submit();
        }
        "Escape" => {
            event.prevent_default();
            close();
        }
        _ => {}
    };
    let error = move || {
        let refused = saved.get().and_then(Result::err).map(|error| error.message());
        invalid.get().or(refused)
    };
    view! {
        <div class="editor">
            <textarea
                node_ref=area
                rows="1"
                dir="auto"
                aria-label="Edit message"
                prop:value=initial
                on:input=on_input
                on:keydown=on_key
            ></textarea>
            <p class="field-error" role="alert">{error}</p>
            <div class="editor-actions">
                <button
                    type="button"
                    class="button button-small button-primary"
                    disabled=is_saving
                    on:click=move |_| submit()
                >
                    "Save"
                </button>
                <button type="button" class="button button-small" on:click=move |_| close()>
                    "Cancel"
                </button>
                <span class="quiet">"Enter to save, Esc to cancel"</span>
            </div>
        </div>
    }
}
