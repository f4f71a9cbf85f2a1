//! The account in the sidebar's corner: theme, password, devices, signing out.

use leptos::prelude::*;

use super::{password::PasswordDialog, sessions::SessionsDialog};
use crate::{
    api,
    auth::Auth,
    ui::{Avatar, Dialog, Icon, Menu, Shape, ThemeSwitch, Ui},
};

#[component]
pub fn AccountMenu() -> impl IntoView {
    let (auth, ui) = (expect_context::<Auth>(), expect_context::<Ui>());
    let [password, sessions, theme] = [(); 3].map(|()| RwSignal::new(false));
    let sign_out = Action::new_local(move |_: &()| async move {
        match api::sign_out().await {
            Ok(()) => auth.sign_out(),
            Err(error) if error.is_unauthenticated() => auth.sign_out(),
            Err(error) => ui.error(error.message()),
        }
    });
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
                <button
                    type="button"
                    role="menuitem"
                    data-testid="sign-out"
                    on:click=move |_| { sign_out.dispatch_local(()); }
                >
                    "Sign out"
                </button>
            </Menu>
        </div>
        <Dialog open=theme title="Theme">
            <ThemeSwitch/>
        </Dialog>
        <PasswordDialog open=password/>
        <SessionsDialog open=sessions/>
    }
}
