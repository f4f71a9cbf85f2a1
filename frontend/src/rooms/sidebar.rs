//! The sidebar: my rooms with their unread counts, links to all rooms and to the search, and the
//! account.

use leptos::prelude::*;
use shared::{access::RoomKind, ids::RoomId, rooms::MyRoom};

use super::{Panels, all_read::AllReadButton, preferences::handle_move_key};
use crate::{
    auth::Auth,
    links::room_path,
    live::LiveClient,
    ui::{Avatar, Icon, Logo, Shape, Ui, href},
    users::{AccountMenu, PeopleDialog, PeopleRequest},
};

/// In a narrow window the sidebar is a page of its own.
#[component]
pub fn Sidebar() -> impl IntoView {
    let panels = expect_context::<Panels>();
    let app_name = expect_context::<Ui>().app_name;
    view! {
        <aside class="sidebar" aria-label="Rooms and account">
            <header class="sidebar-head">
                <a href=href("/rooms") class="brand">
                    <Logo/>
                    <span dir="auto">{app_name}</span>
                </a>
            </header>
            <div class="sidebar-actions">
                <button
                    type="button"
                    class="button button-full button-quiet"
                    data-testid="jump"
                    on:click=move |_| panels.palette.set(true)
                >
                    <Icon shape=Shape::Door/>
                    <span>"Jump to…"</span>
                    <kbd aria-hidden="true">"Ctrl K"</kbd>
                </button>
                <button
                    type="button"
                    class="button button-full button-quiet"
                    data-testid="browse-rooms"
                    on:click=move |_| panels.browse.set(true)
                >
                    <Icon shape=Shape::Compass/>
                    <span>"Browse rooms"</span>
                </button>
                <a href=href("/search") class="button button-full button-quiet">
                    <Icon shape=Shape::Search/>
                    <span>"Search messages"</span>
                </a>
            </div>
            <nav class="room-nav" aria-label="My rooms">
                <Show when=move || !panels.favourites.with(Vec::is_empty)>
                    <div class="room-nav-head"><h2>"Favourites"</h2></div>
                    <RoomList ids=panels.favourites/>
                </Show>
                <div class="room-nav-head">
                    <h2>"My rooms"</h2>
                    <AllReadButton/>
                    <OrderButton/>
                    <NewRoomButton/>
                </div>
                <RoomLinks/>
                <div class="room-nav-head">
                    <h2>"Direct messages"</h2>
                    <NewDirectButton/>
                </div>
                <RoomList ids=panels.direct_rooms/>
            </nav>
            <AccountMenu shortcuts=panels.shortcuts/>
        </aside>
    }
}

/// Chooses whether the rooms with unread messages come first.
#[component]
fn OrderButton() -> impl IntoView {
    let panels = expect_context::<Panels>();
    view! {
        <button
            type="button"
            class="icon-button"
            data-testid="unread-first"
            aria-label="Unread rooms first"
            title="Unread rooms first"
            aria-pressed=move || panels.unread_first.get().to_string()
            on:click=move |_| panels.set_unread_first(!panels.unread_first.get_untracked())
        >
            <Icon shape=Shape::Sort/>
        </button>
    }
}

/// Guests see the button too, with the reason why they cannot use it.
#[component]
fn NewRoomButton() -> impl IntoView {
    let (auth, panels) = (expect_context::<Auth>(), expect_context::<Panels>());
    let label = move || match auth.may_create_rooms() {
        true => "New room",
        false => "New room (guests can't create rooms)",
    };
    view! {
        <button
            type="button"
            class="icon-button"
            data-testid="new-room"
            aria-label=label
            title=label
            // Not `disabled`: a disabled button cannot be focused, and keyboard users would not get
            // the reason.
            aria-disabled=move || (!auth.may_create_rooms()).to_string()
            on:click=move |_| if untrack(|| auth.may_create_rooms()) { panels.create.set(true) }
        >
            <Icon shape=Shape::Plus/>
        </button>
    }
}

#[component]
fn RoomLinks() -> impl IntoView {
    let (live, Panels { favourites, rooms: ids, archived, current_room, .. }) =
        (expect_context::<LiveClient>(), expect_context::<Panels>());
    let has_none = move || [favourites, ids, archived].iter().all(|of| of.with(Vec::is_empty));
    let is_loaded = Memo::new(move |_| live.rooms.with(|rooms| rooms.is_loaded));
    view! {
        <RoomList ids/>
        <Show when=move || !is_loaded.get()>
            <div class="skeletons" aria-hidden="true"><span></span><span></span><span></span></div>
        </Show>
        <Show when=move || is_loaded.get() && has_none()>
            <NoRooms/>
        </Show>
        <Show when=move || !archived.with(Vec::is_empty)>
            <details
                class="room-archive"
                open=move || current_room.get().is_some_and(|id| archived.with(|of| of.contains(&id)))
            >
                <summary>"Archived rooms"</summary>
                <RoomList ids=archived/>
            </details>
        </Show>
    }
}

#[component]
fn RoomList(ids: Memo<Vec<RoomId>>) -> impl IntoView {
    view! {
        <ul class="room-links">
            <For each=move || ids.get() key=|id| *id children=|id| view! { <RoomLink id/> }/>
        </ul>
    }
}

#[component]
fn NewDirectButton() -> impl IntoView {
    let people = expect_context::<PeopleDialog>();
    view! {
        <button
            type="button"
            class="icon-button"
            data-testid="new-direct"
            aria-label="New direct message"
            title="New direct message"
            on:click=move |_| people.open(PeopleRequest::Direct(Vec::new()))
        >
            <Icon shape=Shape::Plus/>
        </button>
    }
}

#[component]
fn NoRooms() -> impl IntoView {
    let (auth, panels) = (expect_context::<Auth>(), expect_context::<Panels>());
    let open = move |_| match untrack(|| auth.may_create_open_rooms()) {
        true => panels.create.set(true),
        false => panels.browse.set(true),
    };
    view! {
        <div class="no-rooms">
            <p>"You're not in any room yet."</p>
            <Show
                when=move || auth.may_create_rooms()
                fallback=|| view! { <p>"Somebody has to add you to one."</p> }
            >
                <button type="button" class="button button-primary" on:click=open>
                    {move || if auth.may_create_open_rooms() { "Create a room" } else { "Find a room" }}
                </button>
            </Show>
        </div>
    }
}

#[component]
fn RoomLink(id: RoomId) -> impl IntoView {
    let (live, ui) = (expect_context::<LiveClient>(), expect_context::<Ui>());
    let current_room = expect_context::<Panels>().current_room;
    let room = Memo::new(move |_| live.rooms.with(|rooms| rooms.get(id).cloned()));
    let name = move || room.with(|room| room.as_ref().map(|r| r.name.clone()).unwrap_or_default());
    let kind =
        Memo::new(move |_| room.with(|room| room.as_ref().map(|r| r.kind).unwrap_or_default()));
    let read = move |field: fn(&MyRoom) -> i64| room.with(|room| room.as_ref().map_or(0, field));
    let unread = Signal::derive(move || read(MyRoom::counted_unread));
    let mentions = Signal::derive(move || read(|room| room.read.mentions));
    let is_muted = Memo::new(move |_| room.with(|room| room.as_ref().is_some_and(|r| r.muted)));
    view! {
        <li>
            <a
                href=href(&room_path(id))
                class="room-link"
                title=name
                data-room=id.to_string()
                aria-current=move || (current_room.get() == Some(id)).then_some("page")
                on:keydown=move |event| handle_move_key(live, ui, id, &event)
            >
                <RoomFace id/>
                <span class="room-link-name" dir="auto" class:room-link-unread=move || unread.get().gt(&0)>
                    {name}
                </span>
                {move || (kind.get() == RoomKind::Private).then(|| view! {
                    <span class="sr-only">" (private)"</span>
                })}
                {move || is_muted.get().then(|| view! {
                    <span class="room-link-muted" title="Muted" data-testid="muted">
                        <Icon shape=Shape::BellOff/>
                        <span class="sr-only">" (muted)"</span>
                    </span>
                })}
                <Badge unread mentions/>
            </a>
        </li>
    }
}

/// The picture of a room: for a direct room of two, the other person and whether they are online.
#[component]
pub fn RoomFace(id: RoomId) -> impl IntoView {
    let (live, auth) = (expect_context::<LiveClient>(), expect_context::<Auth>());
    // No people for other rooms than direct ones.
    let face = Memo::new(move |_| {
        let face = |room: &MyRoom| (room.kind, room.people.clone());
        live.rooms.with(|rooms| rooms.get(id).map(face).unwrap_or_default())
    });
    let online = live.room_state(id).map(|state| state.online);
    move || {
        let me = auth.me_untracked().map(|me| me.id);
        let (kind, people) = face.get();
        let other = match &people[..] {
            [] => return view! { <Icon shape=Shape::of_room(kind)/> }.into_any(),
            [only] => only.clone(),
            [a, b] => {
                if Some(a.id) == me {
                    b.clone()
                } else {
                    a.clone()
                }
            }
            _ => return view! { <Icon shape=Shape::People/> }.into_any(),
        };
        let online = online.clone();
        let is_online = move || {
            online.as_ref().is_some_and(|online| online.with(|online| online.contains(&other.id)))
        };
        view! {
            <span class="member-face">
                <Avatar name=other.name().to_owned() small=true/>
                <span class="dot" class:dot-online=is_online></span>
            </span>
        }
        .into_any()
    }
}

#[component]
fn Badge(unread: Signal<i64>, mentions: Signal<i64>) -> impl IntoView {
    move || {
        let unread = unread.get();
        let count = if unread > 99 { "99+".to_owned() } else { unread.to_string() };
        match (unread, mentions.get()) {
            (..=0, _) => ().into_any(),
            (_, 0) => view! {
                <span class="badge" data-testid="unread">
                    {count}<span class="sr-only">" unread"</span>
                </span>
            }
            .into_any(),
            _ => view! {
                <span class="badge badge-mention" data-testid="mentions">
                    <span aria-hidden="true">"@ "</span>{count}
                    <span class="sr-only">" unread, you are mentioned"</span>
                </span>
            }
            .into_any(),
        }
    }
}
