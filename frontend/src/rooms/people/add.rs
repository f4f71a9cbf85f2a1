//! The dialog that adds people to a room, several at once.

use leptos::{ev::SubmitEvent, prelude::*};
use shared::{
    access::History,
    ids::{RoomId, UserId},
    unicode::isolate,
    users::UserRef,
};

use crate::{
    api,
    live::RoomState,
    state::rooms::people::{Candidate, Candidates, username_label},
    ui::{Avatar, Dialog, Icon, Shape, Ui, debounce, time},
};

#[component]
pub fn AddDialog(open: RwSignal<bool>, room: RoomId, state: RoomState) -> impl IntoView {
    let state = StoredValue::new(state);
    view! {
        <Dialog open title="Add people">
            <AddForm open room state=state.get_value()/>
        </Dialog>
    }
}

/// "1 person", "2 people"
fn people(count: usize) -> String {
    match count {
        1 => "1 person".into(),
        count => format!("{} people", time::number(count as i64)),
    }
}

#[component]
fn AddForm(open: RwSignal<bool>, room: RoomId, state: RoomState) -> impl IntoView {
    let q = RwSignal::new(String::new());
    let debounced = debounce(q);
    let found = LocalResource::new(move || {
        let q = debounced.get();
        async move { api::find_accounts(q.trim()).await }
    });
    let candidates = RwSignal::new(Candidates::default());
    let add = add_action(open, room, candidates);
    let busy = add.pending();
    let count = Memo::new(move |_| candidates.with(|all| all.as_slice().len()));
    let label = move || match count.get() {
        0 => "Add people".to_owned(),
        count => format!("Add {}", people(count)),
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if count.get_untracked() > 0 {
            add.dispatch_local(());
        }
    };
    let results = move || {
        let people = found.get()?.ok()?.people;
        let in_room = |id: UserId| state.timeline.with(|t| t.members().any(|m| m.user.id == id));
        let row = |user: UserRef| {
            let is_inside = in_room(user.id);
            view! { <FoundPerson user is_inside candidates/> }
        };
        Some(people.into_iter().map(row).collect_view())
    };
    let is_empty = move || matches!(found.get(), Some(Ok(list)) if list.people.is_empty());
    let error = move || found.get().and_then(|found| found.err()).map(|error| error.message());
    view! {
        <form class="form" on:submit=submit>
            <HistoryNote room/>
            <input
                class="finder-input"
                type="search"
                dir="auto"
                aria-label="Find people by name"
                placeholder="Find people by name"
                autocomplete="off"
                autofocus=true
                data-testid="find-accounts"
                on:input:target=move |event| q.set(event.target().value())
            />
            <ul class="plain-list add-results" aria-label="People found">{results}</ul>
            <p class="quiet" role="status">{move || is_empty().then_some("Nobody has this name.")}</p>
            <p class="field-error" role="alert">{error}</p>
            <Chosen candidates/>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button
                    type="submit"
                    class="button button-primary"
                    disabled=move || count.get() == 0 || busy.get()
                >
                    {label}
                </button>
            </div>
        </form>
    }
}

/// Adds the candidates one after the other. Those who cannot be added stay in the dialog, with the reason.
fn add_action(
    open: RwSignal<bool>,
    room: RoomId,
    candidates: RwSignal<Candidates>,
) -> Action<(), ()> {
    let ui = expect_context::<Ui>();
    Action::new_local(move |_: &()| async move {
        let id = |candidate: &Candidate| candidate.user.id;
        let ids: Vec<UserId> =
            candidates.with_untracked(|all| all.as_slice().iter().map(id).collect());
        let mut added = 0;
        for user in ids {
            let result = api::add_member(room, user).await;
            added += usize::from(result.is_ok());
            let result = result.map_err(|error| error.message());
            candidates.try_update(|all| all.finish(user, result));
        }
        if added > 0 {
            ui.notice(format!("Added {}.", people(added)));
        }
        if candidates.try_with_untracked(|all| all.as_slice().is_empty()) == Some(true) {
            open.try_set(false);
        }
    })
}

/// Says what new people may read, if it is not everything.
#[component]
fn HistoryNote(room: RoomId) -> impl IntoView {
    let room = LocalResource::new(move || api::get_room(room));
    let is_limited = move || matches!(room.get(), Some(Ok(r)) if r.history == History::Joining);
    view! {
        <Show when=is_limited>
            <p class="quiet">"They will read only what is posted after they are added."</p>
        </Show>
    }
}

/// A person who was found, with a box to choose them.
#[component]
fn FoundPerson(user: UserRef, is_inside: bool, candidates: RwSignal<Candidates>) -> impl IntoView {
    let (id, name) = (user.id, user.name().to_owned());
    let label = username_label(&user).map(|label| view! { <bdi class="quiet">{label}</bdi> });
    let toggle = move |_| candidates.update(|all| all.toggle(user.clone()));
    view! {
        <li>
            <label class="add-result">
                <input
                    type="checkbox"
                    disabled=is_inside
                    prop:checked=move || is_inside || candidates.with(|all| all.contains(id))
                    on:change=toggle
                />
                <Avatar name=name.clone() small=true/>
                <bdi>{name}</bdi>
                {label}
                {is_inside.then(|| view! { <span class="quiet">"Already in this room"</span> })}
            </label>
        </li>
    }
}

/// The people who were chosen, also those whom the search does not show any more.
#[component]
fn Chosen(candidates: RwSignal<Candidates>) -> impl IntoView {
    let row = move |Candidate { user, error }: Candidate| {
        let (id, name) = (user.id, user.name().to_owned());
        let label = format!("Don't add {}", isolate(&name));
        view! {
            <li>
                <button
                    type="button"
                    class="chip"
                    aria-label=label
                    on:click=move |_| candidates.update(|all| all.remove(id))
                >
                    <bdi>{name}</bdi><Icon shape=Shape::Close/>
                </button>
                <p class="field-error" role="alert">{error}</p>
            </li>
        }
    };
    view! {
        <Show when=move || candidates.with(|all| !all.as_slice().is_empty())>
            <ul class="chosen" aria-label="People to add" data-testid="chosen">
                <For
                    each=move || candidates.with(|all| all.as_slice().to_vec())
                    key=|candidate| (candidate.user.id, candidate.error.clone())
                    children=row
                />
            </ul>
        </Show>
    }
}
