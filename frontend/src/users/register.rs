//! The pages `/ui/register`, `/ui/invite#TOKEN` and `/ui/confirm#TOKEN`: create an account, confirm its
//! address, and set up a server that has none.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use shared::{admission::SignUp, users::EmailToken};

use super::{
    account_form::AccountForm,
    auth_page::{AuthFrame, AuthPage, other_form},
    email::ConfirmPage,
    invitation_page::InvitationPage,
    set_up::SetUpPage,
};
use crate::{
    api,
    auth::Auth,
    state::admin::admission::token_in,
    ui::{Lazy, href, part},
};

#[component]
pub fn RegisterPage() -> impl IntoView {
    view! { <Lazy load=first_page props=()/> }
}

part!(more: fn first_page((): ()) { view! { <FirstPage/> } });

/// Chooses the page by the server's state and the address.
#[component]
fn FirstPage() -> impl IntoView {
    let auth = expect_context::<Auth>();
    let server = LocalResource::new(move || async move {
        let server = api::get_server().await?;
        auth.is_set_up.set(server.is_set_up);
        api::Result::Ok(server)
    });
    let location = use_location();
    let is_at = |end: &str| location.pathname.with_untracked(|path: &String| path.ends_with(end));
    let (is_invite, is_confirmation) = (is_at("/invite"), is_at("/confirm"));
    // From the address bar, because the router may decode the fragment.
    let token = token_in(&window().location().hash().unwrap_or_default());
    move || match server.get() {
        None => view! {
            <AuthFrame heading="Hallway"><p class="quiet" role="status">"Loading…"</p></AuthFrame>
        }
        .into_any(),
        Some(Ok(server)) if !server.is_set_up => view! { <SetUpPage/> }.into_any(),
        Some(_) if is_confirmation => {
            let token = token.clone().map(|token| EmailToken(token.0));
            view! { <ConfirmPage token/> }.into_any()
        }
        Some(server) => {
            let server = server.map(|server| (server.sign_up, server.email_domains));
            let (sign_up, domains) = server.unwrap_or_default();
            match token.clone().filter(|_| is_invite) {
                Some(token) => view! { <InvitationPage token/> }.into_any(),
                None => view! { <NewAccountPage sign_up domains/> }.into_any(),
            }
        }
    }
}

#[component]
fn NewAccountPage(sign_up: SignUp, domains: Vec<String>) -> impl IntoView {
    let form = match sign_up {
        SignUp::Open => view! { <AccountForm invitation=None/> }.into_any(),
        SignUp::Approval => view! {
            <p>"An admin approves each new account before it can sign in."</p>
            <AccountForm invitation=None/>
        }
        .into_any(),
        SignUp::Domain => view! { <AccountForm invitation=None domains/> }.into_any(),
        SignUp::Invited => view! {
            <p>"New accounts need an invitation here. Ask a member for a link."</p>
        }
        .into_any(),
        SignUp::Closed => {
            view! { <p>"New accounts are closed here. Ask an admin for one."</p> }.into_any()
        }
    };
    view! {
        <AuthPage heading="Create an account">
            {form}
            <p class="auth-other">
                "Already have an account? " <a href=href(&other_form("/login"))>"Sign in"</a>
            </p>
        </AuthPage>
    }
}
