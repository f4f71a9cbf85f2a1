//! The latest states of messages that other messages link to.

use std::mem;

use shared::{
    ids::{RoomId, Seq},
    messages::Message,
};

type Key = (RoomId, Seq);

/// The cache of linked messages. It is a list, because few messages are linked to.
#[derive(Clone, Debug, Default)]
pub struct PreviewCache {
    /// Each linked message with its state; `None` while it is not loaded or cannot be read.
    entries: Vec<(Key, Option<Message>)>,
    /// The messages to load; the one that was inserted last is loaded first.
    queue: Vec<Key>,
    is_loading: bool,
}

impl PreviewCache {
    /// The state of a message; `None` if the message was never inserted.
    pub fn get(&self, key: Key) -> Option<&Option<Message>> {
        self.entries.iter().find(|(known, _)| *known == key).map(|(_, message)| message)
    }

    /// Adds a message. A message without a state is queued for loading.
    pub fn insert(&mut self, key: Key, message: Option<Message>) {
        if message.is_none() {
            self.queue.push(key);
        }
        self.entries.push((key, message));
    }

    /// Stores a newer state of a message. Returns false if no message links to it or the state is
    /// not newer.
    pub fn update(&mut self, message: &Message) -> bool {
        let key = (message.room, message.seq);
        let entry = self.entries.iter_mut().find(|(known, _)| *known == key);
        let older = entry.filter(|(_, old)| old.as_ref().is_none_or(|old| old.rev < message.rev));
        older.map(|(_, old)| *old = Some(message.clone())).is_some()
    }

    /// Queues a message again that could not be loaded, and ends the loading.
    pub fn retry_later(&mut self, key: Key) {
        self.queue.push(key);
        self.is_loading = false;
    }

    /// Removes the messages of a room.
    pub fn remove_room(&mut self, room: RoomId) {
        self.entries.retain(|((of, _), _)| *of != room);
    }

    /// Starts loading. Returns false if loading is in progress already.
    pub fn start_loading(&mut self) -> bool {
        !mem::replace(&mut self.is_loading, true)
    }

    /// The next message to load. `None` ends the loading.
    pub fn next_to_load(&mut self) -> Option<Key> {
        let next = self.queue.pop();
        self.is_loading = next.is_some();
        next
    }
}

#[cfg(test)]
mod tests {
    use shared::ids::Rev;

    use super::*;
    use crate::state::test_data::message;

    const ROOM: RoomId = RoomId(1);

    #[test]
    fn a_message_without_a_state_is_loaded_once() {
        let mut cache = PreviewCache::default();
        let key = (ROOM, Seq(7));
        assert!(cache.get(key).is_none());
        cache.insert(key, None);
        assert_eq!(cache.get(key), Some(&None));
        assert!(cache.start_loading() && !cache.start_loading());
        assert_eq!((cache.next_to_load(), cache.next_to_load()), (Some(key), None));
        assert!(cache.start_loading(), "the next loading may start");
    }

    #[test]
    fn a_message_that_could_not_be_loaded_is_loaded_again() {
        let mut cache = PreviewCache::default();
        let key = (ROOM, Seq(7));
        cache.insert(key, None);
        assert!(cache.start_loading());
        assert_eq!(cache.next_to_load(), Some(key));
        cache.retry_later(key);
        assert!(cache.start_loading());
        assert_eq!((cache.next_to_load(), cache.next_to_load()), (Some(key), None));
    }

    #[test]
    fn only_newer_states_of_linked_messages_are_taken() {
        let mut cache = PreviewCache::default();
        cache.insert((ROOM, Seq(7)), None);
        assert!(!cache.update(&message(8, 2)), "no message links to it");
        assert!(cache.update(&message(7, 2)));
        assert!(!cache.update(&message(7, 2)), "the state is the same");
        let newer = Message { rev: Rev(100), ..message(7, 2) };
        assert!(cache.update(&newer));
        assert_eq!(cache.get((ROOM, Seq(7))), Some(&Some(newer)));
        cache.remove_room(ROOM);
        assert!(cache.get((ROOM, Seq(7))).is_none());
    }
}
