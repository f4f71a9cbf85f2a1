//! A group of radio buttons, each with a sentence about what it means.

use leptos::prelude::*;

use crate::state::admin::admission::Choice;

#[component]
pub fn Choices<T: Copy + PartialEq + Send + Sync + 'static>(
    legend: &'static str,
    name: &'static str,
    choices: &'static [Choice<T>],
    chosen: RwSignal<T>,
) -> impl IntoView {
    let rows = choices.iter().enumerate().map(|(nth, &(value, label, meaning))| {
        let hint = format!("choice-{name}-{nth}");
        view! {
            <label class="list-row">
                <input
                    type="radio"
                    name=name
                    aria-describedby=hint.clone()
                    prop:checked=move || chosen.get() == value
                    on:change=move |_| chosen.set(value)
                />
                <span class="list-row-text">
                    <span>{label}</span>
                    <small class="quiet" id=hint>{meaning}</small>
                </span>
            </label>
        }
    });
    view! {
        <fieldset class="segments">
            <legend>{legend}</legend>
            {rows.collect_view()}
        </fieldset>
    }
}
