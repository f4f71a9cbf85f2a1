//! The account in the sidebar's corner: theme, password, devices, signing out.

use leptos::prelude::*;

use super::{password::PasswordDialog, sessions::SessionsDialog};
use crate::{
    api,
    auth::Auth,
    live::LiveClient,
    ui::{Avatar, Confirm, Dialog, Icon, Menu, Shape, ThemeSwitch, Ui},
};

#[component]
pub fn AccountMenu(
    /// Opens the list of keyboard shortcuts.
    shortcuts: RwSignal<bool>,
) -> impl IntoView {
    let (auth, ui) = (expect_context::<Auth>(), expect_context::<Ui>());
    let live = expect_context::<LiveClient>();
    let [password, sessions, theme, confirm] = [(); 4].map(|()| RwSignal::new(false));
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
    let ask_or_sign_out = move |_| match live.has_unsent() {
        true => confirm.set(true),
        false => drop(sign_out.dispatch_local(())),
    };
    let name = Memo::new(move |_| auth.me().map(|me| me.username).unwrap_or_default());
    let role = move || if auth.is_admin() { "Admin" } else { "Member" };
    view! {
        <div class="account">
            {move || view! { <Avatar name=name.get()/> }}
            <div class="account-text">
                <strong dir="auto" data-testid="my-name">{name}</strong>
                <span class="quiet">{role}</span>
            </div>
            <Menu label="Account" testid="account-menu" face=|| view! { <Icon shape=Shape::Gear/> }>
                <button type="button" role="menuitem" on:click=move |_| theme.set(true)>"Theme"</button>
                <button type="button" role="menuitem" on:click=move |_| password.set(true)>
                    "Change password"
                </button>
                <button type="button" role="menuitem" on:click=move |_| sessions.set(true)>
                    "Your devices"
                </button>
                <button type="button" role="menuitem" on:click=move |_| shortcuts.set(true)>
                    "Keyboard shortcuts"
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
        </div>
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
        <PasswordDialog open=password/>
        <SessionsDialog open=sessions/>
    }
}
