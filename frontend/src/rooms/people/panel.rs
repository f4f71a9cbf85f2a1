//! The list of members, those who are online first.

use leptos::{ev, prelude::*};
use shared::{
    access::{Action as RoomAction, RoomKind},
    ids::{RoomId, UserId},
    rooms::Member,
    unicode::isolate,
};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{
    super::{Panels, has_members_column},
    add::AddDialog,
    moderation::{BanDialog, MemberDialogs, TimeOutDialog},
    pages::MemberPages,
    row::MemberRow,
};
use crate::{
    api,
    auth::Auth,
    live::{LiveClient, RoomState},
    state::rooms::people::{is_match, sort_people},
    ui::{Confirm, Dialog, Icon, Shape, Ui, compare_names, debounce, open_while_some, part},
};

/// With this many people or fewer, a search field would be of no use.
const NO_SEARCH_MAX: usize = 10;

part!(more: pub fn people_panel((room, state): (RoomId, RoomState)) {
    view! { <PeoplePanel room state/> }
});

#[component]
fn PeoplePanel(room: RoomId, state: RoomState) -> impl IntoView {
    let (live, auth) = (expect_context::<LiveClient>(), expect_context::<Auth>());
    let panels = expect_context::<Panels>();
    close_sheet_on_press_outside(panels.members);
    let pages = load_pages(room, state.clone());
    let q = RwSignal::new(String::new());
    let debounced = debounce(q);
    Effect::new(move |_| pages.find(debounced.get()));
    let may = move |action| live.rooms.with(|rooms| rooms.allows(room, auth.rank(), action));
    let invites = Memo::new(move |_| may(RoomAction::Invite));
    let manages = Memo::new(move |_| may(RoomAction::Manage));
    let adding = RwSignal::new(false);
    let statuses = StoredValue::new(state.statuses.clone());
    let (listed, added) = (state.clone(), state);
    // The timeline changes with each message, its members hardly ever, and the browser's comparison of
    // names is slow.
    let members = Memo::new(move |_| members_with_presence(&listed));
    let dialogs = MemberDialogs::new();
    let people = Memo::new(move |shown: Option<&Vec<_>>| {
        if let Some(shown) = shown.filter(|_| dialogs.has_open_menu.get()) {
            return shown.clone();
        }
        let mut people = members.get();
        q.with(|q| people.retain(|(member, _)| is_match(&member.user, q)));
        sort_people(people, compare_names)
    });
    let has_search = Memo::new(move |_| {
        let is_long = members.with(|members| members.len() > NO_SEARCH_MAX);
        is_long || pages.next.get().is_some()
    });
    let is_empty = move || people.with(Vec::is_empty) && !q.with(String::is_empty);
    view! {
        <header class="members-head">
            <h2>"People"</h2>
            <Show when=move || invites.get()>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Add people"
                    title="Add people"
                    data-testid="add-people"
                    on:click=move |_| adding.set(true)
                >
                    <Icon shape=Shape::Plus/>
                </button>
            </Show>
            <button
                type="button"
                class="icon-button"
                aria-label="Close the list of people"
                on:click=move |_| panels.members.set(false)
            >
                <Icon shape=Shape::Close/>
            </button>
        </header>
        <Show when=move || has_search.get()>
            <input
                class="finder-input members-search"
                type="search"
                dir="auto"
                aria-label="Find people in this room"
                placeholder="Find people"
                autocomplete="off"
                data-testid="find-people"
                on:input:target=move |event| q.set(event.target().value())
            />
        </Show>
        <p class="field-error" role="alert">{move || pages.error()}</p>
        <ul class="member-list">
            <For
                each=move || people.get()
                key=|(member, online)| (member.user.id, member.rev, *online)
                children=move |(member, online)| {
                    let statuses = statuses.get_value();
                    view! { <MemberRow room member online statuses manages dialogs/> }
                }
            />
        </ul>
        <p class="members-note quiet" role="status">
            {move || is_empty().then_some("Nobody here has this name.")}
        </p>
        <Show when=move || pages.next.get().is_some() && q.with(String::is_empty)>
            <button
                type="button"
                class="button members-more"
                data-testid="more-people"
                disabled=pages.is_loading()
                on:click=move |_| pages.load_next()
            >
                "Show more"
            </button>
        </Show>
        <AddDialog open=adding room state=added/>
        <RemoveDialog room removing=dialogs.removing/>
        <TimeOutDialog room timing_out=dialogs.timing_out/>
        <BanDialog room banning=dialogs.banning/>
    }
}

/// Loads the members at the beginning, after each connect and after each reset of the timeline. The
/// socket does not replay the presence events that it missed while disconnected.
fn load_pages(room: RoomId, state: RoomState) -> MemberPages {
    let live = expect_context::<LiveClient>();
    let pages = MemberPages::new(room, state.clone());
    Effect::new(move |_| {
        live.connection_epoch.track();
        state.resets.track();
        pages.reload();
    });
    pages
}

fn members_with_presence(state: &RoomState) -> Vec<(Member, bool)> {
    let online = state.online.get();
    state.timeline.with(|t| t.members().map(|m| (m.clone(), online.contains(&m.user.id))).collect())
}

/// Closes the sheet of members when something beside it is pressed, for example the composer.
fn close_sheet_on_press_outside(members: RwSignal<bool>) {
    let listener = window_event_listener(ev::pointerdown, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        // The button toggles the sheet itself.
        let is_outside =
            target.is_some_and(|it| it.closest(".members, .people-button, dialog") == Ok(None));
        if is_outside && members.get_untracked() && !has_members_column() {
            members.set(false);
        }
    });
    on_cleanup(move || listener.remove());
}

#[component]
fn RemoveDialog(room: RoomId, removing: RwSignal<Option<(UserId, String)>>) -> impl IntoView {
    let (ui, live) = (expect_context::<Ui>(), expect_context::<LiveClient>());
    let open = open_while_some(removing);
    let remove = Action::new_local(move |user: &UserId| {
        let user = *user;
        async move {
            match api::remove_member(room, user).await {
                Ok(()) => drop(open.try_set(false)),
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let text = move || {
        let name = removing.get_untracked().map(|(_, name)| name).unwrap_or_default();
        let kind = live.rooms.with_untracked(|rooms| rooms.get(room).map(|room| room.kind));
        let way_back = match kind {
            Some(RoomKind::Open) => "but can join again",
            _ => "and can only come back when somebody adds them",
        };
        format!("{} won't get its messages any more, {way_back}.", isolate(&name))
    };
    let on_yes = move |()| {
        if let Some((user, _)) = removing.get_untracked() {
            remove.dispatch_local(user);
        }
    };
    view! {
        <Dialog open title="Remove from the room?">
            <Confirm text=text() yes="Remove" open busy=remove.pending() on_yes/>
        </Dialog>
    }
}
