//! A message of mine that the server does not have yet, or does not want.

use leptos::prelude::*;
use shared::{ids::ClientId, timeline::Pending};

use crate::{
    live::LiveClient,
    messages::{Open, text::Text},
    ui::{Avatar, Icon, Shape},
    users::session::Session,
};

/// The row of a message on its way.
#[component]
pub fn PendingRow(client_id: ClientId, opens: bool) -> impl IntoView {
    let (open, session) = (expect_context::<Open>(), expect_context::<Session>());
    let find = |p: &&Pending| p.client_id == client_id;
    let pending = open.with_untracked(|t| t.pending().iter().find(find).cloned())?;
    let name = session.me_untracked().map(|me| me.username).unwrap_or_default();
    let reason = pending.refused.as_ref().map(|problem| problem.detail.clone());
    let refused = reason.is_some();
    let side = match opens {
        true => view! { <Avatar name=name.clone()/> }.into_any(),
        false => view! { <span class="message-side"></span> }.into_any(),
    };
    Some(view! {
        <article
            class="message message-mine message-pending"
            class:message-opens=opens
            class:message-refused=refused
            data-pending=client_id.to_string()
        >
            {side}
            <div class="message-main">
                {opens.then(|| view! { <p class="message-head"><strong>{name}</strong></p> })}
                <div class="message-text">
                    <Text content=pending.content.clone()/>
                    {(!refused).then(|| view! {
                        <span class="pending-mark" title="Being sent">
                            <Icon shape=Shape::Clock/>
                            <span class="sr-only">"Being sent"</span>
                        </span>
                    })}
                </div>
                {reason.map(|reason| view! { <Refused client_id reason content=pending.content/> })}
            </div>
        </article>
    })
}

#[component]
fn Refused(client_id: ClientId, reason: String, content: String) -> impl IntoView {
    let (open, live) = (expect_context::<Open>(), expect_context::<LiveClient>());
    let edit = move |_| {
        open.draft.update(|draft| {
            if !draft.trim().is_empty() {
                draft.push('\n');
            }
            draft.push_str(&content);
        });
        live.give_up(client_id);
    };
    view! {
        <div class="refused" role="alert">
            <p><Icon shape=Shape::Warning/><span>"Not sent. " {reason}</span></p>
            <div class="refused-actions">
                <button type="button" class="button button-small" on:click:target=move |_| live.retry(client_id)>
                    "Retry"
                </button>
                <button type="button" class="button button-small" on:click=edit>"Edit"</button>
                <button
                    type="button"
                    class="button button-small"
                    on:click:target=move |_| live.give_up(client_id)
                >
                    "Delete"
                </button>
            </div>
        </div>
    }
}
