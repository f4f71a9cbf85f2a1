//! Making an account; whoever makes one is signed in with it.

use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::{
    problem::{Code, Problem},
    rules,
};

use super::{
    auth_page::{AuthPage, with_next},
    session::Session,
};
use crate::{
    api,
    ui::action,
    ui::{Field, href},
};

/// `/ui/register`
#[component]
pub fn RegisterPage() -> impl IntoView {
    let session = expect_context::<Session>();
    let (username, password) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let register = action(move |(username, password): &(String, String)| {
        let (username, password) = (username.clone(), password.clone());
        async move {
            make(&username, &password).await?;
            api::sign_in(username, password).await.map(|user| session.began(user))
        }
    });
    let failure = move || register.value().get().and_then(Result::err);
    let of_username = Signal::derive(move || {
        let failure = failure()?;
        let taken = (failure.code() == Some(Code::UsernameTaken)).then(|| failure.message());
        failure.field_message("username").or(taken)
    });
    let of_password = Signal::derive(move || {
        let failure = failure()?;
        let other = of_username.get().is_none().then(|| failure.message());
        failure.field_message("password").or(other)
    });
    let busy = register.pending();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value());
        if let (Some(username), Some(password)) = (value(username), value(password)) {
            register.dispatch((username, password));
        }
    };
    view! {
        <AuthPage heading="Create an account">
            <form class="form" method="post" on:submit=submit>
                <Field
                    label="Username"
                    name="username"
                    input=username
                    error=of_username
                    autocomplete="username"
                    autofocus=true
                    hint="This is how others see you."
                />
                <Field
                    label="Password"
                    name="password"
                    kind="password"
                    input=password
                    error=of_password
                    autocomplete="new-password"
                    hint=format!("At least {} characters.", rules::PASSWORD_MIN_BYTES)
                />
                <button type="submit" class="button button-primary button-full" disabled=move || busy.get()>
                    {move || if busy.get() { "Creating…" } else { "Create account" }}
                </button>
            </form>
            <p class="auth-other">
                "You have one? " <a href=href(&with_next("/login"))>"Sign in"</a>
            </p>
        </AuthPage>
    }
}

async fn make(username: &str, password: &str) -> api::Result<()> {
    let mut problem = Problem::new(Code::InvalidFields);
    problem.errors.extend(rules::username(username).err());
    problem.errors.extend(rules::password(password).err());
    if !problem.errors.is_empty() {
        return Err(api::Error::Rejected(Box::new(problem)));
    }
    api::register(username.to_owned(), password.to_owned()).await
}
