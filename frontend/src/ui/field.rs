//! A labelled input with a hint and an error message.

use leptos::{html, prelude::*};

use super::announce_each;

/// One line of a form.
#[component]
pub fn Field(
    #[prop(into)] label: String,
    name: &'static str,
    input: NodeRef<html::Input>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] value: String,
    #[prop(optional)] autofocus: bool,
    #[prop(default = true)] required: bool,
) -> impl IntoView {
    let id = format!("field-{name}");
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let no_hint = hint.is_empty();
    let described_by = format!("{hint_id} {error_id}");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                name=name
                dir="auto"
                type=kind
                value=value
                autocomplete=autocomplete
                autofocus=autofocus
                required=required
                autocapitalize="off"
                spellcheck="false"
                node_ref=input
                aria-invalid=move || error.with(|e| e.is_some()).to_string()
                aria-describedby=described_by
            />
            <p id=hint_id class="field-hint" hidden=no_hint>{hint}</p>
            <p id=error_id class="field-error" role="alert">{announce_each(error)}</p>
        </div>
    }
}
