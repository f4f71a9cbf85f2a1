//! The account in the sidebar's corner: theme, password, devices, signing out.

use std::time::Duration;

use leptos::prelude::*;
use shared::access::Rank;

use super::{
    deletion::DeleteAccountDialog,
    password::PasswordDialog,
    people::{BlockedDialog, ProfileDialog},
    sessions::SessionsDialog,
};
use crate::{
    admin::AdminDialogs,
    api,
    auth::Auth,
    live::LiveClient,
    state::{profile::status_line, rooms::people::rank_label},
    ui::{Avatar, Confirm, Dialog, Icon, Lazy, Menu, Shape, ThemeSwitch, Ui, href, part, time},
};

/// When the menu loads, after the page has begun.
const LATER: Duration = Duration::from_millis(1_500);

#[component]
pub fn AccountMenu(
    /// Opens the list of keyboard shortcuts.
    shortcuts: RwSignal<bool>,
) -> impl IntoView {
    let auth = expect_context::<Auth>();
    let name = Memo::new(move |_| auth.me().map(|me| me.name().to_owned()).unwrap_or_default());
    let about = Memo::new(move |_| {
        let status = auth.me().and_then(|me| me.status);
        status_line(status.as_ref(), time::ticking_now())
            .unwrap_or_else(|| rank_label(auth.rank()).unwrap_or("Member").to_owned())
    });
    // Later, because the first room and its messages must not wait for the part.
    let is_late = RwSignal::new(false);
    set_timeout(move || _ = is_late.try_set(true), LATER);
    view! {
        <div class="account">
            {move || view! { <Avatar name=name.get()/> }}
            <div class="account-text">
                <strong dir="auto" data-testid="my-name">{name}</strong>
                <span class="quiet" dir="auto" data-testid="my-status">{about}</span>
            </div>
            <Show when=move || is_late.get()>
                <Lazy load=account_items props=shortcuts/>
            </Show>
        </div>
    }
}

part!(more: fn account_items(shortcuts: RwSignal<bool>) { view! { <AccountItems shortcuts/> } });

#[component]
fn AccountItems(shortcuts: RwSignal<bool>) -> impl IntoView {
    let (auth, ui) = (expect_context::<Auth>(), expect_context::<Ui>());
    let live = expect_context::<LiveClient>();
    let [profile, password, sessions, blocked, theme, confirm, deletion] =
        [(); 7].map(|()| RwSignal::new(false));
    let sign_out = Action::new_local(move |_: &()| {
        // Read before the request, because the socket may close before the response arrives.
        let me = auth.me_untracked().map(|me| me.id);
        async move {
            match api::sign_out().await {
                Err(error) if !error.is_unauthenticated() => ui.error(error.message()),
                _ => {
                    if let Some(me) = me {
                        live.erase_account(me);
                    }
                    auth.sign_out();
                }
            }
        }
    });
    let dialogs = expect_context::<AdminDialogs>();
    let is_guest = move || auth.me().is_some_and(|me| me.rank == Rank::Guest);
    let ask_or_sign_out = move |_| match live.has_unsent() {
        true => confirm.set(true),
        false => drop(sign_out.dispatch_local(())),
    };
    view! {
        <Menu label="Account" testid="account-menu" face=|| view! { <Icon shape=Shape::Gear/> }>
            <button type="button" role="menuitem" on:click=move |_| profile.set(true)>
                "Edit profile"
            </button>
            {move || (!is_guest()).then(|| view! {
                <button type="button" role="menuitem" on:click=move |_| dialogs.open_invite(None)>
                    "Invite people"
                </button>
            })}
            {move || auth.is_admin().then(|| view! {
                <button type="button" role="menuitem" on:click=move |_| dialogs.server.set(true)>
                    "Server settings"
                </button>
            })}
            <button type="button" role="menuitem" on:click=move |_| theme.set(true)>"Theme"</button>
            <button type="button" role="menuitem" on:click=move |_| password.set(true)>
                "Change password"
            </button>
            <button type="button" role="menuitem" on:click=move |_| sessions.set(true)>
                "Your devices"
            </button>
            <button type="button" role="menuitem" on:click=move |_| blocked.set(true)>
                "Blocked people"
            </button>
            <button type="button" role="menuitem" on:click=move |_| shortcuts.set(true)>
                "Keyboard shortcuts"
            </button>
            <Show when=move || auth.is_admin()>
                <a role="menuitem" href=href("/admin/people")>"Administration"</a>
            </Show>
            <button type="button" role="menuitem" on:click=move |_| deletion.set(true)>
                "Delete account…"
            </button>
            <button
                type="button"
                role="menuitem"
                data-testid="sign-out"
                on:click=ask_or_sign_out
            >
                "Sign out"
            </button>
        </Menu>
        <Dialog open=theme title="Theme">
            <ThemeSwitch/>
        </Dialog>
        <Dialog open=confirm title="Sign out?">
            <Confirm
                text="You have unsent messages in this browser. Signing out deletes them."
                yes="Sign out"
                open=confirm
                busy=sign_out.pending()
                on_yes=move |()| { sign_out.dispatch_local(()); }
            />
        </Dialog>
        <ProfileDialog open=profile/>
        <PasswordDialog open=password/>
        <SessionsDialog open=sessions/>
        <BlockedDialog open=blocked/>
        <DeleteAccountDialog open=deletion/>
    }
}
