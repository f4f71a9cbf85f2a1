//! Rooms: the frame around all pages, the list of rooms, and the page of one room.

use leptos::{ev, prelude::*};
use shared::{access::RoomKind, ids::RoomId, rooms::MyRoom};

use crate::{
    live::LiveClient,
    state::rooms::sort_by_name,
    ui::{compare_names, storage},
};

mod all_read;
mod bin;
mod browse;
mod connection_banner;
mod dialogs;
mod header;
mod insights;
mod moderation;
mod page;
mod people;
mod preferences;
mod shell;
mod sidebar;

pub use browse::RoomsPage;
pub use insights::insights;
pub use page::RoomPage;
pub use shell::Shell;

/// The dialogs and columns that open over or beside a page.
#[derive(Clone, Copy)]
pub struct Panels {
    pub browse: RwSignal<bool>,
    pub create: RwSignal<bool>,
    pub palette: RwSignal<bool>,
    pub shortcuts: RwSignal<bool>,
    pub members: RwSignal<bool>,
    /// The room in the address.
    pub current_room: Memo<Option<RoomId>>,
    /// Whether the rooms with unread messages come first, as chosen on this device.
    pub unread_first: RwSignal<bool>,
    /// My favourites in my order; they are in no other list.
    pub favourites: Memo<Vec<RoomId>>,
    /// My rooms in the order of the sidebar, without those that are direct or archived.
    pub rooms: Memo<Vec<RoomId>>,
    /// My direct rooms in the order of the sidebar, without hidden ones.
    pub direct_rooms: Memo<Vec<RoomId>>,
    /// My archived rooms by name.
    pub archived: Memo<Vec<RoomId>>,
}

/// The localStorage key of [`Panels::unread_first`].
const UNREAD_FIRST_KEY: &str = "hallway.unread-first";

impl Panels {
    fn new(live: LiveClient, current_room: Memo<Option<RoomId>>) -> Self {
        let [browse, create, palette, shortcuts] = [(); 4].map(|()| RwSignal::new(false));
        let members = RwSignal::new(has_members_column());
        follow_width(members);
        let unread_first = RwSignal::new(storage::get(UNREAD_FIRST_KEY).is_some());
        let is_direct = |room: &MyRoom| room.kind == RoomKind::Direct;
        let favourites = Memo::new(move |_| live.rooms.with(|rooms| rooms.shown_favourites()));
        let is_other = |room: &MyRoom| room.favourite.is_none();
        let is_room = move |room: &MyRoom| is_other(room) && !is_direct(room) && !room.archived;
        let rooms = rooms_by_name(live, is_room);
        let is_shown = move |room: &MyRoom| is_other(room) && is_direct(room) && !room.is_hidden();
        let direct_rooms = rooms_by_name(live, is_shown);
        let [rooms, direct_rooms] =
            [rooms, direct_rooms].map(|by_name| unread_first_order(live, unread_first, by_name));
        let archived = rooms_by_name(live, move |room| is_other(room) && room.archived);
        Self {
            browse,
            create,
            palette,
            shortcuts,
            members,
            current_room,
            unread_first,
            favourites,
            rooms,
            direct_rooms,
            archived,
        }
    }

    fn set_unread_first(self, unread_first: bool) {
        self.unread_first.set(unread_first);
        match unread_first {
            true => storage::set(UNREAD_FIRST_KEY, "true"),
            false => storage::remove(UNREAD_FIRST_KEY),
        }
    }
}

fn unread_first_order(
    live: LiveClient,
    unread_first: RwSignal<bool>,
    by_name: Memo<Vec<RoomId>>,
) -> Memo<Vec<RoomId>> {
    Memo::new(move |_| match unread_first.get() {
        true => by_name.with(|order| live.rooms.with(|rooms| rooms.unread_first(order))),
        false => by_name.get(),
    })
}

fn rooms_by_name(
    live: LiveClient,
    is_listed: impl Fn(&MyRoom) -> bool + Send + Sync + 'static,
) -> Memo<Vec<RoomId>> {
    // The list changes with each message, the names hardly ever, and the browser's comparison is slow.
    let names = Memo::new(move |_| {
        live.rooms.with(|rooms| {
            let rooms = rooms.all().filter(|room| is_listed(room));
            rooms.map(|room| (room.id, room.name.clone())).collect::<Vec<_>>()
        })
    });
    Memo::new(move |_| sort_by_name(names.get(), compare_names))
}

/// Closes the members when the window becomes too narrow for their column, because the sheet would
/// cover the composer; opens them again when there is space.
fn follow_width(members: RwSignal<bool>) {
    let had_column = StoredValue::new(has_members_column());
    let was_open = StoredValue::new(true);
    let listener = window_event_listener(ev::resize, move |_| {
        let has_column = has_members_column();
        if had_column.try_get_value() == Some(!has_column) {
            had_column.set_value(has_column);
            if !has_column {
                was_open.set_value(members.get_untracked());
            }
            members.set(has_column && was_open.get_value());
        }
    });
    on_cleanup(move || listener.remove());
}

/// Returns whether the window is wide enough for a column of members; otherwise they are a sheet over
/// the room. The style sheet has the same limit.
fn has_members_column() -> bool {
    let query = window().match_media("(min-width: 70rem)").ok().flatten();
    query.is_some_and(|query| query.matches())
}
