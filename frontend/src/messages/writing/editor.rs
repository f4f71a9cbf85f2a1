//! Changing one's own message where it stands.

use leptos::{ev, html, prelude::*};
use shared::{messages::Message, rules};

use super::composer::{focus_composer, grow, is_composing};
use crate::{
    api,
    messages::Open,
    ui::{action, effect},
};

/// The text as a field: Enter saves, Esc gives up.
#[component]
pub fn Editor(message: Message) -> impl IntoView {
    let open = expect_context::<Open>();
    let (room, seq, state) = (message.room, message.seq, open.state());
    let area = NodeRef::<html::Textarea>::new();
    let save = action(move |content: &String| {
        let (content, state) = (content.clone(), state.clone());
        async move {
            let message = api::edit_message(room, seq, content).await?;
            state.timeline.update(|t| t.message(message));
            open.editing.try_set(None);
            open.edited.try_set(None);
            request_animation_frame(focus_composer);
            Ok::<_, api::Error>(())
        }
    });
    let saving = save.pending();
    let close = move || {
        open.editing.set(None);
        open.edited.set(None);
        focus_composer();
    };
    let old = StoredValue::new(message.content.clone());
    let begun = open.edited.get_untracked().unwrap_or(message.content);
    let wrong = RwSignal::new(None::<String>);
    let submit = move || {
        let Some(area) = area.get_untracked() else { return };
        match rules::content(&area.value()) {
            Ok(new) if new == old.get_value() => close(),
            Ok(new) => {
                save.dispatch(new);
            }
            Err(error) => wrong.set(Some(format!("The message {}.", error.message))),
        }
    };
    effect(move || {
        if let Some(area) = area.get() {
            grow(&area);
            let _ = area.focus();
            let end = area.value().encode_utf16().count() as u32;
            let _ = area.set_selection_range(end, end);
        }
    });
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
    let failure = move || {
        let refused = save.value().get().and_then(Result::err).map(|f| f.message());
        wrong.get().or(refused)
    };
    view! {
        <div class="editor">
            <textarea
                node_ref=area
                rows="1"
                aria-label="Edit the message"
                prop:value=begun
                on:input:target=move |_| if let Some(area) = area.get_untracked() {
                    grow(&area);
                    open.edited.set(Some(area.value()));
                }
                on:keydown=on_key
            ></textarea>
            <p class="field-error" role="alert">{move || failure()}</p>
            <div class="editor-actions">
                <button
                    type="button"
                    class="button button-small button-primary"
                    disabled=move || saving.get()
                    on:click:target=move |_| submit()
                >
                    "Save"
                </button>
                <button type="button" class="button button-small" on:click:target=move |_| close()>
                    "Cancel"
                </button>
                <span class="quiet">"Enter saves, Esc cancels"</span>
            </div>
        </div>
    }
}
