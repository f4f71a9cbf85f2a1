//! The messages that other messages link to. They are loaded one after the other and kept up to
//! date as long as the page lives.

use leptos::{prelude::*, task::spawn_local};
use shared::{
    ids::{RoomId, Seq},
    messages::Message,
};

use super::client::LiveClient;
use crate::api;

impl LiveClient {
    /// The latest state of a linked message; `None` until it is loaded, and if I may not read it.
    pub fn linked_message(self, room: RoomId, seq: Seq) -> Option<Message> {
        if let Some(cached) = self.previews.with(|cache| cache.get((room, seq)).cloned()) {
            return cached;
        }
        let in_timeline = self
            .room_state(room)
            .and_then(|state| state.timeline.with_untracked(|t| t.get(seq).cloned()));
        // Untracked, because this runs in a memo that reads the cache: a notification would run the
        // memo again without a new result.
        self.previews.update_untracked(|cache| cache.insert((room, seq), in_timeline.clone()));
        self.load_linked_messages();
        in_timeline
    }

    /// Loads the queued messages with one request at a time, however many links are on the screen.
    fn load_linked_messages(self) {
        if !self.previews.try_update_untracked(|cache| cache.start_loading()).unwrap_or(false) {
            return;
        }
        spawn_local(async move {
            let next = || self.previews.try_update_untracked(|cache| cache.next_to_load());
            while let Some((room, seq)) = next().flatten() {
                if let Ok(message) = api::get_message(room, seq).await {
                    self.update_preview(&message);
                }
            }
        });
    }

    /// Shows the new state of a message wherever another message links to it.
    pub(super) fn update_preview(self, message: &Message) {
        self.previews.maybe_update(|cache| cache.update(message));
    }

    /// Removes the linked messages of a room from the cache, because I may no longer read them.
    /// Previews that are still shown load their message again.
    pub(super) fn clear_previews(self, room: RoomId) {
        self.previews.update(|cache| cache.remove_room(room));
    }
}
