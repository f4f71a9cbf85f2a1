//! The frame of every page behind the door: sidebar, main part, shortcuts, title. Sends whoever is
//! not signed in to the login page and remembers where they wanted to go.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    components::Outlet,
    hooks::{use_location, use_navigate},
};
use shared::{ids::RoomId, live::RemovedReason, paths};

use super::{Panels, address, browse::BrowseDialog, room_dialog::CreateDialog, sidebar::Sidebar};
use crate::{
    live::{ConnectionBanner, LiveClient},
    search::Palette,
    state::title::document_title,
    ui::{Mark, Ui, effect, memo, on_key},
    users::{
        is_page,
        session::{Session, Who},
        with,
    },
};

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Asking,
    Unreachable,
    Out,
    In,
}

/// What is behind the door, as far as one may see it.
#[component]
pub fn Shell() -> impl IntoView {
    let session = expect_context::<Session>();
    let (navigate, location) = (use_navigate(), use_location());
    let stage = memo(move || {
        session.who.with(|who| match who {
            Who::Unknown => Stage::Asking,
            Who::Unreachable => Stage::Unreachable,
            Who::Nobody => Stage::Out,
            Who::Somebody(_) => Stage::In,
        })
    });
    effect(move || {
        if stage.get() == Stage::Out {
            let here = location.pathname.get_untracked();
            let search = location.search.get_untracked();
            let here = here.strip_prefix(paths::UI).unwrap_or_default().to_owned();
            let here = match search.trim_start_matches('?') {
                "" => here,
                search => format!("{here}?{search}"),
            };
            let to = match is_page(&here) && here != "/rooms" {
                true => with("/login", &here),
                false => "/login".into(),
            };
            navigate(&to, NavigateOptions { replace: true, ..Default::default() });
        }
    });
    let body = move || match stage.get() {
        Stage::In => view! { <Inside/> }.into_any(),
        Stage::Unreachable => view! { <Unreachable/> }.into_any(),
        Stage::Asking | Stage::Out => {
            view! { <main class="lost" id="main" aria-busy="true"><Mark/></main> }.into_any()
        }
    };
    view! { {move || body()} }
}

#[component]
fn Unreachable() -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <main class="lost" id="main">
            <Mark/>
            <h1>"Nobody answers"</h1>
            <p>"Hallway cannot be reached. Check your connection; the server may be restarting."</p>
            <button
                type="button"
                class="button button-primary"
                on:click:target=move |_| session.who.set(Who::Unknown)
            >
                "Try again"
            </button>
        </main>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let here = current_room();
    let panels = Panels::new(here);
    provide_context(panels);
    shortcuts(live, panels, here);
    follow_departures(live, here);
    effect(move || {
        let text = live.rooms.with(|rooms| {
            let place = here.get().and_then(|id| rooms.get(id)).map(|room| room.name.as_str());
            document_title(
                rooms.total_unread(),
                place.or(Some("Rooms")).filter(|_| rooms.is_loaded),
            )
        });
        document().set_title(&text);
    });
    let path = use_location().pathname;
    let is_inner =
        move || here.with(Option::is_some) || path.with(|path| path.ends_with("/search"));
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
        <Palette open=panels.palette/>
    }
}

/// The room that the address names.
fn current_room() -> Memo<Option<RoomId>> {
    let location = use_location();
    memo(move || {
        location.pathname.with(|path| {
            let (_, rest) = path.split_once("/room/")?;
            rest.split('/').next()?.parse().ok()
        })
    })
}

/// Alt+arrows walk through the rooms; Ctrl or ⌘ with K leads anywhere.
fn shortcuts(live: LiveClient, panels: Panels, here: Memo<Option<RoomId>>) {
    let navigate = use_navigate();
    on_key(move |event| {
        let step = match event.key().as_str() {
            "ArrowUp" if event.alt_key() => -1,
            "ArrowDown" if event.alt_key() => 1,
            "Escape"
                if !event.default_prevented() && is_narrow() && panels.members.get_untracked() =>
            {
                event.prevent_default();
                return panels.members.set(false);
            }
            "k" | "K" if event.ctrl_key() || event.meta_key() => {
                event.prevent_default();
                return panels.palette.set(true);
            }
            _ => return,
        };
        event.prevent_default();
        let next = live.rooms.with_untracked(|rooms| rooms.neighbour(here.get_untracked(), step));
        if let Some(next) = next {
            navigate(&address(next), NavigateOptions::default());
        }
    });
}

/// Whether the people in the room are a sheet over it.
fn is_narrow() -> bool {
    let wide = window().match_media("(min-width: 70rem)").ok().flatten();
    wide.is_some_and(|wide| !wide.matches())
}

/// A room that I am no longer in is left, with a word why.
fn follow_departures(live: LiveClient, here: Memo<Option<RoomId>>) {
    let (navigate, ui) = (use_navigate(), expect_context::<Ui>());
    effect(move || {
        let Some(gone) = live.departure.get() else { return };
        match gone.reason {
            RemovedReason::Left => ui.notice(format!("You left “{}”.", gone.name)),
            RemovedReason::Removed => {
                ui.notice(format!("An admin took you out of “{}”.", gone.name));
            }
            RemovedReason::RoomDeleted => ui.notice(format!("“{}” was deleted.", gone.name)),
        }
        if here.get_untracked() == Some(gone.room) {
            navigate("/rooms", NavigateOptions { replace: true, ..Default::default() });
        }
    });
}
