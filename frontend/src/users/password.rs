//! The dialog that changes the password of the account.

use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::{problem::Code, rules};

use crate::{
    api,
    ui::{Dialog, Field, Lazy, Ui, part},
};

#[component]
pub fn PasswordDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Change password">
            <Lazy load=password_form props=open/>
        </Dialog>
    }
}

part!(more: fn password_form(open: RwSignal<bool>) { view! { <PasswordForm open/> } });

#[component]
fn PasswordForm(open: RwSignal<bool>) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let (current, new) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let change = Action::new_local(move |(current, new): &(String, String)| {
        let (current, new) = (current.clone(), new.clone());
        async move {
            api::change_password(current, new).await.map(|()| {
                ui.notice("Password changed. Your other devices have been signed out.");
                open.try_set(false);
            })
        }
    });
    let error = move || change.value().get().and_then(Result::err);
    let current_error = Signal::derive(move || {
        let error = error()?;
        let is_wrong = error.code() == Some(Code::InvalidCredentials);
        let wrong = is_wrong.then(|| "That's not your current password.".to_owned());
        error.field_message("current_password").or(wrong)
    });
    let new_error = Signal::derive(move || {
        let error = error()?;
        let other = current_error.get().is_none().then(|| error.message());
        error.field_message("password").or(other)
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value());
        if let (Some(current), Some(new)) = (value(current), value(new)) {
            change.dispatch_local((current, new));
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <Field
                label="Current password"
                name="current_password"
                kind="password"
                input=current
                error=current_error
                autocomplete="current-password"
                autofocus=true
            />
            <Field
                label="New password"
                name="new_password"
                kind="password"
                input=new
                error=new_error
                autocomplete="new-password"
                hint=format!(
                    "At least {} characters. Your other devices will be signed out.",
                    rules::PASSWORD_MIN_CHARS,
                )
            />
            <div class="dialog-actions">
                <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button button-primary" disabled=change.pending()>
                    "Change password"
                </button>
            </div>
        </form>
    }
}
