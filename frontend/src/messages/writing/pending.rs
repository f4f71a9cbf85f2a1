//! A message of mine that the server has not acknowledged, or has refused.

use leptos::prelude::*;
use shared::{ids::ClientId, timeline::PendingMessage};

use crate::{
    auth::Auth,
    live::LiveClient,
    messages::{context::RoomContext, text::MessageText},
    state::slash_command,
    ui::{Avatar, Icon, Shape},
};

#[component]
pub fn PendingRow(client_id: ClientId, starts_group: bool) -> impl IntoView {
    let (room, auth) = (expect_context::<RoomContext>(), expect_context::<Auth>());
    let is_it = |pending: &&PendingMessage| pending.client_id == client_id;
    let pending = room.with_timeline_untracked(|t| t.pending().iter().find(is_it).cloned())?;
    let name = auth.me_untracked().map(|me| me.name().to_owned()).unwrap_or_default();
    let reason = pending.rejection.map(|problem| problem.detail);
    let is_refused = reason.is_some();
    let side = match starts_group {
        true => view! { <Avatar name=name.clone()/> }.into_any(),
        false => view! { <span class="message-side"></span> }.into_any(),
    };
    Some(view! {
        <article
            class="message message-mine message-pending"
            class:message-opens=starts_group
            class:message-refused=is_refused
            data-pending=client_id.to_string()
        >
            {side}
            <div class="message-main">
                {starts_group.then(|| view! {
                    <p class="message-head"><strong dir="auto">{name}</strong></p>
                })}
                <div class="message-text">
                    <MessageText format=pending.format content=pending.content.clone()/>
                    {(!is_refused).then(|| view! {
                        <span class="pending-mark" title="Sending…">
                            <Icon shape=Shape::Clock/>
                            <span class="sr-only">"Sending…"</span>
                        </span>
                    })}
                </div>
                {reason.map(|reason| view! { <Refused client_id reason content=pending.content/> })}
            </div>
        </article>
    })
}

/// The reason why the server refused a message, and buttons to retry, edit or delete it.
#[component]
fn Refused(client_id: ClientId, reason: String, content: String) -> impl IntoView {
    let (room, live) = (expect_context::<RoomContext>(), expect_context::<LiveClient>());
    let edit = move |_| {
        room.draft.update(|draft| match draft.trim().is_empty() {
            true => *draft = slash_command::escape(&content),
            false => *draft = format!("{draft}\n{content}"),
        });
        live.discard_message(client_id);
    };
    view! {
        <div class="refused" role="alert">
            <p><Icon shape=Shape::Warning/><span>"Not sent. " {reason}</span></p>
            <div class="refused-actions">
                <button
                    type="button"
                    class="button button-small"
                    on:click=move |_| live.retry_message(client_id)
                >
                    "Retry"
                </button>
                <button type="button" class="button button-small" on:click=edit>"Edit"</button>
                <button
                    type="button"
                    class="button button-small"
                    on:click=move |_| live.discard_message(client_id)
                >
                    "Delete"
                </button>
            </div>
        </div>
    }
}
