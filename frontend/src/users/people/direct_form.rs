//! The choice of people for a direct room.

use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    ids::{RoomId, UserId},
    rules::{DIRECT_MAX_PEOPLE, name_key},
    unicode::isolate,
    users::UserRef,
};

use crate::{
    api,
    auth::Auth,
    links::room_path,
    live::LiveClient,
    state::rooms::people::username_label,
    ui::{Avatar, Icon, Shape, pressed_key},
};

/// Opens the direct room with these people, as [`LiveClient::open_direct`] does, and closes the dialog.
pub async fn open_direct(
    live: LiveClient,
    users: Vec<UserId>,
    from: Option<RoomId>,
    open: RwSignal<bool>,
    navigate: impl Fn(&str, NavigateOptions),
) -> api::Result<()> {
    let room = live.open_direct(users, from).await?;
    open.try_set(false);
    navigate(&room_path(room), NavigateOptions::default());
    Ok(())
}

/// Opens the room at once if each of the `names` is that of somebody.
#[component]
pub fn DirectForm(
    open: RwSignal<bool>,
    #[prop(optional)] names: Vec<String>,
    /// The direct room to which people are added.
    #[prop(optional)]
    from: Option<RoomId>,
) -> impl IntoView {
    let (live, navigate) = (expect_context::<LiveClient>(), use_navigate());
    let present = people_of(live, from);
    let chosen = RwSignal::new(Vec::<UserRef>::new());
    let error = RwSignal::new(None::<String>);
    let users = {
        let present = present.clone();
        move || {
            present.iter().chain(&chosen.get_untracked()).map(|user| user.id).collect::<Vec<_>>()
        }
    };
    let start = Action::new_local(move |from: &Option<RoomId>| {
        let opening = open_direct(live, users(), *from, open, navigate.clone());
        async move {
            if let Err(cause) = opening.await {
                error.try_set(Some(cause.message()));
            }
        }
    });
    if !names.is_empty() {
        spawn_local(async move {
            let missing = choose_by_name(&names, chosen).await;
            match missing {
                Ok(None) => drop(start.dispatch_local(None)),
                Ok(Some(name)) => drop(error.try_set(Some(format!(
                    "You share no room with anybody called “{}”.",
                    isolate(&name)
                )))),
                Err(cause) => drop(error.try_set(Some(cause.message()))),
            }
        });
    }
    let is_empty = Signal::derive(move || chosen.with(Vec::is_empty));
    let actions = match from {
        None => view! {
            <button type="submit" class="button button-primary" disabled=start.pending()>
                {move || if is_empty.get() { "Notes to myself" } else { "Start" }}
            </button>
        }
        .into_any(),
        Some(_) => view! {
            <AddActions start=Callback::new(move |from| { start.dispatch_local(from); }) from is_empty/>
        }
        .into_any(),
    };
    view! {
        <form
            class="form"
            on:submit=move |event| {
                event.prevent_default();
                if from.is_none() {
                    start.dispatch_local(None);
                }
            }
        >
            <Chosen chosen/>
            <Finder chosen present error/>
            <p class="field-error" role="alert">{error}</p>
            <div class="dialog-actions">{actions}</div>
        </form>
    }
}

/// The two ways to add people: into a new room, or into this one.
#[component]
fn AddActions(
    start: Callback<Option<RoomId>>,
    from: Option<RoomId>,
    is_empty: Signal<bool>,
) -> impl IntoView {
    view! {
        <p class="dialog-text">
            "Start a new conversation with everybody, or add them to this one: then they can read "
            "everything in it."
        </p>
        <button
            type="button"
            class="button"
            disabled=is_empty
            on:click=move |_| start.run(None)
        >
            "New conversation"
        </button>
        <button
            type="button"
            class="button button-primary"
            disabled=is_empty
            on:click=move |_| start.run(from)
        >
            "Add to this one"
        </button>
    }
}

/// The people of a direct room of mine.
fn people_of(live: LiveClient, room: Option<RoomId>) -> Vec<UserRef> {
    let people = |id| live.rooms.with_untracked(|rooms| rooms.get(id).map(|r| r.people.clone()));
    room.and_then(people).unwrap_or_default()
}

/// Chooses the people with these names; returns the first name that nobody has.
async fn choose_by_name(
    names: &[String],
    chosen: RwSignal<Vec<UserRef>>,
) -> api::Result<Option<String>> {
    let mut missing = None;
    for name in names {
        let people = api::find_people(name).await?.people;
        let found = people.into_iter().find(|user| name_key(&user.username) == name_key(name));
        match found {
            Some(user) => drop(chosen.try_update(|chosen| chosen.push(user))),
            None => missing = missing.or(Some(name.clone())),
        }
    }
    Ok(missing)
}

/// The chosen people; a click on one removes them.
#[component]
fn Chosen(chosen: RwSignal<Vec<UserRef>>) -> impl IntoView {
    let chip = move |user: UserRef| {
        let (id, name) = (user.id, user.name().to_owned());
        let label = format!("Remove {}", isolate(&name));
        view! {
            <button
                type="button"
                class="chip"
                aria-label=label
                on:click=move |_| chosen.update(|chosen| chosen.retain(|user| user.id != id))
            >
                <bdi>{name}</bdi><Icon shape=Shape::Close/>
            </button>
        }
    };
    view! { <div class="chips">{move || chosen.get().into_iter().map(chip).collect_view()}</div> }
}

/// Finds people by a part of their name.
#[component]
fn Finder(
    chosen: RwSignal<Vec<UserRef>>,
    present: Vec<UserRef>,
    error: RwSignal<Option<String>>,
) -> impl IntoView {
    let me = expect_context::<Auth>().me_untracked().map(|me| me.id);
    let q = RwSignal::new(String::new());
    let found = LocalResource::new(move || {
        let q = q.get();
        async move { api::find_people(&q).await }
    });
    let free = DIRECT_MAX_PEOPLE - present.len().max(1);
    let present = StoredValue::new(present);
    let people = move || {
        let people = found.get().and_then(Result::ok).map(|found| found.people);
        let is_candidate = |user: &UserRef| {
            Some(user.id) != me
                && present.with_value(|present| present.iter().all(|it| it.id != user.id))
                && chosen.with(|chosen| chosen.iter().all(|it| it.id != user.id))
        };
        people.unwrap_or_default().into_iter().filter(is_candidate).collect::<Vec<_>>()
    };
    let choose = move |user: UserRef| match chosen.with_untracked(Vec::len) < free {
        true => {
            error.set(None);
            chosen.update(|chosen| chosen.push(user));
            q.set(String::new());
        }
        false => error.set(Some(format!("At most {DIRECT_MAX_PEOPLE} people, with you."))),
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if pressed_key(&event) == "Enter" && q.with_untracked(|q| !q.trim().is_empty()) {
            event.prevent_default();
            if let Some(first) = untrack(people).into_iter().next() {
                choose(first);
            }
        }
    };
    let row = move |user: UserRef| {
        let name = user.name().to_owned();
        let label = username_label(&user).map(|label| view! { <bdi class="quiet">{label}</bdi> });
        view! {
            <li>
                <button type="button" class="person" on:click=move |_| choose(user.clone())>
                    <Avatar name=name.clone() small=true/><bdi>{name}</bdi>{label}
                </button>
            </li>
        }
    };
    view! {
        <input
            class="finder-input"
            dir="auto"
            type="text"
            aria-label="Find people"
            placeholder="Find people"
            autocomplete="off"
            autofocus=true
            data-testid="find-people"
            prop:value=q
            on:keydown=on_key
            on:input:target=move |event| q.set(event.target().value())
        />
        <ul class="people-found">{move || people().into_iter().map(row).collect_view()}</ul>
    }
}
