//! The line above a room: its name, its topic, and what can be done with it.

use leptos::prelude::*;
use shared::{ids::RoomId, paths, rooms::MyRoom};

use super::{
    Panels,
    delete_dialog::{DeleteDialog, LeaveDialog},
    insights::InsightsDialog,
    room_dialog::EditDialog,
};
use crate::{
    live::{LiveClient, RoomState},
    search::{ExportDialog, RoomSearch},
    ui::{Icon, Menu, Shape, href, memo},
    users::session::Session,
};

const WHY_NOT: &str = "Only admins can do this";

/// The header of one room.
#[component]
pub fn RoomHeader(id: RoomId, room: Memo<Option<MyRoom>>, state: RoomState) -> impl IntoView {
    let (session, panels) = (expect_context::<Session>(), expect_context::<Panels>());
    let live = expect_context::<LiveClient>();
    let [edit, export, insights, delete, leave] = [(); 5].map(|()| RwSignal::new(false));
    let name = move || room.get().map(|room| room.name).unwrap_or_default();
    let topic = move || room.get().map(|room| room.topic).unwrap_or_default();
    let count = memo(move || state.timeline.with(|t| t.members().count()));
    let people = move || format!("People in this room: {}", count.get());
    let admin_only = move || (!session.is_admin()).to_string();
    let why = move || (!session.is_admin()).then_some(WHY_NOT);
    view! {
        <header class="room-head">
            <a href=href("/rooms") class="icon-button room-back" aria-label="Back to the rooms">
                <Icon shape=Shape::Back/>
            </a>
            <div class="room-head-text">
                <h1 title=move || name()><Icon shape=Shape::Hash/><span>{move || name()}</span></h1>
                <p class="room-topic" title=move || topic()>{move || topic()}</p>
            </div>
            <RoomSearch id/>
            <button
                type="button"
                class="button button-quiet people-button"
                aria-label=move || people()
                title=move || people()
                aria-expanded=move || panels.members.get().to_string()
                data-testid="people"
                on:click:target=move |_| panels.members.update(|open| *open = !*open)
            >
                <Icon shape=Shape::People/>
                <span>{move || count.get().to_string()}</span>
            </button>
            <Menu label="Room menu" testid="room-menu" face=|| view! { <Icon shape=Shape::More/> }>
                <button
                    type="button"
                    role="menuitem"
                    title="Mark everything in this room as read (Esc)"
                    on:click:target=move |_| live.mark_all_read(Some(id))
                >
                    "Mark as read"
                </button>
                <button
                    type="button"
                    role="menuitem"
                    aria-disabled=move || admin_only()
                    title=move || why()
                    on:click:target=move |_| if session.is_admin() { edit.set(true) }
                >
                    "Edit name and topic"
                    <small>{move || why().unwrap_or_default()}</small>
                </button>
                <button
                    type="button"
                    role="menuitem"
                    on:click:target=move |_| export.set(true)
                >
                    "Export messages"
                </button>
                <button
                    type="button"
                    role="menuitem"
                    on:click:target=move |_| insights.set(true)
                >
                    "Insights"
                </button>
                <button
                    type="button"
                    role="menuitem"
                    on:click:target=move |_| leave.set(true)
                >
                    "Leave room"
                </button>
                <button
                    type="button"
                    role="menuitem"
                    class="danger"
                    aria-disabled=move || admin_only()
                    title=move || why()
                    on:click:target=move |_| if session.is_admin() { delete.set(true) }
                >
                    "Delete room"
                    <small>{move || why().unwrap_or_default()}</small>
                </button>
            </Menu>
        </header>
        <EditDialog open=edit room/>
        <ExportDialog open=export path=paths::fill(paths::EXPORT, &[&id])/>
        <InsightsDialog open=insights id/>
        <DeleteDialog open=delete id room/>
        <LeaveDialog open=leave id/>
    }
}
