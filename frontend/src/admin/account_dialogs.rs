//! The dialogs that confirm what an admin does to an account, and the one that shows a new password.

use leptos::prelude::*;
use shared::{
    administration::NewPassword,
    ids::UserId,
    unicode::isolate,
    users::{PatchUser, User},
};

use crate::{
    api,
    state::admin::administration::AccountAction,
    ui::{Confirm, Dialog, Ui, open_while_some},
};

#[component]
pub fn AccountDialogs(
    acting: RwSignal<Option<(User, AccountAction)>>,
    /// Runs with the account after a change.
    changed: Callback<User>,
) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let issued = RwSignal::new(None::<NewPassword>);
    let (open, open_issued) = (open_while_some(acting), open_while_some(issued));
    let run = Action::new_local(move |(user, action): &(User, AccountAction)| {
        let (user, action) = (user.clone(), *action);
        async move {
            match perform(user, action).await {
                Ok((user, password)) => {
                    // The page may be closed by now.
                    let _ = changed.try_run(user);
                    open.try_set(false);
                    match password {
                        Some(password) => drop(issued.try_set(Some(password))),
                        None => ui.notice("Done."),
                    }
                }
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let on_yes = move |()| {
        if let Some(subject) = acting.get_untracked() {
            run.dispatch_local(subject);
        }
    };
    view! {
        {move || {
            let (user, action) = acting.get()?;
            let text = action.consequence(&user.username);
            Some(view! {
                <Dialog open title=format!("{}?", action.label())>
                    <Confirm
                        text=text.clone()
                        yes=action.label()
                        open
                        busy=run.pending()
                        on_yes
                    />
                </Dialog>
            })
        }}
        <Dialog open=open_issued title="New password">
            <IssuedPassword issued/>
        </Dialog>
    }
}

/// Returns the account, and its new password if there is one.
async fn perform(user: User, action: AccountAction) -> api::Result<(User, Option<NewPassword>)> {
    let id: UserId = user.id;
    let patch = match action {
        AccountAction::SetRank(rank) => PatchUser { rank: Some(rank), ..PatchUser::default() },
        AccountAction::RemoveName => PatchUser { display_name: Some(None), ..PatchUser::default() },
        AccountAction::Disable => PatchUser { is_disabled: Some(true), ..PatchUser::default() },
        AccountAction::Enable => PatchUser { is_disabled: Some(false), ..PatchUser::default() },
        AccountAction::Delete(messages) => {
            api::delete_account(id, messages).await?;
            return Ok((User { is_deleted: true, ..user }, None));
        }
        AccountAction::SignOut => {
            api::sign_out_account(id).await?;
            return Ok((user, None));
        }
        AccountAction::ResetPassword => {
            let issued = api::reset_password(id).await?;
            return Ok((issued.user.clone(), Some(issued)));
        }
    };
    Ok((api::change_account(id, patch).await?, None))
}

#[component]
fn IssuedPassword(issued: RwSignal<Option<NewPassword>>) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let shown = issued.get_untracked();
    let (name, password) =
        shown.map(|issued| (issued.user.username, issued.password.0)).unwrap_or_default();
    let text = format!("Pass this password on to {}. It can't be shown again.", isolate(&name));
    let copied = password.clone();
    view! {
        <p class="dialog-text">{text}</p>
        <p><code class="admin-password" data-testid="new-password">{password}</code></p>
        <div class="dialog-actions">
            <button
                type="button"
                class="button"
                on:click=move |_| ui.copy(copied.clone(), "Password copied.")
            >
                "Copy"
            </button>
            <button
                type="button"
                class="button button-primary"
                on:click=move |_| issued.set(None)
            >
                "Done"
            </button>
        </div>
    }
}
