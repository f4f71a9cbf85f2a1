//! One's own corner of the sidebar: theme, password, sessions, the way out.

use leptos::prelude::*;

use super::{password::PasswordDialog, session::Session, sessions::SessionsDialog};
use crate::{
    api,
    ui::action,
    ui::{Avatar, Dialog, Icon, Menu, Shape, ThemeSwitch, Ui, memo},
};

/// Who I am, and a menu of what I can do about it.
#[component]
pub fn AccountMenu() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let [password, sessions, theme] = [(); 3].map(|()| RwSignal::new(false));
    let sign_out = action(move |_: &()| async move {
        match api::sign_out().await {
            Ok(()) => session.ended(),
            Err(failure) if failure.is_unauthenticated() => session.ended(),
            Err(failure) => ui.error(failure.message()),
        }
    });
    let name = memo(move || session.me().map(|me| me.username).unwrap_or_default());
    let role = move || if session.is_admin() { "Admin" } else { "Member" };
    view! {
        <div class="account">
            {move || view! { <Avatar name=name.get()/> }}
            <div class="account-text">
                <strong data-testid="my-name">{move || name.get()}</strong>
                <span class="quiet">{move || role()}</span>
            </div>
            <Menu label="Account" testid="account-menu" face=|| view! { <Icon shape=Shape::Gear/> }>
                <button type="button" role="menuitem" on:click:target=move |_| theme.set(true)>"Theme"</button>
                <button type="button" role="menuitem" on:click:target=move |_| password.set(true)>
                    "Change password"
                </button>
                <button type="button" role="menuitem" on:click:target=move |_| sessions.set(true)>
                    "Where you are signed in"
                </button>
                <button
                    type="button"
                    role="menuitem"
                    data-testid="sign-out"
                    on:click:target=move |_| sign_out.dispatch(())
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
