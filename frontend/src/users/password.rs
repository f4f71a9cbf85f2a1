//! Changing one's own password.

use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::problem::Code;

use crate::{
    api,
    ui::action,
    ui::{Dialog, Field, Ui},
};

/// The dialog. Changing ends the other sessions, and says so.
#[component]
pub fn PasswordDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Change password">
            <PasswordForm open/>
        </Dialog>
    }
}

#[component]
fn PasswordForm(open: RwSignal<bool>) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let (current, new) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let change = action(move |(current, new): &(String, String)| {
        let (current, new) = (current.clone(), new.clone());
        async move {
            api::change_password(current, new).await.map(|()| {
                ui.notice("Your password is changed. Your other sessions are ended.");
                open.try_set(false);
            })
        }
    });
    let failure = move || change.value().get().and_then(Result::err);
    let is_wrong = move || failure().is_some_and(|f| f.code() == Some(Code::InvalidCredentials));
    let of_current = Signal::derive(move || {
        let wrong = is_wrong().then(|| "This is not your current password.".to_owned());
        failure()?.field_message("current_password").or(wrong)
    });
    let of_new = Signal::derive(move || {
        let failure = failure()?;
        let other = of_current.get().is_none().then(|| failure.message());
        failure.field_message("password").or(other)
    });
    let changing = change.pending();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value());
        if let (Some(current), Some(new)) = (value(current), value(new)) {
            change.dispatch((current, new));
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <Field
                label="Current password"
                name="current_password"
                kind="password"
                input=current
                error=of_current
                autocomplete="current-password"
                autofocus=true
            />
            <Field
                label="New password"
                name="new_password"
                kind="password"
                input=new
                error=of_new
                autocomplete="new-password"
                hint="At least 8 characters. You are signed out everywhere else."
            />
            <div class="dialog-actions">
                <button type="button" class="button" on:click:target=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button button-primary" disabled=move || changing.get()>
                    "Change password"
                </button>
            </div>
        </form>
    }
}
