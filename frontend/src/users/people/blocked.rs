//! The people whom I block: the question before, and the list of them.

use leptos::prelude::*;
use shared::{
    ids::UserId,
    unicode::isolate,
    users::{Block, UserRef},
};

use crate::{
    api,
    live::LiveClient,
    ui::{Avatar, Confirm, Dialog, Lazy, Ui, part, restore_focus, time},
};

/// Where the focus goes after the button that had it: the button of the card, the next one of the list,
/// or the one that closes the dialog.
const NEIGHBOURS: &[&str] =
    &["[data-testid=block]", "[data-testid=blocked] button", "dialog[open] .dialog-head button"];

/// Blocks or unblocks people; its input says whom, and whether to block.
type SetBlocked = Action<(UserId, bool), ()>;

/// `asking` closes when it is done.
fn set_blocked(ui: Ui, asking: RwSignal<bool>) -> SetBlocked {
    Action::new_local(move |(user, blocks): &(UserId, bool)| {
        let (user, blocks) = (*user, *blocks);
        async move {
            let done = match blocks {
                true => api::block_user(user).await,
                false => api::unblock_user(user).await,
            };
            match done {
                Ok(()) => drop(asking.try_set(false)),
                Err(error) => ui.error(error.message()),
            }
            // The button was disabled meanwhile.
            restore_focus(NEIGHBOURS);
        }
    })
}

/// The button of a person's card; before blocking it asks below the button.
#[component]
pub fn BlockButton(user: UserRef) -> impl IntoView {
    let (live, ui) = (expect_context::<LiveClient>(), expect_context::<Ui>());
    let id = user.id;
    let asking = RwSignal::new(false);
    let set_blocked = set_blocked(ui, asking);
    let name = isolate(user.name());
    let question = StoredValue::new(format!(
        "You and {name} can't write to each other directly. Their messages in rooms are folded, and \
         their mentions of you don't count. They won't be told."
    ));
    let act = move |_| match untrack(|| live.blocks(id)) {
        true => drop(set_blocked.dispatch_local((id, false))),
        false => asking.set(true),
    };
    view! {
        <button
            type="button"
            class="button"
            data-testid="block"
            disabled=set_blocked.pending()
            on:click=act
        >
            {move || if live.blocks(id) { "Unblock" } else { "Block…" }}
        </button>
        <Show when=move || asking.get()>
            <div role="group" aria-label="Block this person?">
                <Confirm
                    text=question.get_value()
                    yes="Block"
                    open=asking
                    busy=set_blocked.pending()
                    on_yes=move |()| { set_blocked.dispatch_local((id, true)); }
                />
            </div>
        </Show>
    }
}

#[component]
pub fn BlockedDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Blocked people">
            <Lazy load=blocked_list props=()/>
        </Dialog>
    }
}

part!(more: fn blocked_list((): ()) { view! { <BlockedList/> } });

#[component]
fn BlockedList() -> impl IntoView {
    let (live, ui) = (expect_context::<LiveClient>(), expect_context::<Ui>());
    let unblock = set_blocked(ui, RwSignal::new(false));
    let blocks = LocalResource::new(move || {
        live.connection_epoch.track();
        live.blocked.track();
        api::list_blocks()
    });
    move || match blocks.get() {
        None => view! { <p class="quiet">"Loading…"</p> }.into_any(),
        Some(Err(error)) => view! { <p class="field-error">{error.message()}</p> }.into_any(),
        Some(Ok(list)) if list.blocks.is_empty() => view! {
            <p class="quiet">"You haven't blocked anybody. Open a person's card to block them."</p>
        }
        .into_any(),
        Some(Ok(list)) => {
            let rows = list.blocks.into_iter().map(|block| view! { <BlockRow block unblock/> });
            view! { <ul class="plain-list" data-testid="blocked">{rows.collect_view()}</ul> }
                .into_any()
        }
    }
}

#[component]
fn BlockRow(block: Block, unblock: SetBlocked) -> impl IntoView {
    let Block { user, created_at } = block;
    let (id, name) = (user.id, user.name().to_owned());
    let label = format!("Unblock {}", isolate(&name));
    on_cleanup(|| restore_focus(NEIGHBOURS));
    view! {
        <li class="list-row">
            <Avatar name=name.clone() small=true/>
            <div class="list-row-text">
                <strong><bdi>{name}</bdi></strong>
                <span class="quiet">"Blocked " {time::short(created_at)}</span>
            </div>
            <button
                type="button"
                class="button button-small"
                aria-label=label
                disabled=unblock.pending()
                on:click=move |_| { unblock.dispatch_local((id, false)); }
            >
                "Unblock"
            </button>
        </li>
    }
}
