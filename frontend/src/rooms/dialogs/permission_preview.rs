//! What others may do in a room: a list for each kind of person, without anybody's data.

use leptos::prelude::*;
use shared::access::{Perspective, RoomAccess};

use super::form::RoomFields;
use crate::state::rooms::perspective::{
    abilities, describe_perspective, history_sentence, perspective_name,
};

/// Shows the room with the options as they are chosen in the form, also before they are saved.
#[component]
pub fn PermissionPreview(fields: RoomFields, is_archived: bool) -> impl IntoView {
    let chosen = RwSignal::new(Perspective::Member);
    let room = move || {
        let (kind, policies) = (fields.kind.get(), fields.policies.get());
        RoomAccess { kind, policies, is_archived }
    };
    let options = Perspective::ALL.map(|perspective| {
        let name = perspective_name(perspective);
        view! { <option value=name>{name}</option> }
    });
    let choose = move |event| {
        let name = event_target_value(&event);
        let named = |it: &Perspective| perspective_name(*it) == name;
        if let Some(perspective) = Perspective::ALL.into_iter().find(named) {
            chosen.set(perspective);
        }
    };
    let ability = |(sentence, is_allowed): (&'static str, bool)| {
        view! {
            <li class:ability-no=!is_allowed>
                <span aria-hidden="true">{if is_allowed { "✓ " } else { "✗ " }}</span>
                <span class="sr-only">{if is_allowed { "Can: " } else { "Can't: " }}</span>
                {sentence}
            </li>
        }
    };
    view! {
        <details class="more-options" data-testid="permission-preview">
            <summary>"See the room as…"</summary>
            <div class="field">
                <label for="field-permission-preview">"Who"</label>
                <select id="field-permission-preview" aria-describedby="field-permission-preview-hint" on:change=choose>
                    {options.into_iter().collect_view()}
                </select>
                <p id="field-permission-preview-hint" class="field-hint">
                    {move || describe_perspective(chosen.get())}
                </p>
            </div>
            <ul class="abilities" role="list" aria-live="polite" aria-label="What they can do here">
                {move || abilities(chosen.get(), &room()).into_iter().map(ability).collect_view()}
            </ul>
            <p class="field-hint">{move || history_sentence(fields.history.get())}</p>
        </details>
    }
}
