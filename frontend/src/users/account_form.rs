//! The form that creates an account and signs in.

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    problem::{Code, Problem},
    rules,
    users::{InvitationToken, User},
};

use super::email::CheckYourMail;
use crate::{api, auth::Auth, links::room_path, ui::Field};

/// With an invitation, ends in the first of its rooms. With domains, asks for an address in one of them.
#[component]
pub fn AccountForm(
    invitation: Option<InvitationToken>,
    #[prop(optional)] domains: Vec<String>,
) -> impl IntoView {
    let (auth, navigate) = (expect_context::<Auth>(), use_navigate());
    let [username, password, email] = [(); 3].map(|()| NodeRef::<html::Input>::new());
    let register = Action::new_local(move |fields: &(String, String, Option<String>)| {
        let (username, password, email) = fields.clone();
        let (invitation, navigate) = (invitation.clone(), navigate.clone());
        async move {
            let user = register(&username, &password, invitation.clone(), email).await?;
            if user.is_pending {
                return Ok(user);
            }
            let user = api::sign_in(username, password).await?;
            let to = match invitation {
                Some(token) => Some(first_room(token).await),
                None => None,
            };
            auth.sign_in(user.clone());
            if let Some(to) = to {
                navigate(&to, NavigateOptions { replace: true, ..Default::default() });
            }
            api::Result::Ok(user)
        }
    });
    let error = move || register.value().get().and_then(Result::err);
    let username_error = Signal::derive(move || {
        let error = error()?;
        let taken = (error.code() == Some(Code::UsernameTaken)).then(|| error.message());
        error.field_message("username").or(taken)
    });
    let email_error = Signal::derive(move || error()?.field_message("email"));
    let password_error = Signal::derive(move || {
        let error = error()?;
        // An error that belongs to no field shows below the last one.
        let is_other = username_error.get().is_none() && email_error.get().is_none();
        error.field_message("password").or(is_other.then(|| error.message()))
    });
    let pending =
        move || register.value().get().and_then(Result::ok).filter(|user: &User| user.is_pending);
    let is_pending = move || pending().is_some();
    let busy = register.pending();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = |node: NodeRef<html::Input>| node.get_untracked().map(|input| input.value());
        if let (Some(username), Some(password)) = (value(username), value(password)) {
            register.dispatch_local((username, password, value(email)));
        }
    };
    view! {
        <form class="form" method="post" hidden=is_pending on:submit=submit>
            {(!domains.is_empty()).then(|| view! {
                <Field
                    label="E-mail address"
                    name="email"
                    kind="email"
                    input=email
                    error=email_error
                    autocomplete="email"
                    autofocus=true
                    hint=domains_hint(&domains)
                />
            })}
            <Credentials username password username_error password_error/>
            <button type="submit" class="button button-primary button-full" disabled=busy>
                {move || if busy.get() { "Creating…" } else { "Create account" }}
            </button>
        </form>
        <p role="status">
            {move || pending().map(|user| match user.email {
                Some(email) => view! { <CheckYourMail email/> }.into_any(),
                None => "Your account has been created. You can sign in as soon as an admin has \
                         approved it."
                    .into_any(),
            })}
        </p>
    }
}

/// Says which addresses are allowed. With many domains, the list would be longer than the form.
fn domains_hint(domains: &[String]) -> String {
    const SHOWN: usize = 3;
    let list = domains.iter().take(SHOWN).map(|domain| format!("@{domain}"));
    let more = if domains.len() > SHOWN { ", or another domain of ours" } else { "" };
    format!("It ends with {}{more}.", list.collect::<Vec<_>>().join(" or "))
}

/// The fields of a new account.
#[component]
pub fn Credentials(
    username: NodeRef<html::Input>,
    password: NodeRef<html::Input>,
    username_error: Signal<Option<String>>,
    password_error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
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
    }
}

/// The path of the first room of an invitation that I am in, or of the list of rooms. Accepting again
/// changes nothing.
pub async fn first_room(token: InvitationToken) -> String {
    match api::accept_invitation(token).await {
        Ok(accepted) => accepted.rooms.first().map_or("/rooms".into(), |room| room_path(*room)),
        Err(_) => "/rooms".into(),
    }
}

/// Checks both fields before the server does, so that all errors show at once.
pub fn check_credentials(username: &str, password: &str) -> Problem {
    let mut problem = Problem::new(Code::InvalidFields);
    problem.errors.extend(rules::validate_username(username).err());
    problem.errors.extend(rules::validate_password(password).err());
    problem
}

async fn register(
    username: &str,
    password: &str,
    invitation: Option<InvitationToken>,
    email: Option<String>,
) -> api::Result<User> {
    let problem = check_credentials(username, password);
    if !problem.errors.is_empty() {
        return Err(api::Error::Rejected(Box::new(problem)));
    }
    api::register(username.to_owned(), password.to_owned(), invitation, email).await
}
