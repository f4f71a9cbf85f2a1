//! The header of a room: name, topic, search, and the room's menu.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    access::{Action, RoomKind},
    ids::RoomId,
    paths,
    rooms::MyRoom,
};

use super::{
    Panels,
    dialogs::{DeleteDialog, EditDialog, LeaveDialog},
    insights::InsightsDialog,
    moderation::{ReportsDialog, follow_reports},
    preferences::PreferenceItems,
    sidebar::RoomFace,
};
use crate::{
    admin::AdminDialogs,
    api,
    auth::Auth,
    live::{LiveClient, RoomState},
    search::{ExportDialog, RoomSearch},
    ui::{Icon, Lazy, Menu, Shape, Ui, href, part, time},
    users::{PeopleDialog, PeopleRequest},
};

#[component]
pub fn RoomHeader(id: RoomId, room: Memo<Option<MyRoom>>, state: RoomState) -> impl IntoView {
    let panels = expect_context::<Panels>();
    let name = move || room.get().map(|room| room.name).unwrap_or_default();
    let topic = move || room.get().map(|room| room.topic).unwrap_or_default();
    let kind = Memo::new(move |_| room.get().map(|room| room.kind).unwrap_or_default());
    let count = Memo::new(move |_| {
        let loaded = state.timeline.with(|t| t.members().count()) as i64;
        state.member_count.get().unwrap_or(loaded)
    });
    let people = move || match count.get() {
        1 => "1 person in this room".to_owned(),
        count => format!("{} people in this room", time::number(count)),
    };
    view! {
        <header class="room-head">
            <a href=href("/rooms") class="icon-button room-back" aria-label="Back to the rooms">
                <Icon shape=Shape::Back/>
            </a>
            <div class="room-head-text">
                <h1 title=name>
                    <RoomFace id/>
                    <span dir="auto">{name}</span>
                    {move || (kind.get() == RoomKind::Private).then(|| view! {
                        <span class="sr-only">" (private)"</span>
                    })}
                </h1>
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
                <span>{move || time::number(count.get())}</span>
            </button>
            <Lazy load=room_menu props=(id, room)/>
        </header>
    }
}

part!(more: fn room_menu((id, room): (RoomId, Memo<Option<MyRoom>>)) {
    view! { <RoomMenu id room/> }
});

#[component]
fn RoomMenu(id: RoomId, room: Memo<Option<MyRoom>>) -> impl IntoView {
    let (auth, live) = (expect_context::<Auth>(), expect_context::<LiveClient>());
    let is_direct = move || room.with(|r| r.as_ref().is_some_and(|r| r.kind == RoomKind::Direct));
    let [edit, reports, export, insights, delete, leave] = [(); 6].map(|()| RwSignal::new(false));
    follow_reports(id);
    let dialogs = expect_context::<AdminDialogs>();
    let may_invite = move || live.rooms.with(|rooms| rooms.allows(id, auth.rank(), Action::Invite));
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
            <PreferenceItems id/>
            <Show when=may_invite>
                <button type="button" role="menuitem" on:click=move |_| dialogs.open_invite(Some(id))>
                    "Invite people"
                </button>
            </Show>
            <Show
                when=move || !is_direct()
                fallback=move || view! { <DirectItems id/> }
            >
                <HostItem
                    id
                    label="Edit room"
                    actions=[Action::Manage, Action::ChangeTopic]
                    open=edit
                />
                <ReportsItem id open=reports/>
            </Show>
            <button type="button" role="menuitem" on:click=move |_| export.set(true)>
                "Export messages"
            </button>
            <button type="button" role="menuitem" on:click=move |_| insights.set(true)>
                "Insights"
            </button>
            <Show when=move || !is_direct()>
                <button type="button" role="menuitem" on:click=move |_| leave.set(true)>
                    "Leave room"
                </button>
                <HostItem
                    id
                    label="Delete room"
                    danger=true
                    actions=[Action::Manage; 2]
                    open=delete
                />
            </Show>
        </Menu>
        <EditDialog open=edit id/>
        <ReportsDialog open=reports id/>
        <ExportDialog open=export path=paths::fill(paths::EXPORT, &[&id])/>
        <InsightsDialog open=insights id/>
        <DeleteDialog open=delete id room/>
        <LeaveDialog open=leave id room/>
    }
}

/// Opens the reports, with the number of open ones, for those who manage the room.
#[component]
fn ReportsItem(id: RoomId, open: RwSignal<bool>) -> impl IntoView {
    let (auth, live) = (expect_context::<Auth>(), expect_context::<LiveClient>());
    let manages = move || live.rooms.with(|rooms| rooms.allows(id, auth.rank(), Action::Manage));
    let label = move || match live.reports.with(|reports| reports.get(&id).copied()) {
        None | Some(0) => "Reports".to_owned(),
        Some(count) => format!("Reports ({})", time::number(count)),
    };
    view! {
        <Show when=manages>
            <button type="button" role="menuitem" on:click=move |_| open.set(true)>
                {label}
            </button>
        </Show>
    }
}

/// The menu items that only direct rooms have.
#[component]
fn DirectItems(id: RoomId) -> impl IntoView {
    let (live, ui) = (expect_context::<LiveClient>(), expect_context::<Ui>());
    let (people, navigate) = (expect_context::<PeopleDialog>(), use_navigate());
    let hide = move |_| {
        // A hidden room must not count as unread.
        live.mark_all_read(Some(id));
        let navigate = navigate.clone();
        // Not an action, which would end with the menu.
        spawn_local(async move {
            match api::hide_room(id).await {
                Ok(()) => navigate("/rooms", NavigateOptions::default()),
                Err(error) => ui.error(error.message()),
            }
        });
    };
    view! {
        <button
            type="button"
            role="menuitem"
            on:click=move |_| people.open(PeopleRequest::AddTo(id))
        >
            "Add people"
        </button>
        <button type="button" role="menuitem" on:click=hide>
            "Hide until a new message"
        </button>
    }
}

/// A menu item for those who may do any of these actions; it shows others why it is not available. It
/// is `aria-disabled` instead of `disabled`, because a disabled button cannot be focused, and keyboard
/// users would not get the reason.
#[component]
fn HostItem(
    id: RoomId,
    label: &'static str,
    #[prop(optional)] danger: bool,
    actions: [Action; 2],
    open: RwSignal<bool>,
) -> impl IntoView {
    let (auth, live) = (expect_context::<Auth>(), expect_context::<LiveClient>());
    let reason = Memo::new(move |_| {
        live.rooms.with(|rooms| {
            let may = actions.iter().any(|action| rooms.allows(id, auth.rank(), *action));
            (!may).then(|| rooms.hosts_only(id))
        })
    });
    view! {
        <button
            type="button"
            role="menuitem"
            class:danger=danger
            aria-disabled=move || reason.get().is_some().to_string()
            title=reason
            on:click=move |_| if reason.get_untracked().is_none() { open.set(true) }
        >
            {label}
            <small>{reason}</small>
        </button>
    }
}
