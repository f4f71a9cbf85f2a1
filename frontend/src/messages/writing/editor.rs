//! Edits a message of mine in its row.

use leptos::{ev, html, prelude::*};
use shared::messages::Message;

use super::{
    text_field::{fit_height, focus_composer, is_submit, validate},
    typing_aids::TypingAids,
};
use crate::{
    api,
    live::LiveClient,
    messages::context::RoomContext,
    ui::{Ui, announce_each, part, pressed_key},
};

part!(more: pub fn message_edit((message, is_open): (Message, bool)) {
    match is_open {
        true => view! { <Editor message/> }.into_any(),
        false => view! { <UnsavedEdit message/> }.into_any(),
    }
});

/// A text area in place of the message: Enter saves, Esc closes it and keeps the text.
#[component]
fn Editor(message: Message) -> impl IntoView {
    let (room, live) = (expect_context::<RoomContext>(), expect_context::<LiveClient>());
    let (seq, format, state) = (message.seq, message.format, room.state());
    let area = NodeRef::<html::Textarea>::new();
    let close = move || {
        room.editing.set(None);
        focus_composer();
    };
    let save = Action::new_local(move |content: &String| {
        let (content, state) = (content.clone(), state.clone());
        async move {
            let message = api::edit_message(room.id, seq, content).await?;
            room.set_edit(seq, None);
            state.timeline.update(|t| t.upsert_message(message));
            if room.editing.try_get_untracked() == Some(Some(seq)) {
                room.editing.set(None);
                request_animation_frame(focus_composer);
            }
            Ok::<_, api::Error>(())
        }
    });
    let (is_saving, saved) = (save.pending(), save.value());
    let original = StoredValue::new(message.content);
    let text = Memo::new(move |_| {
        let unfinished = room.edits.with(|edits| edits.get(&seq).cloned());
        unfinished.unwrap_or_else(|| original.get_value())
    });
    let discard = move || {
        room.set_edit(seq, None);
        close();
    };
    let invalid = RwSignal::new(None::<String>);
    let submit = move || match validate(&text.get_untracked()) {
        _ if is_saving.get_untracked() => {}
        Ok(content) if content == original.get_value() => discard(),
        Ok(content) => drop(save.dispatch(content)),
        Err(error) => invalid.set(Some(format!("The message {error}."))),
    };
    Effect::new(move |_| {
        if let Some(area) = area.get() {
            let _ = area.focus();
            let end = area.value().encode_utf16().count() as u32;
            let _ = area.set_selection_range(end, end);
        }
    });
    fit_height(area, move || text.track());
    // An error is about the text before the change, or about a connection that was lost then.
    Effect::new(move |_| {
        text.track();
        live.connection_epoch.track();
        invalid.set(None);
        save.clear();
    });
    let on_input = move |event: ev::Event| {
        let text = event_target_value(&event);
        room.set_edit(seq, Some(text).filter(|text| *text != original.get_value()));
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if event.default_prevented() {
            // A typing aid took the key.
        } else if is_submit(&event) {
            event.prevent_default();
            submit();
        } else if pressed_key(&event) == "Escape" {
            event.prevent_default();
            close();
        }
    };
    let error = Signal::derive(move || {
        let refused = saved.get().and_then(Result::err).map(|error| error.message());
        invalid.get().or(refused)
    });
    view! {
        <div class="editor">
            <TypingAids area format/>
            <textarea
                node_ref=area
                rows="1"
                dir="auto"
                aria-label="Edit message"
                readonly=is_saving
                prop:value=text
                on:input=on_input
                on:keydown=on_key
            ></textarea>
            <p class="field-error" role="alert">{announce_each(error)}</p>
            <div class="editor-actions">
                <button
                    type="button"
                    class="button button-small button-primary"
                    disabled=is_saving
                    on:click=move |_| submit()
                >
                    "Save"
                </button>
                <button type="button" class="button button-small" on:click=move |_| discard()>
                    "Cancel"
                </button>
                <span class="quiet">"Enter to save, Esc to finish later"</span>
            </div>
        </div>
    }
}

/// The note below a message whose edit is not finished. The text of a message that was deleted
/// meanwhile can only be copied.
#[component]
fn UnsavedEdit(message: Message) -> impl IntoView {
    let (room, ui) = (expect_context::<RoomContext>(), expect_context::<Ui>());
    let (seq, is_deleted) = (message.seq, message.deleted_at.is_some());
    let text = move || room.edits.with(|edits| edits.get(&seq).cloned().unwrap_or_default());
    let act = move |_| match is_deleted {
        true => ui.copy(untrack(text), "Text copied."),
        false => room.editing.set(Some(seq)),
    };
    view! {
        <div class="unsaved" data-testid="unsaved-edit">
            <span class="quiet">"Your unsaved edit: "</span>
            <span class="unsaved-text" dir="auto">{text}</span>
            <button type="button" class="button button-small" on:click=act>
                {if is_deleted { "Copy" } else { "Continue" }}
            </button>
            <button
                type="button"
                class="button button-small"
                on:click=move |_| room.set_edit(seq, None)
            >
                "Discard"
            </button>
        </div>
    }
}
