//! The frame of every page for people who are signed in: sidebar, keys, title. Others are
//! redirected to the login page, which returns to the page after signing in.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    components::Outlet,
    hooks::{use_location, use_navigate},
};
use shared::{ids::RoomId, live::RemovedReason, paths, unicode::isolate};

use super::{
    Panels, browse::BrowseDialog, connection_banner::ConnectionBanner, dialogs::CreateDialog,
    has_members_column, sidebar::Sidebar,
};
use crate::{
    admin::AdminDialogs,
    auth::{Auth, AuthState},
    links::room_path,
    live::LiveClient,
    messages::StrandedDialog,
    search::{DayJump, Palette, remember_room},
    state::{rooms::neighbour, title::document_title},
    ui::{Logo, Ui, is_shortcut, on_page_keydown, shortcut_key},
    users::{PeopleDialog, PeopleDialogs, ShortcutsDialog, can_return_to, with_next},
};

/// [`AuthState`] without the account, so that a change of the account does not rebuild the page.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Unknown,
    Unreachable,
    SignedOut,
    SignedIn,
}

#[component]
pub fn Shell() -> impl IntoView {
    let auth = expect_context::<Auth>();
    let stage = Memo::new(move |_| {
        auth.state.with(|state| match state {
            AuthState::Unknown => Stage::Unknown,
            AuthState::Unreachable => Stage::Unreachable,
            AuthState::SignedOut => Stage::SignedOut,
            AuthState::SignedIn(_) => Stage::SignedIn,
        })
    });
    redirect_to_login(stage);
    move || match stage.get() {
        Stage::SignedIn => view! { <Frame/> }.into_any(),
        Stage::Unreachable => view! { <Unreachable/> }.into_any(),
        Stage::Unknown | Stage::SignedOut => {
            view! { <main class="lost" id="main" aria-busy="true"><Logo/></main> }.into_any()
        }
    }
}

fn redirect_to_login(stage: Memo<Stage>) {
    let (navigate, location) = (use_navigate(), use_location());
    Effect::new(move |_| {
        if stage.get() != Stage::SignedOut {
            return;
        }
        let path = location.pathname.get_untracked();
        let path = path.strip_prefix(paths::UI).unwrap_or_default();
        let search = location.search.get_untracked();
        let next = match search.trim_start_matches('?') {
            "" => path.to_owned(),
            search => format!("{path}?{search}"),
        };
        let to = match can_return_to(&next) && next != "/rooms" {
            true => with_next("/login", &next),
            false => "/login".into(),
        };
        navigate(&to, NavigateOptions { replace: true, ..Default::default() });
    });
}

#[component]
fn Unreachable() -> impl IntoView {
    let auth = expect_context::<Auth>();
    view! {
        <main class="lost" id="main">
            <Logo/>
            <h1>"Can't reach Hallway"</h1>
            <p>"Check your connection. The server may be restarting."</p>
            <button
                type="button"
                class="button button-primary"
                on:click=move |_| auth.state.set(AuthState::Unknown)
            >
                "Try again"
            </button>
        </main>
    }
}

#[component]
fn Frame() -> impl IntoView {
    let (live, ui) = (expect_context::<LiveClient>(), expect_context::<Ui>());
    let current_room = current_room();
    let panels = Panels::new(live, current_room);
    let dialogs = AdminDialogs::new();
    provide_context(panels);
    provide_context(dialogs);
    provide_context(DayJump::default());
    provide_context(PeopleDialog::new());
    remember_rooms(current_room);
    handle_keys(panels);
    leave_lost_rooms(live, current_room);
    Effect::new(move |_| {
        let text = live.rooms.with(|rooms| {
            let room = current_room.get().and_then(|id| rooms.get(id));
            let name = room.map_or("Rooms".into(), |room| isolate(&room.name));
            let page = Some(&*name).filter(|_| rooms.is_loaded);
            ui.app_name.with(|app| document_title(rooms.total_unread(), page, app))
        });
        document().set_title(&text);
    });
    let path = use_location().pathname;
    // In a narrow window these pages replace the sidebar.
    let is_page = |path: &String| path.ends_with("/search") || path.contains("/ui/admin");
    let is_inner = move || current_room.with(Option::is_some) || path.with(is_page);
    view! {
        <div class="shell" class:shell-room=is_inner>
            <Sidebar/>
            <div class="shell-main">
                <ConnectionBanner/>
                <Outlet/>
            </div>
        </div>
        <BrowseDialog open=panels.browse/>
        <CreateDialog open=panels.create/>
        <Palette open=panels.palette current_room/>
        <ShortcutsDialog open=panels.shortcuts/>
        <StrandedDialog current_room/>
        {dialogs.view()}
        <PeopleDialogs/>
    }
}

/// Remembers the rooms that the reader opens, for the palette.
fn remember_rooms(current_room: Memo<Option<RoomId>>) {
    let (auth, live) = (expect_context::<Auth>(), expect_context::<LiveClient>());
    let opened = Memo::new(move |_| {
        let is_mine = |room: &RoomId| live.rooms.with(|rooms| rooms.get(*room).is_some());
        current_room.get().filter(is_mine)
    });
    Effect::new(move |_| {
        if let Some(room) = opened.get() {
            remember_room(auth, room);
        }
    });
}

/// The room in the address.
fn current_room() -> Memo<Option<RoomId>> {
    let location = use_location();
    Memo::new(move |_| {
        location.pathname.with(|path| {
            let (_, rest) = path.split_once("/room/")?;
            rest.split('/').next()?.parse().ok()
        })
    })
}

/// Alt with ↑ or ↓ goes to the previous or next room, Ctrl or ⌘ with K opens the palette unless it made a link, ? lists the
/// shortcuts, Escape closes the sheet of members.
fn handle_keys(panels: Panels) {
    let navigate = use_navigate();
    on_page_keydown(move |event| {
        let step = match shortcut_key(event).as_str() {
            "ArrowUp" if event.alt_key() && !event.shift_key() => -1,
            "ArrowDown" if event.alt_key() && !event.shift_key() => 1,
            "Escape"
                if !event.default_prevented()
                    && panels.members.get_untracked()
                    && !has_members_column() =>
            {
                event.prevent_default();
                return panels.members.set(false);
            }
            "k" | "K" if (event.ctrl_key() || event.meta_key()) && !event.default_prevented() => {
                event.prevent_default();
                return panels.palette.set(true);
            }
            "?" if is_shortcut(event) => return panels.shortcuts.set(true),
            _ => return,
        };
        event.prevent_default();
        let current = panels.current_room.get_untracked();
        let order = [panels.favourites, panels.rooms, panels.direct_rooms];
        let order = order.map(|rooms| rooms.get_untracked()).concat();
        if let Some(next) = neighbour(&order, current, step) {
            navigate(&room_path(next), NavigateOptions::default());
        }
    });
}

/// After I left a room or was removed from it, shows the reason, and goes to the list of rooms if
/// the room is the current one.
fn leave_lost_rooms(live: LiveClient, current_room: Memo<Option<RoomId>>) {
    let (navigate, ui) = (use_navigate(), expect_context::<Ui>());
    Effect::new(move |_| {
        let Some(gone) = live.departure.get() else { return };
        let name = isolate(&gone.name);
        ui.notice(match gone.reason {
            RemovedReason::Left => format!("You left “{name}”."),
            RemovedReason::Removed if name.is_empty() => {
                "You were removed from a private room.".to_owned()
            }
            RemovedReason::Removed => format!("You were removed from “{name}”."),
            RemovedReason::RoomDeleted => format!("“{name}” was deleted."),
        });
        // The page of the room shows what I had not sent.
        let is_stranded = live.stranded.with_untracked(|rooms| rooms.contains(&gone.room));
        if current_room.get_untracked() == Some(gone.room) && !is_stranded {
            navigate("/rooms", NavigateOptions { replace: true, ..Default::default() });
        }
        live.departure.set(None);
    });
}
