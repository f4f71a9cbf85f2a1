//! The members of a room, those who are online first.

use leptos::{ev, prelude::*};
use shared::{
    ids::{RoomId, UserId},
    rooms::{Member, Role},
    unicode::isolate,
};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{Panels, has_members_column};
use crate::{
    api,
    auth::Auth,
    live::{LiveClient, RoomState},
    ui::{Avatar, Confirm, Dialog, Icon, Shape, Ui, compare_names, open_while_some},
};

/// The maximum number of pages of members to load. In a room with more members the list is
/// incomplete.
const MAX_PAGES: usize = 10;

/// The list of members: a column in a wide window, a sheet over the room in a narrow one.
#[component]
pub fn Members(room: RoomId, state: RoomState) -> impl IntoView {
    let (live, panels) = (expect_context::<LiveClient>(), expect_context::<Panels>());
    close_sheet_on_press_outside(panels.members);
    let loader = state.clone();
    let loaded = LocalResource::new(move || {
        // The socket does not replay the presence events that it missed while disconnected.
        live.connection_epoch.track();
        loader.resets.track();
        let state = loader.clone();
        async move { load(room, &state).await }
    });
    // The timeline changes with each message, its members hardly ever, and the browser's comparison of
    // names is slow.
    let members = Memo::new(move |_| members_with_presence(&state));
    let people = Memo::new(move |_| sort_members(members.get()));
    let error = move || loaded.get().and_then(Result::err).map(|error| error.message());
    let removing = RwSignal::new(None::<(UserId, String)>);
    view! {
        <aside class="members" class:members-open=panels.members aria-label="People in this room">
            <header class="members-head">
                <h2>"People"</h2>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Close the list of people"
                    on:click=move |_| panels.members.set(false)
                >
                    <Icon shape=Shape::Close/>
                </button>
            </header>
            <p class="field-error">{error}</p>
            <ul class="member-list">
                <For
                    each=move || people.get()
                    key=|(member, online)| (member.user.id, member.rev, *online)
                    children=move |(member, online)| view! { <MemberRow member online removing/> }
                />
            </ul>
        </aside>
        <RemoveDialog room removing/>
    }
}

async fn load(room: RoomId, state: &RoomState) -> api::Result<()> {
    let mut after = None;
    for _ in 0..MAX_PAGES {
        let list = api::list_members(room, after).await?;
        let (online, offline): (Vec<_>, Vec<_>) = list.members.iter().partition(|m| m.online);
        state.online.update(|known| {
            known.retain(|id| !offline.iter().any(|m| m.member.user.id == *id));
            known.extend(online.iter().map(|m| m.member.user.id));
        });
        state.timeline.update(|t| list.members.into_iter().for_each(|m| t.upsert_member(m.member)));
        after = list.next;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

fn members_with_presence(state: &RoomState) -> Vec<(Member, bool)> {
    let online = state.online.get();
    state.timeline.with(|t| t.members().map(|m| (m.clone(), online.contains(&m.user.id))).collect())
}

fn sort_members(mut members: Vec<(Member, bool)>) -> Vec<(Member, bool)> {
    members.sort_by(|(a, a_online), (b, b_online)| {
        b_online.cmp(a_online).then_with(|| compare_names(&a.user.username, &b.user.username))
    });
    members
}

/// Closes the sheet of members when something beside it is pressed, for example the composer.
fn close_sheet_on_press_outside(members: RwSignal<bool>) {
    let listener = window_event_listener(ev::pointerdown, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        // The button toggles the sheet itself.
        let is_outside =
            target.is_some_and(|it| it.closest(".members, .people-button, dialog") == Ok(None));
        if is_outside && members.get_untracked() && !has_members_column() {
            members.set(false);
        }
    });
    on_cleanup(move || listener.remove());
}

#[component]
fn MemberRow(
    member: Member,
    online: bool,
    removing: RwSignal<Option<(UserId, String)>>,
) -> impl IntoView {
    let auth = expect_context::<Auth>();
    let (id, name) = (member.user.id, member.user.username);
    let is_me = auth.me_untracked().is_some_and(|me| me.id == id);
    let label = format!("Remove {} from the room", isolate(&name));
    let removed = StoredValue::new((id, name.clone()));
    view! {
        <li class="member" class:member-away=!online>
            <span class="member-face">
                <Avatar name=name.clone() small=true/>
                <span class="dot" class:dot-online=online></span>
            </span>
            <span class="member-name">
                <bdi>{name}</bdi>
                {is_me.then_some(" (you)")}
                <span class="sr-only">{if online { ", online" } else { ", offline" }}</span>
            </span>
            {(member.role == Role::Admin).then(|| view! { <span class="tag">"Admin"</span> })}
            <Show when=move || auth.is_admin() && !is_me>
                <button
                    type="button"
                    class="icon-button member-remove"
                    aria-label=label.clone()
                    title="Remove from the room"
                    on:click=move |_| removing.set(Some(removed.get_value()))
                >
                    <Icon shape=Shape::Close/>
                </button>
            </Show>
        </li>
    }
}

#[component]
fn RemoveDialog(room: RoomId, removing: RwSignal<Option<(UserId, String)>>) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let open = open_while_some(removing);
    let remove = Action::new_local(move |user: &UserId| {
        let user = *user;
        async move {
            match api::remove_member(room, user).await {
                Ok(()) => drop(open.try_set(false)),
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let name = move || {
        removing.get_untracked().map(|(_, name)| isolate(&name).into_owned()).unwrap_or_default()
    };
    let on_yes = move |()| {
        if let Some((user, _)) = removing.get_untracked() {
            remove.dispatch_local(user);
        }
    };
    view! {
        <Dialog open title="Remove from the room?">
            <Confirm
                text=format!("{} won't get its messages any more, but can join again.", name())
                yes="Remove"
                open
                busy=remove.pending()
                on_yes
            />
        </Dialog>
    }
}
