//! The page of an invitation: who invites, and a form for a new account, or a button to join its rooms
//! with an account that exists.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{admission::InvitationPreview, users::InvitationToken};

use super::{account_form::AccountForm, auth_page::AuthFrame, login::LoginForm};
use crate::{
    api,
    auth::{Auth, AuthState},
    links::room_path,
    ui::{Ui, href},
};

#[component]
pub fn InvitationPage(token: InvitationToken) -> impl IntoView {
    let asked = token.clone();
    let preview = LocalResource::new(move || api::preview_invitation(asked.clone()));
    let content = move || match preview.get() {
        None => view! { <p class="quiet" role="status">"Loading…"</p> }.into_any(),
        Some(Err(error)) => view! { <p class="field-error">{error.message()}</p> }.into_any(),
        Some(Ok(preview)) if preview.is_valid => {
            view! { <Invitation token=token.clone() preview/> }.into_any()
        }
        Some(Ok(_)) => view! {
            <p>"This invitation isn't valid any more. Ask for a new one."</p>
            <p class="auth-other"><a href=href("/login")>"Sign in"</a></p>
        }
        .into_any(),
    };
    view! { <AuthFrame heading="You're invited">{content}</AuthFrame> }
}

#[component]
fn Invitation(token: InvitationToken, preview: InvitationPreview) -> impl IntoView {
    let auth = expect_context::<Auth>();
    let has_account = RwSignal::new(false);
    let InvitationPreview { server, invited_by, .. } = preview;
    // Not the state itself, because a change of the account must not build the form again.
    let is_signed_in = Memo::new(move |_| {
        auth.state.with(|state| match state {
            AuthState::SignedIn(_) => Some(true),
            AuthState::SignedOut => Some(false),
            AuthState::Unknown | AuthState::Unreachable => None,
        })
    });
    let form = move || match (is_signed_in.get(), has_account.get()) {
        (None, _) => view! { <p class="quiet" role="status">"Loading…"</p> }.into_any(),
        (Some(true), _) => view! { <JoinButton token=token.clone()/> }.into_any(),
        (Some(false), true) => view! { <LoginForm/> }.into_any(),
        (Some(false), false) => view! { <AccountForm invitation=Some(token.clone())/> }.into_any(),
    };
    let other = move || if has_account.get() { "Create an account" } else { "I have an account" };
    view! {
        <p data-testid="invited-by">
            <bdi>{invited_by}</bdi>" invites you to "<bdi>{server}</bdi>"."
        </p>
        {form}
        <button
            type="button"
            class="button button-quiet button-full"
            hidden=move || is_signed_in.get() != Some(false)
            on:click=move |_| has_account.update(|has| *has = !*has)
        >
            {other}
        </button>
    }
}

#[component]
fn JoinButton(token: InvitationToken) -> impl IntoView {
    let (auth, ui) = (expect_context::<Auth>(), expect_context::<Ui>());
    let navigate = use_navigate();
    let join = Action::new_local(move |_: &()| {
        let (token, navigate) = (token.clone(), navigate.clone());
        async move {
            match api::accept_invitation(token).await {
                Ok(accepted) => {
                    let room = accepted.rooms.first();
                    let to = room.map_or("/rooms".into(), |room| room_path(*room));
                    navigate(&to, NavigateOptions { replace: true, ..Default::default() });
                }
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let name = auth.me_untracked().map(|me| me.name().to_owned());
    view! {
        <p>"You're signed in as "<bdi>{name}</bdi>"."</p>
        <button
            type="button"
            class="button button-primary button-full"
            disabled=join.pending()
            on:click=move |_| { join.dispatch_local(()); }
        >
            "Join"
        </button>
    }
}
