//! The dialog to invite people: a form for a new link, the new link, and my earlier invitations.

use chrono::TimeDelta;
use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::{
    access::{self, Rank, may},
    admission::{CreatedInvitation, NewInvitation, SignUp, may_invite},
    ids::RoomId,
    rules::INVITATION_USES_MAX,
};

use super::{Choices, InvitationLink, invitation_list::MyInvitations, now};
use crate::{
    api,
    auth::Auth,
    live::LiveClient,
    state::admin::admission::{Choice, ranks},
    ui::{Field, Ui, compare_names},
};

const DAYS: [Choice<i64>; 3] =
    [(1, "1 day", ""), (7, "7 days", ""), (30, "30 days", "The longest that is possible.")];

/// Shows the form if I may invite on this server.
#[component]
pub fn InviteForm(room: Option<RoomId>) -> impl IntoView {
    let (auth, ui) = (expect_context::<Auth>(), expect_context::<Ui>());
    let rank = auth.me_untracked().map(|me| me.rank).unwrap_or(Rank::Guest);
    let server = LocalResource::new(move || {
        ui.connection_epoch.track();
        api::get_server()
    });
    let list_epoch = RwSignal::new(0);
    move || match server.get() {
        None => view! { <p class="quiet" role="status">"Loading…"</p> }.into_any(),
        Some(Err(error)) => view! { <p class="field-error">{error.message()}</p> }.into_any(),
        Some(Ok(server)) => {
            let form = match may_invite(rank, server.sign_up, Rank::Guest) {
                true => view! { <NewLink room rank list_epoch/> }.into_any(),
                false => {
                    let text = match server.sign_up {
                        SignUp::Open | SignUp::Invited => "Guests can't invite people.",
                        SignUp::Approval | SignUp::Domain | SignUp::Closed => {
                            "Only admins can invite people to this server."
                        }
                    };
                    view! { <p class="dialog-text">{text}</p> }.into_any()
                }
            };
            view! {
                {form}
                <MyInvitations list_epoch/>
            }
            .into_any()
        }
    }
}

#[component]
fn NewLink(room: Option<RoomId>, rank: Rank, list_epoch: RwSignal<u32>) -> impl IntoView {
    let invited = RwSignal::new(Rank::Member);
    let days = RwSignal::new(7);
    let rooms = RwSignal::new(Vec::from_iter(room));
    let uses = NodeRef::<html::Input>::new();
    let create = Action::new_local(move |uses: &Option<u32>| {
        // The clock of this device may be ahead of the server's, and 30 days are the maximum.
        let valid = TimeDelta::days(days.get_untracked()) - TimeDelta::minutes(10);
        let new = NewInvitation {
            rank: invited.get_untracked(),
            rooms: rooms.get_untracked(),
            uses: *uses,
            expires_at: Some(now() + valid),
        };
        async move {
            let created = api::create_invitation(new).await;
            list_epoch.try_update(|epoch| *epoch += 1);
            created
        }
    });
    let result = move || create.value().get();
    let uses_error = Signal::derive(move || {
        let error = result()?.err()?;
        error.field_message("uses").or(Some(error.message()))
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = uses.get_untracked().and_then(|input| input.value().trim().parse().ok());
        create.dispatch_local(typed);
    };
    view! {
        <form class="form" on:submit=submit>
            <Choices legend="Invite them as" name="rank" choices=ranks(rank) chosen=invited/>
            <RoomChoice rank rooms/>
            <Field
                label="How many people"
                name="uses"
                kind="number"
                input=uses
                value="1"
                error=uses_error
                hint=format!("1 to {INVITATION_USES_MAX}.")
            />
            <Choices legend="Valid for" name="days" choices=&DAYS chosen=days/>
            <div class="dialog-actions">
                <button type="submit" class="button button-primary" disabled=create.pending()>
                    "Create link"
                </button>
            </div>
        </form>
        {move || result().and_then(Result::ok).map(|created: CreatedInvitation| {
            view! { <InvitationLink created/> }
        })}
    }
}

/// My rooms to which I may add people.
#[component]
fn RoomChoice(rank: Rank, rooms: RwSignal<Vec<RoomId>>) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let mut mine: Vec<(RoomId, String)> = live.rooms.with_untracked(|rooms| {
        let open = rooms
            .all()
            .filter(|room| may(rank, &room.access(), Some(room.role), access::Action::Invite));
        open.map(|room| (room.id, room.name.clone())).collect()
    });
    mine.sort_by(|a, b| compare_names(&a.1, &b.1));
    let no_rooms = mine.is_empty();
    let rows = mine.into_iter().map(|(id, name)| {
        let toggle = move |_| {
            rooms.update(|rooms| match rooms.iter().position(|room| *room == id) {
                Some(nth) => drop(rooms.remove(nth)),
                None => rooms.push(id),
            });
        };
        view! {
            <label class="list-row">
                <input
                    type="checkbox"
                    prop:checked=move || rooms.with(|rooms| rooms.contains(&id))
                    on:change=toggle
                />
                <span class="list-row-text" dir="auto">{name}</span>
            </label>
        }
    });
    view! {
        <fieldset class="segments" hidden=no_rooms>
            <legend>"Rooms that they join"</legend>
            {rows.collect_view()}
        </fieldset>
    }
}
