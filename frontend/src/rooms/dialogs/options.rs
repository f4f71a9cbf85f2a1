//! The options of a room: groups of radio buttons, and the policies.

use leptos::prelude::*;
use shared::access::{Policies, Role};

/// An option of a [`Choice`].
pub struct ChoiceOption<T> {
    pub value: T,
    pub label: &'static str,
    /// What it means, in one sentence.
    pub text: &'static str,
    /// Why it cannot be chosen.
    pub refusal: Option<&'static str>,
}

/// A group of radio buttons, each with a sentence.
#[component]
pub fn Choice<T: Copy + PartialEq + Send + Sync + 'static>(
    legend: &'static str,
    /// The name of the group in the form.
    name: &'static str,
    value: RwSignal<T>,
    options: Vec<ChoiceOption<T>>,
) -> impl IntoView {
    let option = |option: ChoiceOption<T>| {
        let ChoiceOption { value: this, label, text, refusal } = option;
        view! {
            <label class="option">
                <input
                    type="radio"
                    name=name
                    prop:checked=move || value.get() == this
                    disabled=refusal.is_some()
                    on:change=move |_| value.set(this)
                />
                <span>{label} <small>{refusal.unwrap_or(text)}</small></span>
            </label>
        }
    };
    view! {
        <fieldset class="options">
            <legend>{legend}</legend>
            {options.into_iter().map(option).collect_view()}
        </fieldset>
    }
}

/// The policies, folded.
#[component]
pub fn MoreOptions(policies: RwSignal<Policies>) -> impl IntoView {
    view! {
        <details class="more-options">
            <summary>"More options"</summary>
            <div class="form">
                <PolicySelect
                    label="Who can post"
                    name="post"
                    hint="Everybody in the room can read."
                    policies
                    policy=|policies| &mut policies.post
                />
                <PolicySelect
                    label="Who can add people"
                    name="invite"
                    hint="Guests of the server never can."
                    policies
                    policy=|policies| &mut policies.invite
                />
                <PolicySelect
                    label="Who can change the topic"
                    name="topic-policy"
                    hint="Only hosts can change the name."
                    policies
                    policy=|policies| &mut policies.topic
                />
            </div>
        </details>
    }
}

/// Each role with the people who have it or a higher one.
const LEAST_ROLES: [(Role, &str, &str); 3] = [
    (Role::Reader, "reader", "Everybody in the room"),
    (Role::Member, "member", "Members and hosts"),
    (Role::Host, "host", "Only hosts"),
];

#[component]
fn PolicySelect(
    label: &'static str,
    name: &'static str,
    hint: &'static str,
    policies: RwSignal<Policies>,
    policy: fn(&mut Policies) -> &mut Role,
) -> impl IntoView {
    let id = format!("field-{name}");
    let hint_id = format!("{id}-hint");
    let current = *policy(&mut policies.get_untracked());
    let options = LEAST_ROLES.map(|(role, value, label)| {
        view! { <option value=value selected=role == current>{label}</option> }
    });
    let choose = move |event| {
        let chosen = event_target_value(&event);
        if let Some((role, ..)) = LEAST_ROLES.iter().find(|(_, value, _)| *value == chosen) {
            policies.update(|policies| *policy(policies) = *role);
        }
    };
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select id=id name=name aria-describedby=hint_id.clone() on:change=choose>
                {options.into_iter().collect_view()}
            </select>
            <p id=hint_id class="field-hint">{hint}</p>
        </div>
    }
}
