//! Signing in.

use leptos::{ev::SubmitEvent, html, prelude::*};

use super::{
    auth_page::{AuthPage, with_next},
    session::Session,
};
use crate::{
    api,
    ui::action,
    ui::{Field, href},
};

/// `/ui/login`
#[component]
pub fn Login() -> impl IntoView {
    let session = expect_context::<Session>();
    let (username, password) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let sign_in = action(move |(username, password): &(String, String)| {
        let (username, password) = (username.clone(), password.clone());
        async move { api::sign_in(username, password).await.map(|user| session.began(user)) }
    });
    let error = Signal::derive(move || {
        sign_in.value().with(|answer| match answer {
            Some(Err(failure)) => Some(failure.message()),
            _ => None,
        })
    });
    let busy = sign_in.pending();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value());
        if let (Some(username), Some(password)) = (value(username), value(password)) {
            sign_in.dispatch((username, password));
        }
    };
    let fine = Signal::derive(|| None::<String>);
    view! {
        <AuthPage heading="Sign in">
            <form class="form" method="post" on:submit=submit>
                <Field
                    label="Username"
                    name="username"
                    input=username
                    error=fine
                    autocomplete="username"
                    autofocus=true
                />
                <Field
                    label="Password"
                    name="password"
                    kind="password"
                    input=password
                    error
                    autocomplete="current-password"
                />
                <button type="submit" class="button button-primary button-full" disabled=move || busy.get()>
                    {move || if busy.get() { "Signing in…" } else { "Sign in" }}
                </button>
            </form>
            <p class="auth-other">
                "New here? " <a href=href(&with_next("/register"))>"Create an account"</a>
            </p>
        </AuthPage>
    }
}
