//! The card of a person: who they are, and the buttons to write to them and to block them.

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use shared::{
    access::Rank,
    users::{User, UserRef},
};

use super::{blocked::BlockButton, direct_form::open_direct};
use crate::{
    api,
    auth::Auth,
    live::LiveClient,
    state::profile::status_line,
    ui::{Avatar, Ui, time},
};

#[component]
pub fn PersonCard(open: RwSignal<bool>, user: UserRef) -> impl IntoView {
    let (live, ui) = (expect_context::<LiveClient>(), expect_context::<Ui>());
    let (auth, navigate) = (expect_context::<Auth>(), use_navigate());
    let (id, name) = (user.id, user.name().to_owned());
    let username = user.username.clone();
    let is_me = auth.me_untracked().is_some_and(|me| me.id == id);
    let account = LocalResource::new(move || {
        live.connection_epoch.track();
        api::get_user(id)
    });
    let about =
        move || account.get().and_then(Result::ok).map(|account| view! { <About account/> });
    let is_deleted = move || account.get().and_then(Result::ok).is_some_and(|it| it.is_deleted);
    let write = Action::new_local(move |_: &()| {
        let opening = open_direct(live, vec![id], None, open, navigate.clone());
        async move {
            if let Err(error) = opening.await {
                ui.error(error.message());
            }
        }
    });
    view! {
        <div class="person-card" data-testid="person-card">
            <Avatar name/>
            <div class="person-about">
                <p><bdi>{format!("@{username}")}</bdi></p>
                {about}
            </div>
            <button
                type="button"
                class="button button-primary"
                autofocus=true
                disabled=move || write.pending().get() || live.blocks(id) || is_deleted()
                on:click=move |_| { write.dispatch_local(()); }
            >
                {if is_me { "Notes to myself" } else { "Message" }}
            </button>
            {(!is_me).then(|| view! { <BlockButton user/> })}
        </div>
    }
}

/// The pronouns, the status, and what the account is.
#[component]
fn About(account: User) -> impl IntoView {
    let status = status_line(account.status.as_ref(), time::now());
    let until = account.status.as_ref().and_then(|status| status.until);
    let until = until.map(|until| format!("Until {}", time::full(until)));
    view! {
        {account.pronouns.clone().map(|pronouns| view! { <p dir="auto">{pronouns}</p> })}
        {status.map(|status| view! {
            <p dir="auto" title=until data-testid="person-status">{status}</p>
        })}
        <p class="quiet">{describe(&account)}</p>
    }
}

/// `Admin, here since March 2026`
fn describe(account: &User) -> String {
    let rank = match account.rank {
        Rank::Owner => "Owner",
        Rank::Admin => "Admin",
        Rank::Member => "Member",
        Rank::Guest => "Guest",
    };
    match account.is_disabled {
        true if account.is_deleted => "This account was deleted.".to_owned(),
        true => format!("{rank}, disabled"),
        false => {
            let month = time::month_name(time::local_day(account.created_at));
            format!("{rank}, here since {month}")
        }
    }
}
