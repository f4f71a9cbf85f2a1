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
                <SlowModeSelect policies/>
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

/// The lengths of slow mode in seconds, with their names.
const SLOW_MODES: [(u32, &str); 6] = [
    (0, "Off"),
    (5, "5 seconds"),
    (30, "30 seconds"),
    (60, "1 minute"),
    (300, "5 minutes"),
    (3_600, "1 hour"),
];

/// How long members wait between two messages. A length that another client has set is one more option.
#[component]
fn SlowModeSelect(policies: RwSignal<Policies>) -> impl IntoView {
    let current = policies.get_untracked().slow_s;
    let is_listed = SLOW_MODES.iter().any(|(seconds, _)| *seconds == current);
    let other = (!is_listed).then(|| (current, format!("{current} seconds")));
    let listed = SLOW_MODES.iter().map(|(seconds, label)| (*seconds, (*label).to_owned()));
    let options = listed.chain(other).map(|(seconds, label)| {
        view! { <option value=seconds.to_string() selected=seconds == current>{label}</option> }
    });
    let choose = move |event| {
        if let Ok(seconds) = event_target_value(&event).parse() {
            policies.update(|policies| policies.slow_s = seconds);
        }
    };
    view! {
        <div class="field">
            <label for="field-slow-mode">"Slow mode"</label>
            <select
                id="field-slow-mode"
                name="slow-mode"
                aria-describedby="field-slow-mode-hint"
                on:change=choose
            >
                {options.collect_view()}
            </select>
            <p id="field-slow-mode-hint" class="field-hint">
                "How long people wait between two messages. Hosts don't."
            </p>
        </div>
    }
}
