//! The banned people of a room, in the dialog that edits it.

use leptos::prelude::*;
use shared::{
    ids::{RoomId, UserId},
    rooms::Ban,
    unicode::isolate,
};

use crate::{
    api,
    ui::{Ui, restore_focus, time},
};

/// Where the focus goes after the button that had it.
const NEIGHBOURS: &[&str] = &["[data-testid=bans] button", "dialog[open] .dialog-head button"];

/// Nothing if nobody is banned.
#[component]
pub fn BannedPeople(room: RoomId) -> impl IntoView {
    let list = LocalResource::new(move || api::list_bans(room));
    let bans = Memo::new(move |_| match list.get() {
        Some(Ok(list)) => list.bans,
        _ => Vec::new(),
    });
    let lifted = Callback::new(move |()| list.refetch());
    view! {
        <Show when=move || bans.with(|bans| !bans.is_empty())>
            <details class="more-options" data-testid="bans">
                <summary>"Banned people"</summary>
                <ul class="plain-list">
                    <For
                        each=move || bans.get()
                        key=|ban| ban.user.id
                        children=move |ban| view! { <BanRow room ban lifted/> }
                    />
                </ul>
            </details>
        </Show>
    }
}

#[component]
fn BanRow(room: RoomId, ban: Ban, lifted: Callback<()>) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let name = ban.user.name().to_owned();
    let lift = Action::new_local(move |user: &UserId| {
        let (user, name) = (*user, name.clone());
        async move {
            match api::lift_ban(room, user).await {
                Ok(()) => {
                    ui.notice(format!("{} can join again.", isolate(&name)));
                    // The dialog may be closed by now.
                    let _ = lifted.try_run(());
                }
                Err(error) => ui.error(error.message()),
            }
            // The button was disabled meanwhile.
            restore_focus(NEIGHBOURS);
        }
    });
    on_cleanup(|| restore_focus(NEIGHBOURS));
    let (id, name) = (ban.user.id, ban.user.name().to_owned());
    let by = ban.by.map(|by| format!(" by {}", isolate(by.name()))).unwrap_or_default();
    view! {
        <li class="list-row">
            <div class="list-row-text">
                <strong><bdi>{name.clone()}</bdi></strong>
                <span class="quiet">{format!("{}{by}", time::short(ban.created_at))}</span>
            </div>
            <button
                type="button"
                class="button button-small"
                aria-label=format!("Lift the ban of {}", isolate(&name))
                disabled=lift.pending()
                on:click=move |_| { lift.dispatch_local(id); }
            >
                "Lift ban"
            </button>
        </li>
    }
}
