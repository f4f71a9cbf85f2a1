//! Signing up with an e-mail address: what to do after the form, and the page `/ui/confirm#TOKEN`.

use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::users::EmailToken;

use super::auth_page::AuthFrame;
use crate::{
    api,
    ui::{Field, href, restore_focus},
};

/// The notice on a page whose link has no token.
const INCOMPLETE: &str = "This link is incomplete. Open the one in your mail again, or copy all of it. \
    If you've confirmed your address already, sign in.";

/// Says that the mail with the link is on its way.
#[component]
pub fn CheckYourMail(email: String) -> impl IntoView {
    view! {
        <strong>"Check your mail."</strong>
        " We've sent a link to "
        <bdi data-testid="mailed-to">{email}</bdi>
        ". Open it within 24 hours to confirm your address. If there's no mail, look in your spam folder."
    }
}

/// Confirms by a form, because programs that check mails open the links in them, and the link works once. Asks
/// for the password, so that nobody confirms an account that somebody else created with their address.
#[component]
pub fn ConfirmPage(token: Option<EmailToken>) -> impl IntoView {
    let password = NodeRef::<html::Input>::new();
    let confirm = Action::new_local(move |(token, password): &(EmailToken, String)| {
        let confirming = api::confirm_email(token.clone(), password.clone());
        async move {
            let confirmed = confirming.await;
            // The button was disabled meanwhile, and may go away with the form.
            restore_focus(&["main [autofocus]", "main .button-primary"]);
            confirmed
        }
    });
    let error = Signal::derive(move || {
        let error = confirm.value().get().and_then(Result::err)?;
        error.field_message("password").or_else(|| Some(error.message()))
    });
    let username = move || confirm.value().get().and_then(Result::ok).map(|user| user.username);
    let is_confirmed = Memo::new(move |_| username().is_some());
    let (busy, has_token) = (confirm.pending(), token.is_some());
    let form = move || {
        let token = token.clone().filter(|_| !is_confirmed.get());
        token.map(|token| {
            let submit = move |event: SubmitEvent| {
                event.prevent_default();
                if let Some(password) = password.get_untracked() {
                    confirm.dispatch_local((token.clone(), password.value()));
                }
            };
            view! {
                <form class="form" method="post" on:submit=submit>
                    <p>"Enter the password that you chose, and you can sign in."</p>
                    <Field
                        label="Password"
                        name="password"
                        kind="password"
                        input=password
                        error
                        autocomplete="current-password"
                        autofocus=true
                    />
                    <button
                        type="submit"
                        class="button button-primary button-full"
                        disabled=busy
                    >
                        {move || if busy.get() { "Confirming…" } else { "Confirm my address" }}
                    </button>
                    <p class="field-hint">
                        "Didn't create an account? Then just close this page."
                    </p>
                </form>
            }
            .into_any()
        })
        .unwrap_or_else(|| {
            view! { <a class="button button-primary button-full" href=href("/login")>"Sign in"</a> }
                .into_any()
        })
    };
    view! {
        <AuthFrame heading="Confirm your address">
            <p role="status">
                {move || username().map(|name| view! {
                    "Your address is confirmed. You can sign in as "<bdi>{name}</bdi>"."
                })}
            </p>
            {(!has_token).then(|| view! {
                <p>{INCOMPLETE}</p>
            })}
            {form}
        </AuthFrame>
    }
}
