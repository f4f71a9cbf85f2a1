//! The header of a room: name, topic, search, and the room's menu.

use leptos::prelude::*;
use shared::{ids::RoomId, paths, rooms::MyRoom};

use super::{
    Panels,
    delete_dialog::{DeleteDialog, LeaveDialog},
    insights::InsightsDialog,
    room_dialog::EditDialog,
};
use crate::{
    auth::Auth,
    live::{LiveClient, RoomState},
    search::{ExportDialog, RoomSearch},
    ui::{Icon, Menu, Shape, href, time},
};

const ADMINS_ONLY: &str = "Only admins can do this";

#[component]
pub fn RoomHeader(id: RoomId, room: Memo<Option<MyRoom>>, state: RoomState) -> impl IntoView {
    let panels = expect_context::<Panels>();
    let name = move || room.get().map(|room| room.name).unwrap_or_default();
    let topic = move || room.get().map(|room| room.topic).unwrap_or_default();
    let count = Memo::new(move |_| state.timeline.with(|t| t.members().count()));
    let people = move || match count.get() {
        1 => "1 person in this room".to_owned(),
        count => format!("{} people in this room", time::number(count as i64)),
    };
    view! {
        <header class="room-head">
            <a href=href("/rooms") class="icon-button room-back" aria-label="Back to the rooms">
                <Icon shape=Shape::Back/>
            </a>
            <div class="room-head-text">
                <h1 title=name><Icon shape=Shape::Hash/><span dir="auto">{name}</span></h1>
                <p class="room-topic" dir="auto" title=topic>{topic}</p>
            </div>
            <RoomSearch id/>
            <button
                type="button"
                class="button button-quiet people-button"
                aria-label=people
                title=people
                aria-expanded=move || panels.members.get().to_string()
                data-testid="people"
                on:click=move |_| panels.members.update(|open| *open = !*open)
            >
                <Icon shape=Shape::People/>
                <span>{count}</span>
            </button>
            <RoomMenu id room/>
        </header>
    }
}

#[component]
fn RoomMenu(id: RoomId, room: Memo<Option<MyRoom>>) -> impl IntoView {
    let (auth, live) = (expect_context::<Auth>(), expect_context::<LiveClient>());
    let [edit, export, insights, delete, leave] = [(); 5].map(|()| RwSignal::new(false));
    view! {
        <Menu label="Room menu" testid="room-menu" face=|| view! { <Icon shape=Shape::More/> }>
            <button
                type="button"
                role="menuitem"
                title="Mark everything in this room as read (Esc)"
                on:click=move |_| live.mark_all_read(Some(id))
            >
                "Mark as read"
            </button>
            <AdminItem label="Edit name and topic" auth open=edit/>
            <button type="button" role="menuitem" on:click=move |_| export.set(true)>
                "Export messages"
            </button>
            <button type="button" role="menuitem" on:click=move |_| insights.set(true)>
                "Insights"
            </button>
            <button type="button" role="menuitem" on:click=move |_| leave.set(true)>
                "Leave room"
            </button>
            <AdminItem label="Delete room" danger=true auth open=delete/>
        </Menu>
        <EditDialog open=edit room/>
        <ExportDialog open=export path=paths::fill(paths::EXPORT, &[&id])/>
        <InsightsDialog open=insights id/>
        <DeleteDialog open=delete id room/>
        <LeaveDialog open=leave id/>
    }
}

/// A menu item for admins that shows members why it is not available. It is `aria-disabled` instead
/// of `disabled`, because a disabled button cannot be focused, and keyboard users would not get the
/// reason.
#[component]
fn AdminItem(
    label: &'static str,
    #[prop(optional)] danger: bool,
    auth: Auth,
    open: RwSignal<bool>,
) -> impl IntoView {
    let reason = move || (!auth.is_admin()).then_some(ADMINS_ONLY);
    view! {
        <button
            type="button"
            role="menuitem"
            class:danger=danger
            aria-disabled=move || (!auth.is_admin()).to_string()
            title=reason
            on:click=move |_| if auth.is_admin() { open.set(true) }
        >
            {label}
            <small>{reason}</small>
        </button>
    }
}
