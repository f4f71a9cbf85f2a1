//! One member, and the menu that changes their role.

use std::collections::BTreeMap;

use leptos::prelude::*;
use shared::{
    access::{Rank, Role},
    ids::{RoomId, UserId},
    rooms::Member,
    unicode::isolate,
    users::Status,
};

use super::moderation::{MemberDialogs, ModerationItems};
use crate::{
    api,
    auth::Auth,
    state::{profile::status_line, rooms::people::labels},
    ui::{Avatar, Icon, Menu, Shape, Ui, time},
    users::{PeopleDialog, PeopleRequest},
};

/// Each role with the menu item that gives it, and how the notice names it.
const ROLES: [(Role, &str, &str); 3] = [
    (Role::Host, "Make host", "a host"),
    (Role::Member, "Make member", "a member"),
    (Role::Reader, "Make reader", "a reader"),
];

#[component]
pub fn MemberRow(
    room: RoomId,
    member: Member,
    online: bool,
    statuses: ArcRwSignal<BTreeMap<UserId, Status>>,
    /// Whether I manage the room.
    manages: Memo<bool>,
    dialogs: MemberDialogs,
) -> impl IntoView {
    let (auth, people) = (expect_context::<Auth>(), expect_context::<PeopleDialog>());
    let user = member.user.clone();
    let is_me = auth.me_untracked().is_some_and(|me| me.id == member.user.id);
    let name = member.user.name().to_owned();
    let key = member.user.username.clone();
    let tag = |label: &'static str| view! { <span class="tag">{label}</span> };
    let tags = labels(&member).map(tag).collect_view();
    let time_out = member
        .timed_out_until
        .map(|until| move || (until > time::ticking_now()).then(|| tag("Timed out")));
    let id = member.user.id;
    let status = Memo::new(move |_| {
        let now = time::ticking_now();
        statuses.with(|statuses| status_line(statuses.get(&id), now))
    });
    let member = StoredValue::new(member);
    let status_line = move || {
        let status = status.get()?;
        let title = status.clone();
        Some(view! { <small class="member-status quiet" dir="auto" title=title>{status}</small> })
    };
    view! {
        <li class="member" class:member-away=!online data-member=key>
            <span class="member-face">
                <Avatar name=name.clone() small=true/>
                <span class="dot" class:dot-online=online></span>
            </span>
            <span class="member-name">
                <button
                    type="button"
                    class="person-name"
                    on:click=move |_| people.open(PeopleRequest::Card(user.clone()))
                >
                    <bdi>{name.clone()}</bdi>
                </button>
                {is_me.then_some(" (you)")}
                <span class="sr-only">{if online { ", online" } else { ", offline" }}</span>
                <span class="member-tags">{tags}{time_out}</span>
                {status_line}
            </span>
            <Show when=move || manages.get()>
                <MemberMenu room member=member.get_value() is_me dialogs/>
            </Show>
        </li>
    }
}

/// The menu of a member, for hosts.
#[component]
fn MemberMenu(room: RoomId, member: Member, is_me: bool, dialogs: MemberDialogs) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let open = RwSignal::new(false);
    Effect::new(move |_| dialogs.has_open_menu.set(open.get()));
    on_cleanup(move || {
        dialogs.has_open_menu.try_set(false);
    });
    let moderated = StoredValue::new(member.clone());
    let (id, name, current) = (member.user.id, member.user.name().to_owned(), member.role);
    let label = format!("Manage {}", isolate(&name));
    let (is_guest, name) = (member.rank == Rank::Guest, StoredValue::new(name));
    let set_role = Action::new_local(move |(role, noun): &(Role, &'static str)| {
        // Read before the request, because the change replaces this row.
        let (role, noun, name) = (*role, *noun, name.get_value());
        async move {
            match api::set_role(room, id, role).await {
                Ok(()) => ui.notice(format!("{} is now {noun}.", isolate(&name))),
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let item = move |(role, label, noun): (Role, &'static str, &'static str)| {
        let refusal = (role == Role::Host && is_guest).then_some("Guests can't be hosts");
        let choose = move |_| {
            if refusal.is_none() {
                set_role.dispatch_local((role, noun));
            }
        };
        view! {
            <button
                type="button"
                role="menuitem"
                aria-disabled=refusal.is_some().to_string()
                on:click=choose
            >
                {label}
                <small>{refusal}</small>
            </button>
        }
    };
    view! {
        <Menu
            label
            testid="member-menu"
            open
            class="icon-button member-menu"
            face=|| view! { <Icon shape=Shape::More/> }
        >
            {ROLES.into_iter().filter(|(role, ..)| *role != current).map(item).collect_view()}
            <Show when=move || !is_me>
                <ModerationItems room member=moderated.get_value() dialogs/>
                <button
                    type="button"
                    role="menuitem"
                    class="danger"
                    on:click=move |_| dialogs.removing.set(Some((id, name.get_value())))
                >
                    "Remove from the room"
                </button>
            </Show>
        </Menu>
    }
}
