//! The dialog that changes my display name, pronouns and status.

use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::{
    Timestamp, rules,
    users::{PatchProfile, Status},
};

use crate::{
    api,
    auth::Auth,
    state::profile::{Expiry, PRESETS, Times, changes, next_week, status_of},
    ui::{Dialog, Field, Lazy, part, time},
};

/// The fields that show their own errors.
const FIELDS: [&str; 4] = ["display_name", "pronouns", "status.emoji", "status.text"];

#[component]
pub fn ProfileDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Your profile">
            <Lazy load=profile_form props=open/>
        </Dialog>
    }
}

part!(more: fn profile_form(open: RwSignal<bool>) { view! { <ProfileForm open/> } });

#[component]
fn ProfileForm(open: RwSignal<bool>) -> impl IntoView {
    let auth = expect_context::<Auth>();
    let mut me = auth.me_untracked()?;
    me.status = me.status.filter(|status| !status.is_over(time::now()));
    let [name, pronouns, emoji, text] = [(); 4].map(|()| NodeRef::<html::Input>::new());
    let Status { emoji: my_emoji, text: my_text, until } = me.status.clone().unwrap_or_default();
    let expiry = RwSignal::new(if until.is_some() { Expiry::Unchanged } else { Expiry::Never });
    let save = Action::new_local(move |patch: &PatchProfile| {
        let patch = patch.clone();
        async move {
            api::change_profile(patch).await.map(|user| {
                auth.update(user);
                open.try_set(false);
            })
        }
    });
    let error = move || save.value().get().and_then(Result::err);
    let field_error =
        move |field: &'static str| Signal::derive(move || error()?.field_message(field));
    let other_error = move || {
        let error = error()?;
        let is_other = FIELDS.iter().all(|field| error.field_message(field).is_none());
        is_other.then(|| error.message())
    };
    let (my_name, my_pronouns) = (me.display_name.clone(), me.pronouns.clone());
    let hint = format!("People see it instead of your username, {}.", me.username);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value());
        let [name, pronouns, emoji, text] =
            [name, pronouns, emoji, text].map(|node| value(node).unwrap_or_default());
        let until = expiry.get_untracked().until(times(until));
        let status = status_of(&emoji, &text, until);
        save.dispatch_local(changes(&me, &name, &pronouns, status));
    };
    Some(view! {
        <form class="form" on:submit=submit>
            <Field
                label="Display name"
                name="display_name"
                input=name
                error=field_error("display_name")
                value=my_name.unwrap_or_default()
                hint=hint
                required=false
                autofocus=true
            />
            <Field
                label="Pronouns"
                name="pronouns"
                input=pronouns
                error=field_error("pronouns")
                value=my_pronouns.unwrap_or_default()
                hint=format!("For example she/her. At most {} characters.", rules::PRONOUNS_MAX_CHARS)
                required=false
            />
            <Field
                label="Status"
                name="status_text"
                input=text
                error=field_error("status.text")
                value=my_text.unwrap_or_default()
                required=false
            />
            <Field
                label="Emoji of the status"
                name="status_emoji"
                input=emoji
                error=field_error("status.emoji")
                value=my_emoji.unwrap_or_default()
                required=false
            />
            <Presets emoji text expiry/>
            <ExpirySelect expiry until/>
            <p class="field-error" role="alert">{other_error}</p>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button button-primary" disabled=save.pending()>
                    "Save"
                </button>
            </div>
        </form>
    })
}

/// The times that the choices of an end mean now.
fn times(current_end: Option<Timestamp>) -> Times {
    let today = time::today_untracked();
    Times {
        now: time::now(),
        tomorrow: time::start_of_day(today.succ_opt().unwrap_or(today)),
        next_week: time::start_of_day(next_week(today, time::first_weekday())),
        current_end,
    }
}

/// Buttons that fill in a common status, and one that clears it.
#[component]
fn Presets(
    emoji: NodeRef<html::Input>,
    text: NodeRef<html::Input>,
    expiry: RwSignal<Expiry>,
) -> impl IntoView {
    let fill = move |new: [&str; 2], end: Expiry| {
        for (node, value) in [emoji, text].into_iter().zip(new) {
            if let Some(input) = node.get_untracked() {
                input.set_value(value);
            }
        }
        expiry.set(end);
    };
    let preset = move |(face, words, end): (&'static str, &'static str, Expiry)| {
        view! {
            <button type="button" class="chip" on:click=move |_| fill([face, words], end)>
                <span aria-hidden="true">{face}</span>{words}
            </button>
        }
    };
    view! {
        <div class="chips" role="group" aria-label="Suggested statuses">
            {PRESETS.map(preset).into_iter().collect_view()}
            <button type="button" class="chip" on:click=move |_| fill([""; 2], Expiry::Never)>
                "Clear status"
            </button>
        </div>
    }
}

#[component]
fn ExpirySelect(expiry: RwSignal<Expiry>, until: Option<Timestamp>) -> impl IntoView {
    let choice = move |(end, value, label): (Expiry, &'static str, String)| {
        view! { <option value=value prop:selected=move || expiry.get() == end>{label}</option> }
    };
    let unchanged =
        until.map(|until| (Expiry::Unchanged, "unchanged", format!("At {}", time::short(until))));
    let choices = Expiry::CHOICES.map(|(end, value, label)| (end, value, label.to_owned()));
    view! {
        <div class="field">
            <label for="field-status-until">"Clear the status"</label>
            <select
                id="field-status-until"
                name="status_until"
                on:change=move |event| expiry.set(Expiry::parse(&event_target_value(&event)))
            >
                {unchanged.into_iter().chain(choices).map(choice).collect_view()}
            </select>
        </div>
    }
}
