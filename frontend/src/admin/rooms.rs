//! The tab with all open and private rooms.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{access::RoomKind, administration::AdminRoom, ids::RoomId, unicode::isolate};

use super::paged_rows::{EndOfRows, FilterField, PagedRows, SearchField};
use crate::{
    api,
    links::room_path,
    ui::{Confirm, Dialog, Ui, href, open_while_some, time},
};

#[component]
pub fn RoomsTab() -> impl IntoView {
    let (q, filter) = (RwSignal::new(String::new()), RwSignal::new(None::<RoomKind>));
    let list = PagedRows::new(q, filter, |request, kind| async move {
        let list = api::list_all_rooms(request, kind).await;
        list.map(|list| (list.rooms, list.next.map(|next| next.0)))
    });
    let (entering, deleting) = (RwSignal::new(None::<AdminRoom>), RwSignal::new(None::<AdminRoom>));
    let deleted = Callback::new(move |id: RoomId| {
        list.rows.update(|rows| rows.retain(|room| room.id != id));
    });
    let options = vec![
        (None, "All rooms"),
        (Some(RoomKind::Open), "Open rooms"),
        (Some(RoomKind::Private), "Private rooms"),
    ];
    view! {
        <div class="admin-filters">
            <SearchField q label="Filter rooms by name"/>
            <FilterField label="Which rooms" options value=filter/>
        </div>
        <table class="admin-table" role="table" data-testid="admin-rooms">
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Name"</th>
                    <th role="columnheader" scope="col">"People"</th>
                    <th role="columnheader" scope="col">"Hosts"</th>
                    <th role="columnheader" scope="col">"Messages"</th>
                    <th role="columnheader" scope="col">"Last message"</th>
                    <th role="columnheader" scope="col">"Created"</th>
                    <th role="columnheader" scope="col"><span class="sr-only">"Actions"</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                <For
                    each=move || list.rows.get()
                    key=|room| room.id
                    children=move |room| view! { <RoomRow room entering deleting/> }
                />
            </tbody>
        </table>
        <EndOfRows list more="Show more rooms"/>
        <EnterDialog entering/>
        <DeleteDialog deleting deleted/>
    }
}

#[component]
fn RoomRow(
    room: AdminRoom,
    entering: RwSignal<Option<AdminRoom>>,
    deleting: RwSignal<Option<AdminRoom>>,
) -> impl IntoView {
    let hosts = room.hosts.iter().map(|host| isolate(host.name()).into_owned());
    let hosts = match hosts.collect::<Vec<_>>() {
        names if names.is_empty() => "None".to_owned(),
        names => names.join(", "),
    };
    let last = room.last_message_at.map_or("Never".to_owned(), time::short);
    let tag = |is_shown: bool, text| is_shown.then(|| view! { <span class="tag">{text}</span> });
    let name = room.name.clone();
    let is_private = room.kind == RoomKind::Private;
    let tags = [tag(is_private, "Private"), tag(room.archived_at.is_some(), "Archived")];
    let (people, messages) = (time::number(room.member_count), time::number(room.message_count));
    let created = time::short(room.created_at);
    view! {
        <tr role="row">
            <td role="cell" class="admin-name"><bdi>{name}</bdi> {tags.into_iter().collect_view()}</td>
            <td role="cell" data-label="People">{people}</td>
            <td role="cell" data-label="Hosts">{hosts}</td>
            <td role="cell" data-label="Messages">{messages}</td>
            <td role="cell" data-label="Last message">{last}</td>
            <td role="cell" data-label="Created">{created}</td>
            <td role="cell" class="admin-menu"><RoomActions room entering deleting/></td>
        </tr>
    }
}

/// A link to a room that one finds anyway; otherwise the button that enters it, or deletes it if nobody is
/// in it.
#[component]
fn RoomActions(
    room: AdminRoom,
    entering: RwSignal<Option<AdminRoom>>,
    deleting: RwSignal<Option<AdminRoom>>,
) -> impl IntoView {
    let label = |verb| format!("{verb} {}", isolate(&room.name));
    if room.joined || room.kind == RoomKind::Open {
        let address = href(&room_path(room.id));
        let label = label("Open");
        return view! {
            <a href=address class="button button-small" aria-label=label>"Open"</a>
        }
        .into_any();
    }
    let (enter_label, delete_label) = (label("Enter"), label("Delete"));
    let is_abandoned = room.member_count == 0;
    let room = StoredValue::new(room);
    let delete = is_abandoned.then(|| {
        view! {
            <button
                type="button"
                class="button button-small"
                aria-label=delete_label
                on:click=move |_| deleting.set(Some(room.get_value()))
            >
                "Delete"
            </button>
        }
    });
    view! {
        <button
            type="button"
            class="button button-small"
            aria-label=enter_label
            on:click=move |_| entering.set(Some(room.get_value()))
        >
            "Enter"
        </button>
        {delete}
    }
    .into_any()
}

#[component]
fn EnterDialog(entering: RwSignal<Option<AdminRoom>>) -> impl IntoView {
    let (ui, navigate) = (expect_context::<Ui>(), use_navigate());
    let open = open_while_some(entering);
    let enter = Action::new_local(move |id: &RoomId| {
        let (id, navigate) = (*id, navigate.clone());
        async move {
            match api::enter_room(id).await {
                Ok(()) => {
                    open.try_set(false);
                    navigate(&room_path(id), NavigateOptions::default());
                }
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let text = move || {
        let name = entering.get_untracked().map(|room| room.name).unwrap_or_default();
        format!(
            "You'll become a member of “{}”. Its people see that you joined, and the audit log keeps \
             it.",
            isolate(&name)
        )
    };
    let on_yes = move |()| {
        if let Some(room) = entering.get_untracked() {
            enter.dispatch_local(room.id);
        }
    };
    view! {
        <Dialog open title="Enter this private room?">
            <Confirm text=text() yes="Enter" open busy=enter.pending() on_yes/>
        </Dialog>
    }
}

#[component]
fn DeleteDialog(
    deleting: RwSignal<Option<AdminRoom>>,
    /// Runs with the room after its deletion.
    deleted: Callback<RoomId>,
) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let open = open_while_some(deleting);
    let delete = Action::new_local(move |id: &RoomId| {
        let id = *id;
        async move {
            match api::delete_abandoned_room(id).await {
                Ok(()) => {
                    // The page may be closed by now.
                    let _ = deleted.try_run(id);
                    open.try_set(false);
                }
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let text = move || {
        let name = deleting.get_untracked().map(|room| room.name).unwrap_or_default();
        let name = isolate(&name);
        format!("Nobody is in “{name}”. This deletes it and all its messages. You can't undo it.")
    };
    let on_yes = move |()| {
        if let Some(room) = deleting.get_untracked() {
            delete.dispatch_local(room.id);
        }
    };
    view! {
        <Dialog open title="Delete this room?">
            <Confirm text=text() yes="Delete room" open busy=delete.pending() on_yes/>
        </Dialog>
    }
}
