//! The list of all rooms, to filter by name, join and open. It is on a page and in a dialog that
//! opens on every page.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    ids::RoomId,
    rooms::{Room, RoomListing},
    unicode::isolate,
};

use super::Panels;
use crate::{
    api,
    auth::Auth,
    links::room_path,
    live::LiveClient,
    ui::{Dialog, Icon, Lazy, Shape, Ui, href, part},
};

/// The page `/ui/rooms`.
#[component]
pub fn RoomsPage() -> impl IntoView {
    let (auth, panels) = (expect_context::<Auth>(), expect_context::<Panels>());
    view! {
        <main class="page" id="main" tabindex="-1">
            <header class="page-head">
                <div>
                    <h1>"Rooms"</h1>
                    <p class="quiet">"All rooms are open to everyone. Join one to read and write."</p>
                </div>
                <a href=href("/search") class="button button-quiet">
                    <Icon shape=Shape::Search/>
                    "Search messages"
                </a>
                <Show when=move || auth.is_admin()>
                    <button
                        type="button"
                        class="button button-primary"
                        on:click=move |_| panels.create.set(true)
                    >
                        <Icon shape=Shape::Plus/>
                        "New room"
                    </button>
                </Show>
            </header>
            <Lazy load=room_finder props=(Callback::new(|()| {}), false)/>
        </main>
    }
}

#[component]
pub fn BrowseDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Browse rooms" wide=true>
            <Lazy load=room_finder props=(Callback::new(move |()| open.set(false)), true)/>
        </Dialog>
    }
}

part!(more: fn room_finder((on_leave, autofocus): (Callback<()>, bool)) {
    view! { <RoomFinder on_leave autofocus/> }
});

#[component]
fn RoomFinder(
    /// Runs when the reader goes to a room.
    on_leave: Callback<()>,
    autofocus: bool,
) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let query = RwSignal::new(String::new());
    let after = RwSignal::new(None::<RoomId>);
    let rooms = RwSignal::new(Vec::<Room>::new());
    let page = LocalResource::new(move || {
        let (query, after) = (query.get(), after.get());
        // The socket sends nothing about rooms that I am not in, so the list is loaded again after
        // each connect and when I leave a room.
        live.connection_epoch.track();
        live.departure.track();
        async move { (after, api::list_rooms(&query, after).await) }
    });
    Effect::new(move |_| {
        if let Some((after, Ok(list))) = page.get() {
            let new = list.rooms.into_iter().map(|RoomListing { room, .. }| room);
            rooms.update(|rooms| {
                if after.is_none() {
                    rooms.clear();
                }
                rooms.extend(new);
            });
        }
    });
    let next = move || page.get().and_then(|(_, result)| result.ok()?.next);
    let error = move || page.get().and_then(|(_, result)| result.err()).map(|e| e.message());
    let is_empty = move || {
        rooms.with(Vec::is_empty)
            && page.with(|p| matches!(p, Some((_, Ok(list))) if list.rooms.is_empty()))
    };
    view! {
        <div class="finder">
            <input
                class="finder-input"
                type="search"
                name="q"
                aria-label="Filter rooms by name"
                placeholder="Filter by name"
                autocomplete="off"
                autofocus=autofocus
                on:input:target=move |event| {
                    after.set(None);
                    query.set(event.target().value());
                }
            />
            <ul class="plain-list" data-testid="all-rooms">
                <For
                    each=move || rooms.get()
                    key=|room| (room.id, room.rev, room.member_count)
                    children=move |room| view! { <RoomCard room on_leave/> }
                />
            </ul>
            <Show when=is_empty>
                <NoRooms query/>
            </Show>
            <p class="field-error" role="alert">{error}</p>
            <Show when=move || next().is_some()>
                <button type="button" class="button" on:click=move |_| after.set(next())>
                    "Show more"
                </button>
            </Show>
        </div>
    }
}

#[component]
fn NoRooms(query: RwSignal<String>) -> impl IntoView {
    let is_filtered = move || query.with(|q| !q.trim().is_empty());
    view! {
        <div class="empty">
            <Icon shape=Shape::Door/>
            <Show when=is_filtered fallback=|| view! { <FirstRoom/> }>
                <p>"No rooms match this name."</p>
            </Show>
        </div>
    }
}

#[component]
fn FirstRoom() -> impl IntoView {
    let (auth, panels) = (expect_context::<Auth>(), expect_context::<Panels>());
    view! {
        <h2>"No rooms yet"</h2>
        <Show
            when=move || auth.is_admin()
            fallback=|| view! { <p>"Only admins can create rooms. Ask one to create the first."</p> }
        >
            <p>"Rooms are where people talk, one for each topic."</p>
            <button
                type="button"
                class="button button-primary"
                data-testid="first-room"
                on:click=move |_| panels.create.set(true)
            >
                "Create the first room"
            </button>
        </Show>
    }
}

#[component]
fn RoomCard(room: Room, on_leave: Callback<()>) -> impl IntoView {
    let id = room.id;
    let people = match room.member_count {
        1 => "1 person".to_owned(),
        n => format!("{n} people"),
    };
    let topic = (!room.topic.is_empty()).then(|| format!(" · {}", isolate(&room.topic)));
    view! {
        <li class="list-row">
            <span class="room-tile" aria-hidden="true"><Icon shape=Shape::Hash/></span>
            <div class="list-row-text">
                <strong dir="auto">{room.name.clone()}</strong>
                <span class="quiet">{people} {topic}</span>
            </div>
            <JoinOrOpen id name=room.name on_leave/>
        </li>
    }
}

#[component]
fn JoinOrOpen(id: RoomId, name: String, on_leave: Callback<()>) -> impl IntoView {
    let (live, ui, navigate) =
        (expect_context::<LiveClient>(), expect_context::<Ui>(), use_navigate());
    let join = Action::new_local(move |_: &()| {
        let navigate = navigate.clone();
        async move {
            match api::join_room(id).await {
                Ok(()) => {
                    on_leave.run(());
                    navigate(&room_path(id), NavigateOptions::default());
                }
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let is_joined = move || live.rooms.with(|rooms| rooms.get(id).is_some());
    let (join_label, open_label) =
        (format!("Join {}", isolate(&name)), format!("Open {}", isolate(&name)));
    let join_button = move || {
        view! {
            <button
                type="button"
                class="button button-small button-primary"
                aria-label=join_label.clone()
                disabled=join.pending()
                on:click=move |_| { join.dispatch_local(()); }
            >
                "Join"
            </button>
        }
    };
    view! {
        <Show when=is_joined fallback=join_button>
            <a
                href=href(&room_path(id))
                class="button button-small"
                aria-label=open_label.clone()
                on:click=move |_| on_leave.run(())
            >
                "Open"
            </a>
        </Show>
    }
}
