//! My invitations with their invitees, and a button to revoke each.

use leptos::prelude::*;
use shared::{admission::Invitation, ids::InvitationId};

use super::now;
use crate::{
    api,
    state::admin::admission::{describe_uses, is_usable},
    ui::{Ui, time},
};

#[component]
pub fn MyInvitations(
    /// Changes when there is a new one.
    list_epoch: RwSignal<u32>,
) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let list = LocalResource::new(move || {
        list_epoch.track();
        api::list_invitations()
    });
    let revoke = Action::new_local(move |id: &InvitationId| {
        let id = *id;
        async move {
            match api::revoke_invitation(id).await {
                Ok(()) => ui.notice("Invitation revoked."),
                Err(error) => ui.error(error.message()),
            }
            list_epoch.try_update(|epoch| *epoch += 1);
        }
    });
    move || match list.get() {
        None => view! { <p class="quiet" role="status">"Loading…"</p> }.into_any(),
        Some(Err(error)) => view! { <p class="field-error">{error.message()}</p> }.into_any(),
        Some(Ok(list)) if list.invitations.is_empty() => ().into_any(),
        Some(Ok(list)) => {
            let rows = list.invitations.into_iter();
            let rows = rows.map(|invitation| view! { <InvitationRow invitation revoke/> });
            view! {
                <h3>"Your invitations"</h3>
                <ul class="plain-list" data-testid="invitations">{rows.collect_view()}</ul>
            }
            .into_any()
        }
    }
}

#[component]
fn InvitationRow(invitation: Invitation, revoke: Action<InvitationId, ()>) -> impl IntoView {
    let (id, now) = (invitation.id, now());
    let uses = describe_uses(&invitation, now);
    let created = format!("Created {}", time::short(invitation.created_at));
    let expires = format!("Valid until {}", time::short(invitation.expires_at));
    let button = is_usable(&invitation, now).then(|| {
        let label = format!("Revoke the invitation that was {}", created.to_lowercase());
        view! {
            <button
                type="button"
                class="button button-small"
                aria-label=label
                on:click=move |_| { revoke.dispatch_local(id); }
            >
                "Revoke"
            </button>
        }
    });
    let invitees = invitation
        .used_by
        .into_iter()
        .map(|user| view! { <li dir="auto">{user.name().to_owned()}</li> });
    view! {
        <li class="list-row">
            <div class="list-row-text">
                <strong>{uses}</strong>
                <ul class="plain-list" aria-label="Who came by it">{invitees.collect_view()}</ul>
                <span class="quiet">{created}</span>
                <span class="quiet">{expires}</span>
            </div>
            {button}
        </li>
    }
}
