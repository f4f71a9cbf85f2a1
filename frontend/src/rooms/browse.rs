//! All rooms there are: find one, join it, go in. A page of its own, and a dialog from anywhere.

use leptos::{html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    ids::RoomId,
    rooms::{Room, RoomListing},
};

use super::{Panels, address};
use crate::{
    api,
    live::LiveClient,
    ui::action,
    ui::{Dialog, Icon, Shape, Ui, each, effect, href, memo, resource, shown},
    users::session::Session,
};

/// `/ui/rooms`
#[component]
pub fn RoomsPage() -> impl IntoView {
    let (session, panels) = (expect_context::<Session>(), expect_context::<Panels>());
    view! {
        <main class="page" id="main" tabindex="-1">
            <header class="page-head">
                <div>
                    <h1>"Rooms"</h1>
                    <p class="quiet">"Every room here is open to everybody. Join one to read and write."</p>
                </div>
                <a href=href("/search") class="button button-quiet">
                    <Icon shape=Shape::Search/>
                    "Search messages"
                </a>
                {shown(move || session.is_admin(), move || view! {
                    <button
                        type="button"
                        class="button button-primary"
                        on:click:target=move |_| panels.create.set(true)
                    >
                        <Icon shape=Shape::Plus/>
                        "New room"
                    </button>
                }.into_any())}
            </header>
            <RoomFinder on_gone=|()| {}/>
        </main>
    }
}

/// The same as a dialog.
#[component]
pub fn BrowseDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Browse rooms" wide=true>
            <RoomFinder on_gone=move |()| open.set(false) autofocus=true/>
        </Dialog>
    }
}

#[component]
fn RoomFinder(
    #[prop(into)] on_gone: Callback<()>,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let input = NodeRef::<html::Input>::new();
    let query = RwSignal::new(String::new());
    let after = RwSignal::new(None::<RoomId>);
    let found = RwSignal::new(Vec::<Room>::new());
    let page = resource(move || {
        let (query, after) = (query.get(), after.get());
        // A room made or deleted elsewhere shows when my own rooms change, or on coming back.
        live.connection_epoch.track();
        live.departure.track();
        async move { (after, api::list_rooms(&query, after).await) }
    });
    effect(move || {
        if let Some((after, Ok(list))) = page.get() {
            let rooms = list.rooms.into_iter().map(|RoomListing { room, .. }| room);
            found.update(|found| {
                if after.is_none() {
                    found.clear();
                }
                found.extend(rooms);
            });
        }
    });
    let next = move || page.get().and_then(|(_, answer)| answer.ok()?.next);
    let failure = move || page.get().and_then(|(_, answer)| answer.err()).map(|f| f.message());
    let is_empty = move || {
        found.with(Vec::is_empty)
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
                node_ref=input
                on:input:target=move |event| {
                    after.set(None);
                    query.set(event.target().value());
                }
            />
            <ul class="plain-list" data-testid="all-rooms">
                {each(
                    move || found.get(),
                    |room| (room.id, room.rev, room.member_count),
                    move |room| view! { <RoomCard room on_gone/> }.into_any(),
                )}
            </ul>
            {shown(is_empty, move || view! {
                <NothingFound query/>
            }.into_any())}
            <p class="field-error" role="alert">{move || failure()}</p>
            {shown(move || next().is_some(), move || view! {
                <button type="button" class="button" on:click:target=move |_| after.set(next())>
                    "Show more"
                </button>
            }.into_any())}
        </div>
    }
}

#[component]
fn NothingFound(query: RwSignal<String>) -> impl IntoView {
    let (session, panels) = (expect_context::<Session>(), expect_context::<Panels>());
    let is_filtered = move || query.with(|q| !q.trim().is_empty());
    view! {
        <div class="empty">
            <Icon shape=Shape::Door/>
            {shown(is_filtered, move || view! { <p>"No room has a name like this."</p> }.into_any())}
            {shown(move || !is_filtered(), move || view! {
                <h2>"No rooms yet"</h2>
                {shown(move || session.is_admin(), move || view! {
                    <p>"Rooms are where people talk: one for each topic."</p>
                    <button
                        type="button"
                        class="button button-primary"
                        data-testid="first-room"
                        on:click:target=move |_| panels.create.set(true)
                    >
                        "Create the first room"
                    </button>
                }.into_any())}
                {shown(move || !session.is_admin(), move || view! {
                    <p>"Only admins can create rooms: ask one to open the first."</p>
                }.into_any())}
            }.into_any())}
        </div>
    }
}

#[component]
fn RoomCard(room: Room, #[prop(into)] on_gone: Callback<()>) -> impl IntoView {
    let (live, ui, navigate) =
        (expect_context::<LiveClient>(), expect_context::<Ui>(), use_navigate());
    let id = room.id;
    let join = action(move |_: &()| {
        let navigate = navigate.clone();
        async move {
            match api::join_room(id).await {
                Ok(()) => {
                    on_gone.run(());
                    navigate(&address(id), NavigateOptions::default());
                }
                Err(failure) => ui.error(failure.message()),
            }
        }
    });
    let joining = join.pending();
    let joined = memo(move || live.rooms.with(|rooms| rooms.get(id).is_some()));
    let people = match room.member_count {
        1 => "1 person".to_owned(),
        n => format!("{n} people"),
    };
    let (join_label, open_label) = (format!("Join {}", room.name), format!("Open {}", room.name));
    let way_in = move || match joined.get() {
        true => view! {
            <a
                href=href(&address(id))
                class="button button-small"
                aria-label=open_label.clone()
                on:click=move |_| on_gone.run(())
            >
                "Open"
            </a>
        }
        .into_any(),
        false => view! {
            <button
                type="button"
                class="button button-small button-primary"
                aria-label=join_label.clone()
                disabled=move || joining.get()
                on:click:target=move |_| join.dispatch(())
            >
                "Join"
            </button>
        }
        .into_any(),
    };
    view! {
        <li class="list-row">
            <span class="room-tile" aria-hidden="true"><Icon shape=Shape::Hash/></span>
            <div class="list-row-text">
                <strong>{room.name}</strong>
                <span class="quiet">{people} {(!room.topic.is_empty()).then(|| format!(" · {}", room.topic))}</span>
            </div>
            {move || way_in()}
        </li>
    }
}
