//! Unsent texts: drafts, reply targets and unfinished edits in localStorage, and messages in the outbox.

use std::collections::BTreeMap;

use leptos::{prelude::*, task::spawn_local};
use shared::{
    ids::{RoomId, Seq, UserId},
    sorting::sort_by_key,
};

use super::{client::LiveClient, outbox_store};
use crate::{
    state::draft_key::{DraftKey, DraftKind, belongs_to},
    ui::storage,
};

/// A stored text, or an empty one.
pub fn load_draft(key: DraftKey) -> String {
    storage::get(&key.to_string()).unwrap_or_default()
}

/// Stores a text; an empty one is removed.
pub fn store_draft(key: DraftKey, text: &str) {
    match text {
        "" => storage::remove(&key.to_string()),
        text => storage::set(&key.to_string(), text),
    }
}

/// The unfinished edits of an account in a room.
pub fn load_edits(user: UserId, room: RoomId) -> BTreeMap<Seq, String> {
    let keys = keys_of(user).into_iter().filter(|key| key.room == room);
    let edit = |key: DraftKey| match key.kind {
        DraftKind::Edit(seq) => Some((seq, load_draft(key))),
        _ => None,
    };
    keys.filter_map(edit).collect()
}

fn keys_of(user: UserId) -> Vec<DraftKey> {
    let keys = storage::keys().into_iter().filter_map(|key| DraftKey::parse(&key));
    keys.filter(|key| key.user == user).collect()
}

impl LiveClient {
    /// My unsent texts in a room.
    pub fn unsent_texts(self, room: RoomId) -> Vec<String> {
        let texts = self.all_unsent().into_iter().filter(|(of, _)| *of == room);
        texts.map(|(_, text)| text).collect()
    }

    /// Whether signing out would lose a text of mine.
    pub fn has_unsent(self) -> bool {
        !self.all_unsent().is_empty()
    }

    fn all_unsent(self) -> Vec<(RoomId, String)> {
        let Some(me) = self.me.with_value(|me| me.as_ref().map(|me| me.id)) else {
            return Vec::new();
        };
        let keys = keys_of(me).into_iter().filter(|key| key.kind != DraftKind::ReplyTo);
        let drafts = keys.map(|key| (key.room, load_draft(key)));
        let mut texts: Vec<_> = drafts.filter(|(_, text)| !text.trim().is_empty()).collect();
        self.outbox.with_value(|outbox| {
            texts.extend(outbox.entries().map(|entry| (entry.room, entry.content.clone())));
        });
        self.lost_texts.with_value(|lost| texts.extend(lost.iter().cloned()));
        texts
    }

    /// Finds the rooms that I am not in, and for which I have unsent texts.
    pub(super) fn find_stranded(self) {
        // Until the list of my rooms is complete, any of them seems to be missing.
        if !self.rooms.with_untracked(|rooms| rooms.is_loaded) {
            return;
        }
        let mut rooms: Vec<_> = self.all_unsent().into_iter().map(|(room, _)| room).collect();
        self.rooms.with_untracked(|mine| rooms.retain(|room| mine.get(*room).is_none()));
        sort_by_key(&mut rooms, |room| *room);
        rooms.dedup();
        if self.stranded.with_untracked(|before| *before != rooms) {
            self.stranded.set(rooms);
        }
    }

    /// Discards my unsent texts in a room.
    pub fn discard_unsent(self, room: RoomId) {
        let Some(me) = self.me.with_value(|me| me.as_ref().map(|me| me.id)) else { return };
        for key in keys_of(me).into_iter().filter(|key| key.room == room) {
            store_draft(key, "");
        }
        let ids: Vec<_> =
            self.outbox.with_value(|o| o.in_room(room).map(|entry| entry.client_id).collect());
        ids.into_iter().for_each(|client_id| self.discard_message(client_id));
        self.lost_texts.update_value(|lost| lost.retain(|(of, _)| *of != room));
        self.find_stranded();
    }

    /// Erases everything that this browser stores for my account, because I sign out.
    pub fn erase_account(self, me: UserId) {
        let keys = storage::keys();
        keys.iter().filter(|key| belongs_to(key, me)).for_each(|key| storage::remove(key));
        spawn_local(async move {
            let entries = outbox_store::load().await.into_iter().filter(|entry| entry.user == me);
            entries.for_each(|entry| outbox_store::delete(entry.client_id));
        });
    }
}
