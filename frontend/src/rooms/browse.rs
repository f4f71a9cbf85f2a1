//! The list of all rooms, to filter by name, join and open. It is on a page and in a dialog that
//! opens on every page.

use std::{collections::BTreeSet, time::Duration};

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    access::{Rank, RoomKind},
    ids::RoomId,
    rooms::{Room, RoomListing},
    sorting::sort_by,
    unicode::isolate,
};

use super::{Panels, bin::DeletedRooms};
use crate::{
    api,
    auth::Auth,
    links::room_path,
    live::{ConnectionStatus, LiveClient},
    ui::{Dialog, Icon, Lazy, Shape, Ui, compare_names, href, part, time},
};

/// How often a visible list is loaded again.
const REFRESH_INTERVAL: Duration = Duration::from_secs(5);

/// The page `/ui/rooms`.
#[component]
pub fn RoomsPage() -> impl IntoView {
    let (auth, panels) = (expect_context::<Auth>(), expect_context::<Panels>());
    let description = move || match auth.rank() {
        Rank::Guest => "The rooms that you were added to.",
        _ => "Open rooms, and the private ones that you are in. Join one to read and write.",
    };
    view! {
        <main class="page" id="main" tabindex="-1">
            <header class="page-head">
                <div>
                    <h1>"Rooms"</h1>
                    <p class="quiet">{description}</p>
                </div>
                <a href=href("/search") class="button button-quiet">
                    <Icon shape=Shape::Search/>
                    "Search messages"
                </a>
                <Show when=move || auth.may_create_rooms()>
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
    let page_count = RwSignal::new(1);
    let my_rooms =
        Memo::new(move |_| live.rooms.with(|rooms| rooms.ids().collect::<BTreeSet<_>>()));
    let list = use_room_list(live, my_rooms, query, page_count);
    // A failed request keeps the rooms of the last one.
    let (rooms, has_more) = (RwSignal::new(Vec::<Room>::new()), RwSignal::new(false));
    Effect::new(move |_| {
        list.with(|list| {
            let Some(Ok((loaded, more))) = list else { return };
            has_more.set(*more);
            if rooms.with_untracked(|rooms| rooms != loaded) {
                rooms.set(loaded.clone());
            }
        });
    });
    // A private room that I was removed from must vanish before the list is loaded again.
    let is_visible = move |room: &Room| {
        room.kind == RoomKind::Open || my_rooms.with(|ids| ids.contains(&room.id))
    };
    let ids = move || {
        let ids = |rooms: &Vec<Room>| {
            rooms.iter().filter(|room| is_visible(room)).map(|room| room.id).collect::<Vec<_>>()
        };
        rooms.with(ids)
    };
    let error = move || list.get().and_then(Result::err).map(|error| error.message());
    let is_empty =
        move || list.with(|list| matches!(list, Some(Ok((rooms, _))) if rooms.is_empty()));
    view! {
        <div class="finder">
            <input
                class="finder-input"
                type="search"
                dir="auto"
                name="q"
                aria-label="Filter rooms by name"
                placeholder="Filter by name"
                autocomplete="off"
                autofocus=autofocus
                on:input:target=move |event| {
                    page_count.set(1);
                    query.set(event.target().value());
                }
            />
            <ul class="plain-list" data-testid="all-rooms">
                <For
                    each=ids
                    key=|id| *id
                    children=move |id| view! { <RoomCard id rooms on_leave/> }
                />
            </ul>
            <Show when=is_empty>
                <NoRooms query/>
            </Show>
            <p class="field-error" role="alert">{error}</p>
            <Show when=move || has_more.get()>
                <button
                    type="button"
                    class="button"
                    on:click=move |_| page_count.update(|count| *count += 1)
                >
                    "Show more"
                </button>
            </Show>
            // Not in the dialog, because a dialog over it would have to confirm what one deletes.
            {(!autofocus).then(|| view! { <DeletedRooms/> })}
        </div>
    }
}

/// The rooms whose names contain the query, and whether there are more than `page_count` pages of them.
///
/// The socket sends nothing about rooms that I am not in, so the list is loaded again after each connect,
/// when I join or leave a room, and every few seconds while it is visible.
fn use_room_list(
    live: LiveClient,
    my_rooms: Memo<BTreeSet<RoomId>>,
    query: RwSignal<String>,
    page_count: RwSignal<usize>,
) -> LocalResource<api::Result<(Vec<Room>, bool)>> {
    let refreshes = RwSignal::new(0_u32);
    let is_loading = StoredValue::new(false);
    let list = LocalResource::new(move || {
        let (query, page_count) = (query.get(), page_count.get());
        live.connection_epoch.track();
        my_rooms.track();
        refreshes.track();
        is_loading.set_value(true);
        async move {
            let loaded = load_rooms(&query, page_count).await;
            is_loading.try_set_value(false);
            loaded
        }
    });
    let refresh = move || {
        let is_connected = live.status.get_untracked() == ConnectionStatus::Connected;
        // A slow response must arrive before the next request replaces it.
        if is_connected && !document().hidden() && is_loading.try_get_value() == Some(false) {
            refreshes.try_update(|count| *count = count.wrapping_add(1));
        }
    };
    let timer = set_interval_with_handle(refresh, REFRESH_INTERVAL);
    on_cleanup(move || timer.into_iter().for_each(|timer| timer.clear()));
    list
}

async fn load_rooms(query: &str, page_count: usize) -> api::Result<(Vec<Room>, bool)> {
    let (mut rooms, mut after) = (Vec::new(), None);
    for _ in 0..page_count {
        let list = api::list_rooms(query, after).await?;
        rooms.extend(list.rooms.into_iter().map(|RoomListing { room, .. }| room));
        after = list.next;
        if after.is_none() {
            break;
        }
    }
    sort_by(&mut rooms, |a: &Room, b: &Room| compare_names(&a.name, &b.name));
    Ok((rooms, after.is_some()))
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
            when=move || auth.may_create_rooms()
            fallback=|| view! { <p>"You see a room here when somebody adds you to it."</p> }
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
fn RoomCard(id: RoomId, rooms: RwSignal<Vec<Room>>, on_leave: Callback<()>) -> impl IntoView {
    let room =
        Memo::new(move |_| rooms.with(|rooms| rooms.iter().find(|room| room.id == id).cloned()));
    let read = move |text: fn(&Room) -> String| {
        Memo::new(move |_| room.with(|room| room.as_ref().map(text).unwrap_or_default()))
    };
    let name = read(|room| room.name.clone());
    let people = read(|room| match room.member_count {
        1 => "1 person".to_owned(),
        n => format!("{} people", time::number(n)),
    });
    let kind = read(|room| match (room.kind, room.archived_at) {
        (_, Some(_)) => "Archived · ".into(),
        (RoomKind::Private, None) => "Private · ".into(),
        (RoomKind::Open, None) if room.is_default => "New people join automatically · ".into(),
        _ => String::new(),
    });
    let shape = move || room.with(|room| room.as_ref().map(|room| room.kind).unwrap_or_default());
    let is_archived = Memo::new(move |_| {
        room.with(|room| room.as_ref().is_some_and(|r| r.archived_at.is_some()))
    });
    let topic = read(|room| match &*room.topic {
        "" => String::new(),
        topic => format!(" · {}", isolate(topic)),
    });
    view! {
        <li class="list-row">
            <span class="room-tile" aria-hidden="true">
                {move || view! { <Icon shape=Shape::of_room(shape())/> }}
            </span>
            <div class="list-row-text">
                <strong dir="auto">{name}</strong>
                <span class="quiet">{kind}{people} {topic}</span>
            </div>
            <JoinOrOpen id name is_archived on_leave/>
        </li>
    }
}

#[component]
fn JoinOrOpen(
    id: RoomId,
    name: Memo<String>,
    is_archived: Memo<bool>,
    on_leave: Callback<()>,
) -> impl IntoView {
    let (live, ui, navigate) =
        (expect_context::<LiveClient>(), expect_context::<Ui>(), use_navigate());
    let join = Action::new_local(move |_: &()| {
        let navigate = navigate.clone();
        async move {
            match api::join_room(id).await {
                Ok(()) => {
                    // The dialog may be closed by now.
                    let _ = on_leave.try_run(());
                    navigate(&room_path(id), NavigateOptions::default());
                }
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let is_joined = move || live.rooms.with(|rooms| rooms.get(id).is_some());
    let label = move |verb| name.with(|name| format!("{verb} {}", isolate(name)));
    let join_button = move || {
        // Nobody can join an archived room.
        (!is_archived.get()).then(|| {
            view! {
                <button
                    type="button"
                    class="button button-small button-primary"
                    aria-label=move || label("Join")
                    disabled=join.pending()
                    on:click=move |_| { join.dispatch_local(()); }
                >
                    "Join"
                </button>
            }
        })
    };
    view! {
        <Show when=is_joined fallback=join_button>
            <a
                href=href(&room_path(id))
                class="button button-small"
                aria-label=move || label("Open")
                on:click=move |_| on_leave.run(())
            >
                "Open"
            </a>
        </Show>
    }
}
