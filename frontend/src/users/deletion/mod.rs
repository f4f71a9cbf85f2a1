//! The dialog that deletes the account.

use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::{paths, users::MessageRetention};

use crate::{
    admin::Choices,
    api,
    auth::Auth,
    live::LiveClient,
    state::admin::admission::Choice,
    ui::{Dialog, Field, Lazy, part},
};

const MESSAGES: [Choice<MessageRetention>; 2] = [
    (
        MessageRetention::Keep,
        "Keep my messages",
        "They stay in their rooms, under the name “Deleted account”.",
    ),
    (
        MessageRetention::Delete,
        "Delete my messages",
        "They disappear from all rooms within minutes.",
    ),
];

#[component]
pub fn DeleteAccountDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Delete your account?">
            <Lazy load=deletion_form props=open/>
        </Dialog>
    }
}

part!(more: fn deletion_form(open: RwSignal<bool>) { view! { <DeletionForm open/> } });

#[component]
fn DeletionForm(open: RwSignal<bool>) -> impl IntoView {
    let (auth, live) = (expect_context::<Auth>(), expect_context::<LiveClient>());
    let password = NodeRef::<html::Input>::new();
    let messages = RwSignal::new(MessageRetention::Keep);
    let delete = Action::new_local(move |password: &String| {
        let password = password.clone();
        // Read before the request, because the socket closes before the response arrives.
        let me = auth.me_untracked().map(|me| me.id);
        let messages = messages.get_untracked();
        async move {
            api::delete_me(password, messages).await.map(|()| {
                if let Some(me) = me {
                    live.erase_account(me);
                }
                auth.forget_deleted();
            })
        }
    });
    let error = Signal::derive(move || {
        let error = delete.value().get().and_then(Result::err)?;
        error.field_message("password").or_else(|| Some(error.message()))
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(password) = password.get_untracked() {
            delete.dispatch_local(password.value());
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <p class="dialog-text">
                "This can't be undone. You'll be signed out everywhere, you'll leave all rooms, and \
                 anybody can take your username."
            </p>
            <p>
                <a
                    class="button button-small"
                    href=paths::ME_EXPORT
                    rel="external"
                    download
                    data-testid="export-me"
                >
                    "Download my data"
                </a>
            </p>
            <Choices legend="Your messages" name="messages" choices=&MESSAGES chosen=messages/>
            <Field
                label="Password"
                name="password"
                kind="password"
                input=password
                error
                autocomplete="current-password"
            />
            <div class="dialog-actions">
                <button
                    type="button"
                    class="button"
                    autofocus=true
                    on:click=move |_| open.set(false)
                >
                    "Cancel"
                </button>
                <button
                    type="submit"
                    class="button button-danger"
                    data-testid="delete-account"
                    disabled=delete.pending()
                >
                    "Delete account"
                </button>
            </div>
        </form>
    }
}
