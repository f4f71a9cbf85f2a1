//! Forgets the rooms that I am no longer in. Of a room that others cannot find, nothing stays in this
//! browser: neither its messages nor its name, nor what I wrote for it.

use leptos::prelude::*;
use shared::{
    access::RoomKind,
    ids::{RoomId, UserId},
    live::RemovedReason,
};

use super::{
    client::{Departure, LiveClient},
    unsent::{load_draft, store_draft},
};
use crate::{
    state::{
        draft_key::{DraftKey, DraftKind},
        search::recent_list::RecentList,
    },
    ui::storage,
};

/// The maximum number of rooms whose ids are stored for index.html.
const MAX_STORED_ROOMS: usize = 1_000;

/// The sessionStorage key of the reader's place in a room.
pub fn place_key(me: UserId, room: RoomId) -> String {
    format!("hallway.place.{me}.{room}")
}

/// The localStorage key of the ids of my rooms that others cannot find.
fn hidden_key(me: UserId) -> String {
    format!("hallway.hidden.{me}")
}

impl LiveClient {
    pub(super) fn handle_removed(self, room: RoomId, reason: RemovedReason) {
        self.room_states.update_value(|states| drop(states.remove(&room)));
        self.clear_previews(room);
        let removed = self.rooms.try_update(|rooms| rooms.remove(room)).flatten();
        if let Some(removed) = removed {
            let is_hidden = removed.kind != RoomKind::Open;
            if is_hidden {
                self.forget_room(room, &removed.name);
            }
            let is_unnamed = is_hidden && reason == RemovedReason::Removed;
            let name = if is_unnamed { String::new() } else { removed.name };
            self.departure.set(Some(Departure { room, name, reason }));
        }
        self.store_room_ids();
        self.find_stranded();
    }

    /// Forgets the rooms that I was removed from while this page was closed or disconnected.
    pub(super) fn forget_missing_rooms(self) {
        let Some(me) = self.me.with_value(|me| me.as_ref().map(|me| me.id)) else { return };
        let stored = storage::get(&hidden_key(me)).unwrap_or_default();
        for room in stored.split(',').filter_map(|id| id.parse().ok()) {
            if self.rooms.with_untracked(|rooms| rooms.get(room).is_none()) {
                self.forget_room(room, "");
            }
        }
    }

    /// Forgets again what IndexedDB returned only after the rooms were forgotten.
    pub(super) fn forget_loaded_outbox(self) {
        for room in self.forgotten.get_value() {
            if self.outbox.with_value(|outbox| outbox.in_room(room).next().is_some()) {
                self.forget_room(room, "");
            }
        }
        self.find_stranded();
    }

    /// Erases everything that this browser stores of a room. My unsent texts stay on this page, to be
    /// copied.
    fn forget_room(self, room: RoomId, name: &str) {
        let Some(me) = self.me.with_value(|me| me.as_ref().map(|me| me.id)) else { return };
        self.forgotten.update_value(|rooms| rooms.extend([room]));
        let texts = self.unsent_texts(room);
        self.discard_unsent(room);
        self.lost_texts.update_value(|lost| lost.extend(texts.into_iter().map(|t| (room, t))));
        for list in ["visits", "searches"] {
            let key = format!("hallway.{list}.{me}");
            let mut recent = RecentList::parse(&storage::get(&key).unwrap_or_default());
            recent.remove_room(room, name);
            storage::set(&key, &recent.to_text());
        }
        if let Ok(Some(storage)) = window().session_storage() {
            let _ = storage.remove_item(&place_key(me, room));
        }
    }

    /// Makes the texts that were lost with a room a draft again, because I am back in the room.
    pub(super) fn restore_lost_texts(self, room: RoomId) {
        let Some(me) = self.me.with_value(|me| me.as_ref().map(|me| me.id)) else { return };
        self.forgotten.update_value(|rooms| rooms.retain(|of| *of != room));
        let lost = self.lost_texts.try_update_value(|lost| {
            let (of_room, others) = lost.drain(..).partition(|(of, _)| *of == room);
            *lost = others;
            of_room
        });
        let lost: Vec<(RoomId, String)> = lost.unwrap_or_default();
        if lost.is_empty() {
            return;
        }
        let key = DraftKey::new(me, room, DraftKind::Message);
        let draft = Some(load_draft(key)).filter(|draft| !draft.is_empty());
        let texts: Vec<_> =
            draft.into_iter().chain(lost.into_iter().map(|(_, text)| text)).collect();
        store_draft(key, &texts.join("\n\n"));
    }

    /// Stores the ids of my rooms: all for the script in index.html, which requests messages before the
    /// socket tells which rooms are mine, and those that others cannot find for
    /// [`LiveClient::forget_missing_rooms`].
    pub(super) fn store_room_ids(self) {
        let Some(me) = self.me.with_value(|me| me.as_ref().map(|me| me.id)) else { return };
        let join =
            |ids: Vec<RoomId>| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let (all, hidden) = self.rooms.with_untracked(|rooms| {
            (join(rooms.ids().take(MAX_STORED_ROOMS).collect()), join(rooms.hidden_ids().collect()))
        });
        storage::set(&format!("hallway.rooms.{me}"), &all);
        match &*hidden {
            "" => storage::remove(&hidden_key(me)),
            hidden => storage::set(&hidden_key(me), hidden),
        }
    }
}
