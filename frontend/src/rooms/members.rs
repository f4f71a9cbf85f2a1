//! The people in a room: those who are here first.

use leptos::prelude::*;
use shared::{
    ids::{RoomId, UserId},
    rooms::{Member, Role},
    rules,
};

use super::Panels;
use crate::{
    api,
    live::{LiveClient, RoomState},
    ui::action,
    ui::{Avatar, Confirm, Dialog, Icon, Shape, Ui, each, memo, open_while_some, resource, shown},
    users::session::Session,
};

/// The room may have more; so many are shown.
const PAGES_MAX: usize = 10;

/// A column on a wide screen, a sheet on a narrow one.
#[component]
pub fn Members(room: RoomId, state: RoomState) -> impl IntoView {
    let (live, panels) = (expect_context::<LiveClient>(), expect_context::<Panels>());
    let loader = state.clone();
    let loaded = resource(move || {
        // What came and went while the socket was away is not replayed.
        live.connection_epoch.track();
        loader.resets.track();
        let state = loader.clone();
        async move { load(room, &state).await }
    });
    let people = memo(move || people(&state));
    let failure = move || loaded.get().and_then(Result::err).map(|failure| failure.message());
    let removing = RwSignal::new(None::<(UserId, String)>);
    view! {
        <aside class="members" class:members-open=move || panels.members.get() aria-label="People in this room">
            <header class="members-head">
                <h2>"People"</h2>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Close the list of people"
                    on:click:target=move |_| panels.members.set(false)
                >
                    <Icon shape=Shape::Close/>
                </button>
            </header>
            <p class="field-error">{move || failure()}</p>
            <ul class="member-list">
                {each(
                    move || people.get(),
                    |(member, online)| (member.user.id, member.rev, *online),
                    move |(member, online)| view! { <MemberRow member online removing/> }.into_any(),
                )}
            </ul>
        </aside>
        <RemoveDialog room removing/>
    }
}

async fn load(room: RoomId, state: &RoomState) -> api::Result<()> {
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let list = api::list_members(room, after).await?;
        let (here, away): (Vec<_>, Vec<_>) = list.members.iter().partition(|m| m.online);
        state.online.update(|online| {
            online.retain(|id| !away.iter().any(|m| m.member.user.id == *id));
            online.extend(here.iter().map(|m| m.member.user.id));
        });
        state.timeline.update(|t| list.members.into_iter().for_each(|m| t.member(m.member)));
        after = list.next;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

fn people(state: &RoomState) -> Vec<(Member, bool)> {
    let online = state.online.get();
    let mut people: Vec<_> = state
        .timeline
        .with(|t| t.members().map(|m| (m.clone(), online.contains(&m.user.id))).collect());
    people.sort_by_cached_key(|(m, online)| (!online, rules::key(&m.user.username)));
    people
}

#[component]
fn MemberRow(
    member: Member,
    online: bool,
    removing: RwSignal<Option<(UserId, String)>>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let (id, name) = (member.user.id, member.user.username);
    let is_me = session.me_untracked().is_some_and(|me| me.id == id);
    let may_remove = move || session.is_admin() && !is_me;
    let label = format!("Remove {name} from the room");
    let asked = StoredValue::new((id, name.clone()));
    view! {
        <li class="member" class:member-away=!online>
            <span class="member-face">
                <Avatar name=name.clone() small=true/>
                <span class="dot" class:dot-online=online></span>
            </span>
            <span class="member-name">
                {name}
                {is_me.then_some(" (you)")}
                <span class="sr-only">{if online { ", online" } else { ", away" }}</span>
            </span>
            {(member.role == Role::Admin).then(|| view! { <span class="tag">"Admin"</span> })}
            {shown(may_remove, move || view! {
                <button
                    type="button"
                    class="icon-button member-remove"
                    aria-label=label.clone()
                    title="Remove from the room"
                    on:click:target=move |_| removing.set(Some(asked.get_value()))
                >
                    <Icon shape=Shape::Close/>
                </button>
            }.into_any())}
        </li>
    }
}

#[component]
fn RemoveDialog(room: RoomId, removing: RwSignal<Option<(UserId, String)>>) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let open = open_while_some(removing);
    let remove = action(move |user: &UserId| {
        let user = *user;
        async move {
            match api::remove_member(room, user).await {
                Ok(()) => drop(open.try_set(false)),
                Err(failure) => ui.error(failure.message()),
            }
        }
    });
    let name = move || removing.get_untracked().map(|(_, name)| name).unwrap_or_default();
    let on_yes = move |()| {
        if let Some((user, _)) = removing.get_untracked() {
            remove.dispatch(user);
        }
    };
    view! {
        <Dialog open title="Remove from the room?">
            <Confirm
                text=format!("{} no longer gets its messages, and can join again.", name())
                yes="Remove"
                open
                busy=remove.pending()
                on_yes
            />
        </Dialog>
    }
}
