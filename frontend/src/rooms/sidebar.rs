//! My rooms, what is unread in them, and the ways to more.

use leptos::prelude::*;
use shared::{ids::RoomId, paths, rooms::MyRoom};

use super::{Panels, address, all_read::AllReadButton};
use crate::{
    live::LiveClient,
    ui::{Icon, Mark, Shape, each, href, memo, shown},
    users::{AccountMenu, session::Session},
};

/// The left part; on a narrow screen a page of its own.
#[component]
pub fn Sidebar() -> impl IntoView {
    let panels = expect_context::<Panels>();
    view! {
        <aside class="sidebar" aria-label="Rooms and account">
            <header class="sidebar-head">
                <a href=href("/rooms") class="brand">
                    <Mark/>
                    <span>"Hallway"</span>
                </a>
            </header>
            <div class="sidebar-actions">
                <button
                    type="button"
                    class="button button-full button-quiet"
                    data-testid="jump"
                    on:click:target=move |_| panels.palette.set(true)
                >
                    <Icon shape=Shape::Door/>
                    <span>"Jump to…"</span>
                    <kbd aria-hidden="true">"Ctrl K"</kbd>
                </button>
                <button
                    type="button"
                    class="button button-full button-quiet"
                    data-testid="browse-rooms"
                    on:click:target=move |_| panels.browse.set(true)
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
                <div class="room-nav-head">
                    <h2>"My rooms"</h2>
                    <AllReadButton/>
                    <NewRoomButton/>
                </div>
                <RoomLinks/>
            </nav>
            <AccountMenu/>
        </aside>
    }
}

/// For everybody to see; only admins can use it, and the others are told why not.
#[component]
fn NewRoomButton() -> impl IntoView {
    let (session, panels) = (expect_context::<Session>(), expect_context::<Panels>());
    let label = move || match session.is_admin() {
        true => "New room",
        false => "New room (only admins can create rooms)",
    };
    view! {
        <button
            type="button"
            class="icon-button"
            data-testid="new-room"
            aria-label=move || label()
            title=move || label()
            // Not `disabled`: then nobody could reach it to learn why.
            aria-disabled=move || (!session.is_admin()).to_string()
            on:click:target=move |_| if session.is_admin() { panels.create.set(true) }
        >
            <Icon shape=Shape::Plus/>
        </button>
    }
}

#[component]
fn RoomLinks() -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let ids = memo(move || {
        live.rooms.with(|rooms| rooms.by_name().iter().map(|room| room.id).collect::<Vec<_>>())
    });
    let is_empty = move || ids.with(Vec::is_empty);
    let known = memo(move || live.rooms.with(|rooms| rooms.is_loaded));
    view! {
        <ul class="room-links">
            {each(move || ids.get(), |id| *id, |id| view! { <RoomLink id/> }.into_any())}
        </ul>
        {shown(move || !known.get(), move || view! {
            <div class="skeletons" aria-hidden="true"><span></span><span></span><span></span></div>
        }.into_any())}
        {shown(move || known.get() && is_empty(), move || view! {
            <NoRooms/>
        }.into_any())}
    }
}

#[component]
fn NoRooms() -> impl IntoView {
    let (session, panels) = (expect_context::<Session>(), expect_context::<Panels>());
    let begin = move |_| match session.is_admin() {
        true => panels.create.set(true),
        false => panels.browse.set(true),
    };
    let label = move || if session.is_admin() { "Create a room" } else { "Find a room" };
    view! {
        <div class="no-rooms">
            <p>"You are in no room yet."</p>
            <button type="button" class="button button-primary" on:click=begin>{move || label()}</button>
        </div>
    }
}

#[component]
fn RoomLink(id: RoomId) -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let here = expect_context::<Panels>().here;
    let room = memo(move || live.rooms.with(|rooms| rooms.get(id).cloned()));
    let of = move |read: fn(&MyRoom) -> i64| room.with(|room| room.as_ref().map_or(0, read));
    let name = move || room.with(|room| room.as_ref().map(|r| r.name.clone()).unwrap_or_default());
    let unread = move || of(|room| room.read.unread);
    let mentions = move || of(|room| room.read.mentions);
    let badge = move || {
        let (unread, mentions) = (unread(), mentions());
        let count = if unread > 99 { "99+".to_owned() } else { unread.to_string() };
        match (unread, mentions) {
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
    };
    view! {
        <li>
            <a
                href=format!("{}{}", paths::UI, address(id))
                class="room-link"
                data-room=id.to_string()
                aria-current=move || (here.get() == Some(id)).then_some("page")
            >
                <Icon shape=Shape::Hash/>
                <span class="room-link-name" class:room-link-unread=move || unread().gt(&0)>
                    {move || name()}
                </span>
                {move || badge()}
            </a>
        </li>
    }
}
