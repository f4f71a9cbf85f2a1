//! The card of a person: who they are, and a button to write to them.

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use shared::{
    access::Rank,
    users::{User, UserRef},
};

use super::direct_form::open_direct;
use crate::{
    api,
    auth::Auth,
    live::LiveClient,
    ui::{Avatar, Ui, time},
};

#[component]
pub fn PersonCard(open: RwSignal<bool>, user: UserRef) -> impl IntoView {
    let (live, ui) = (expect_context::<LiveClient>(), expect_context::<Ui>());
    let (auth, navigate) = (expect_context::<Auth>(), use_navigate());
    let UserRef { id, username } = user;
    let is_me = auth.me_untracked().is_some_and(|me| me.id == id);
    let account = LocalResource::new(move || {
        live.connection_epoch.track();
        api::get_user(id)
    });
    let about = move || account.get().and_then(Result::ok).map(|account| describe(&account));
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
            <Avatar name=username/>
            <p class="quiet">{about}</p>
            <button
                type="button"
                class="button button-primary"
                autofocus=true
                disabled=write.pending()
                on:click=move |_| { write.dispatch_local(()); }
            >
                {if is_me { "Notes to myself" } else { "Message" }}
            </button>
        </div>
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
        true => format!("{rank}, disabled"),
        false => {
            let month = time::month_name(time::local_day(account.created_at));
            format!("{rank}, here since {month}")
        }
    }
}
