//! The page `/ui/login`.

use leptos::{ev::SubmitEvent, html, prelude::*};

use super::auth_page::{AuthPage, other_form};
use crate::{
    api,
    auth::Auth,
    ui::{Field, Lazy, href, part},
};

#[component]
pub fn LoginPage() -> impl IntoView {
    view! { <Lazy load=login_page props=()/> }
}

part!(login: pub fn login_page((): ()) {
    view! {
        <AuthPage heading="Sign in">
            <LoginForm/>
            <p class="auth-other">
                "New here? " <a href=href(&other_form("/register"))>"Create an account"</a>
            </p>
        </AuthPage>
    }
});

#[component]
pub fn LoginForm() -> impl IntoView {
    let auth = expect_context::<Auth>();
    let (username, password) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let sign_in = Action::new_local(move |(username, password): &(String, String)| {
        let (username, password) = (username.clone(), password.clone());
        async move { api::sign_in(username, password).await.map(|user| auth.sign_in(user)) }
    });
    let error = Signal::derive(move || {
        sign_in.value().get().and_then(Result::err).map(|error| error.message())
    });
    let busy = sign_in.pending();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value());
        if let (Some(username), Some(password)) = (value(username), value(password)) {
            sign_in.dispatch_local((username, password));
        }
    };
    view! {
        <form class="form" method="post" on:submit=submit>
            <Field
                label="Username"
                name="username"
                input=username
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
            <button type="submit" class="button button-primary button-full" disabled=busy>
                {move || if busy.get() { "Signing in…" } else { "Sign in" }}
            </button>
        </form>
    }
}
