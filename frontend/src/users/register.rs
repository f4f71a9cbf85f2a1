//! The page `/ui/register`: creates an account and signs in.

use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::{
    problem::{Code, Problem},
    rules,
};

use super::auth_page::{AuthPage, other_form};
use crate::{
    api,
    auth::Auth,
    ui::{Field, Lazy, href, part},
};

#[component]
pub fn RegisterPage() -> impl IntoView {
    view! { <Lazy load=register_form props=()/> }
}

part!(more: fn register_form((): ()) { view! { <RegisterForm/> } });

#[component]
fn RegisterForm() -> impl IntoView {
    let auth = expect_context::<Auth>();
    let (username, password) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let register = Action::new_local(move |(username, password): &(String, String)| {
        let (username, password) = (username.clone(), password.clone());
        async move {
            register(&username, &password).await?;
            api::sign_in(username, password).await.map(|user| auth.sign_in(user))
        }
    });
    let error = move || register.value().get().and_then(Result::err);
    let username_error = Signal::derive(move || {
        let error = error()?;
        let taken = (error.code() == Some(Code::UsernameTaken)).then(|| error.message());
        error.field_message("username").or(taken)
    });
    let password_error = Signal::derive(move || {
        let error = error()?;
        // An error that belongs to no field shows below the last one.
        let other = username_error.get().is_none().then(|| error.message());
        error.field_message("password").or(other)
    });
    let busy = register.pending();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value());
        if let (Some(username), Some(password)) = (value(username), value(password)) {
            register.dispatch_local((username, password));
        }
    };
    view! {
        <AuthPage heading="Create an account">
            <form class="form" method="post" on:submit=submit>
                <Field
                    label="Username"
                    name="username"
                    input=username
                    error=username_error
                    autocomplete="username"
                    autofocus=true
                    hint="This is how others see you."
                />
                <Field
                    label="Password"
                    name="password"
                    kind="password"
                    input=password
                    error=password_error
                    autocomplete="new-password"
                    hint=format!("At least {} characters.", rules::PASSWORD_MIN_CHARS)
                />
                <button type="submit" class="button button-primary button-full" disabled=busy>
                    {move || if busy.get() { "Creating…" } else { "Create account" }}
                </button>
            </form>
            <p class="auth-other">
                "Already have an account? " <a href=href(&other_form("/login"))>"Sign in"</a>
            </p>
        </AuthPage>
    }
}

/// Checks both fields before the server does, so that all errors show at once.
async fn register(username: &str, password: &str) -> api::Result<()> {
    let mut problem = Problem::new(Code::InvalidFields);
    problem.errors.extend(rules::validate_username(username).err());
    problem.errors.extend(rules::validate_password(password).err());
    if !problem.errors.is_empty() {
        return Err(api::Error::Rejected(Box::new(problem)));
    }
    api::register(username.to_owned(), password.to_owned()).await
}
