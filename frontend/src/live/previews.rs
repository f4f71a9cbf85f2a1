//! The messages that other messages link to. They are loaded one after the other and kept up to
//! date as long as the page lives.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use shared::{
    ids::{RoomId, Seq},
    messages::Message,
};

use super::client::LiveClient;
use crate::api;

/// When to request linked messages again after the server did not respond.
const RETRY_AFTER: Duration = Duration::from_secs(5);

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
    pub(super) fn load_linked_messages(self) {
        if !self.previews.try_update_untracked(|cache| cache.start_loading()).unwrap_or(false) {
            return;
        }
        spawn_local(async move {
            let next = || self.previews.try_update_untracked(|cache| cache.next_to_load());
            while let Some((room, seq)) = next().flatten() {
                match api::get_message(room, seq).await {
                    // I may have been removed from the room while the request was in flight.
                    Ok(message) if self.room_state(room).is_some() => {
                        self.update_preview(&message);
                    }
                    Err(error) if error.is_temporary() => {
                        self.previews.update_untracked(|cache| cache.retry_later((room, seq)));
                        return self.load_linked_messages_later();
                    }
                    _ => {}
                }
            }
        });
    }

    /// Loads the rest of the queue later. `welcome` loads it at once.
    fn load_linked_messages_later(self) {
        let run = self.run.get_value();
        let load = move || {
            if self.run.get_value() == run {
                self.load_linked_messages();
            }
        };
        set_timeout(load, RETRY_AFTER);
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
