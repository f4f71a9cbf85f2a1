//! My rooms with their unread counts, as the sidebar shows them. The messages themselves are in
//! `shared::timeline`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use shared::{
    ids::{RoomId, Seq, UserId},
    messages::Message,
    rooms::{MyRoom, ReadState, Room},
    text::ReaderName,
};

/// My rooms by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoomList {
    rooms: BTreeMap<RoomId, MyRoom>,
    /// Rooms in which I marked messages as unread, on any of my devices, and which I have not opened
    /// since. Scrolling must not mark these messages as read again.
    kept_unread: BTreeSet<RoomId>,
    /// Whether the server has sent the list.
    pub is_loaded: bool,
}

impl RoomList {
    /// Adds or replaces rooms of `welcome` and the frames that continue it. If a read position moved
    /// back while this page was disconnected, I marked messages as unread on another device.
    pub fn merge(&mut self, rooms: Vec<MyRoom>) {
        for room in &rooms {
            let before = self.get(room.id).map(|before| before.read.read_seq);
            if before > Some(room.read.read_seq) {
                self.kept_unread.insert(room.id);
            }
        }
        self.rooms.extend(rooms.into_iter().map(|room| (room.id, room)));
    }

    /// Removes all rooms but these, which are all that the server sent.
    pub fn complete(&mut self, rooms: &HashSet<RoomId>) {
        self.rooms.retain(|id, _| rooms.contains(id));
        self.is_loaded = true;
    }

    /// Adds a room that I joined.
    pub fn insert(&mut self, room: MyRoom) {
        self.rooms.insert(room.id, room);
    }

    /// Removes a room that I am no longer in, and returns it.
    pub fn remove(&mut self, room: RoomId) -> Option<MyRoom> {
        self.kept_unread.remove(&room);
        self.rooms.remove(&room)
    }

    /// Counts a new message. A replayed message that `welcome` counted already changes nothing.
    pub fn apply_message(&mut self, message: &Message, me: UserId, name: &ReaderName) {
        let Some(room) = self.rooms.get_mut(&message.room) else { return };
        if message.seq <= room.last_seq {
            return;
        }
        room.last_seq = message.seq;
        if message.user.id == me {
            room.read = ReadState { read_seq: message.seq, unread: 0, mentions: 0 };
            self.kept_unread.remove(&message.room);
            return;
        }
        room.read.unread = message.seq.0 - room.read.read_seq.0;
        room.read.mentions += i64::from(name.is_mentioned(&message.content));
    }

    /// Applies the new name and topic of a room.
    pub fn apply_room(&mut self, changed: &Room) {
        if let Some(room) = self.rooms.get_mut(&changed.id) {
            room.name.clone_from(&changed.name);
            room.topic.clone_from(&changed.topic);
        }
    }

    /// Applies a read position that was set on any of my devices. The position moves back only if
    /// `exact`.
    pub fn apply_read(&mut self, id: RoomId, read: ReadState, exact: bool) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if exact || read.read_seq >= room.read.read_seq {
            room.read = read;
        }
        if room.read.unread == 0 {
            self.kept_unread.remove(&id);
        } else if exact {
            self.kept_unread.insert(id);
        }
    }

    /// Lets visible messages of a room be marked as read again, because I opened the room. Returns
    /// whether that is a change.
    pub fn stop_keeping_unread(&mut self, room: RoomId) -> bool {
        self.kept_unread.remove(&room)
    }

    /// Whether visible messages of a room must not be marked as read.
    pub fn is_kept_unread(&self, room: RoomId) -> bool {
        self.kept_unread.contains(&room)
    }

    /// The rooms with unread messages, each with its newest message. If `only` is given, no other
    /// room.
    pub fn last_of_unread(&self, only: Option<RoomId>) -> Vec<(RoomId, Seq)> {
        let rooms = self.rooms.values().filter(|room| only.is_none_or(|only| only == room.id));
        let unread = rooms.filter(|room| room.read.unread > 0);
        unread.map(|room| (room.id, room.last_seq)).collect()
    }

    /// The ids of all rooms, ascending.
    pub fn ids(&self) -> impl Iterator<Item = RoomId> {
        self.rooms.keys().copied()
    }

    pub fn get(&self, room: RoomId) -> Option<&MyRoom> {
        self.rooms.get(&room)
    }

    /// All rooms, sorted by name.
    pub fn by_name(&self) -> Vec<&MyRoom> {
        let mut rooms: Vec<_> = self.rooms.values().collect();
        rooms.sort_by_cached_key(|room| (room.name.to_lowercase(), room.id));
        rooms
    }

    /// The room `step` places after this one in the sidebar, wrapping around at the ends.
    pub fn neighbour(&self, room: Option<RoomId>, step: isize) -> Option<RoomId> {
        let rooms = self.by_name();
        let count = rooms.len() as isize;
        if count == 0 {
            return None;
        }
        let index = room.and_then(|room| rooms.iter().position(|other| other.id == room));
        let next = match index {
            Some(index) => (index as isize + step).rem_euclid(count),
            None if step > 0 => 0,
            None => count - 1,
        };
        Some(rooms[next as usize].id)
    }

    /// The unread count of all rooms together.
    pub fn total_unread(&self) -> i64 {
        self.rooms.values().map(|room| room.read.unread.max(0)).sum()
    }
}

#[cfg(test)]
mod tests {
    use shared::{ids::Rev, rooms::Role};

    use super::*;
    use crate::state::test_data;

    fn apply(rooms: &mut RoomList, message: &Message) {
        rooms.apply_message(message, UserId(1), &ReaderName::new("Ada", &["Ada Lee".into()]));
    }

    fn room(id: i64, name: &str) -> MyRoom {
        MyRoom {
            id: RoomId(id),
            name: name.into(),
            topic: String::new(),
            last_seq: Seq(10),
            last_rev: Rev(10),
            read: ReadState { read_seq: Seq(8), unread: 2, mentions: 0 },
            role: Role::Member,
        }
    }

    fn message(seq: i64, author: i64, content: &str) -> Message {
        Message { content: content.into(), ..test_data::message(seq, author) }
    }

    fn rooms() -> RoomList {
        let mut rooms = RoomList::default();
        rooms.merge(vec![room(1, "general"), room(2, "Attic"), room(3, "zoo")]);
        rooms
    }

    #[test]
    fn a_message_counted_by_welcome_is_not_counted_again() {
        let mut rooms = rooms();
        apply(&mut rooms, &message(10, 2, "replayed @ada"));
        assert_eq!(rooms.get(RoomId(1)).unwrap().read.unread, 2);
        apply(&mut rooms, &message(11, 2, "new for @ada"));
        let read = rooms.get(RoomId(1)).unwrap().read;
        assert_eq!((read.unread, read.mentions), (3, 1));
        apply(&mut rooms, &message(12, 2, "not for me: @ada lee"));
        assert_eq!(rooms.get(RoomId(1)).unwrap().read.mentions, 1);
        assert_eq!(rooms.total_unread(), 8);
    }

    fn read_up_to(seq: i64) -> ReadState {
        ReadState { read_seq: Seq(seq), unread: 10 - seq, mentions: 0 }
    }

    #[test]
    fn the_read_position_goes_back_only_if_exact() {
        let mut rooms = rooms();
        let unread = |rooms: &RoomList| rooms.get(RoomId(1)).unwrap().read.unread;
        rooms.apply_read(RoomId(1), read_up_to(10), false);
        rooms.apply_read(RoomId(1), read_up_to(9), false);
        assert_eq!(unread(&rooms), 0);
        rooms.apply_read(RoomId(1), read_up_to(4), true);
        assert_eq!(unread(&rooms), 6);
    }

    #[test]
    fn a_room_marked_unread_is_kept_so_until_it_is_opened_or_read() {
        let mut rooms = rooms();
        let here = RoomId(1);
        rooms.apply_read(here, read_up_to(9), false);
        assert!(!rooms.is_kept_unread(here));
        rooms.apply_read(here, read_up_to(4), true);
        rooms.apply_read(here, read_up_to(5), false);
        assert!(rooms.is_kept_unread(here) && !rooms.is_kept_unread(RoomId(2)));
        rooms.stop_keeping_unread(here);
        assert!(!rooms.is_kept_unread(here));
        rooms.apply_read(here, read_up_to(4), true);
        rooms.apply_read(here, read_up_to(10), false);
        assert!(!rooms.is_kept_unread(here), "everything is read");
        rooms.apply_read(here, read_up_to(4), true);
        apply(&mut rooms, &message(11, 1, "mine"));
        assert!(!rooms.is_kept_unread(here), "posting marks everything before it as read");
    }

    #[test]
    fn a_position_that_went_back_while_disconnected_keeps_the_room_unread() {
        let mut rooms = rooms();
        let mut back = room(1, "general");
        back.read = read_up_to(3);
        rooms.merge(vec![back, room(2, "Attic")]);
        assert!(rooms.is_kept_unread(RoomId(1)) && !rooms.is_kept_unread(RoomId(2)));
        assert_eq!(rooms.get(RoomId(1)).unwrap().read.unread, 7);
    }

    #[test]
    fn a_list_in_several_frames_is_complete_only_after_the_last() {
        let mut rooms = rooms();
        rooms.merge(vec![room(1, "renamed")]);
        assert_eq!((&*rooms.get(RoomId(1)).unwrap().name, rooms.by_name().len()), ("renamed", 3));
        rooms.merge(vec![room(4, "new")]);
        assert!(!rooms.is_loaded && rooms.get(RoomId(2)).is_some());
        rooms.complete(&[RoomId(1), RoomId(4)].into());
        let ids: Vec<_> = rooms.by_name().iter().map(|room| room.id.0).collect();
        assert_eq!((ids, rooms.is_loaded), (vec![4, 1], true));
    }

    #[test]
    fn unread_rooms_are_listed_with_their_newest_message() {
        let mut rooms = rooms();
        rooms.apply_read(RoomId(2), read_up_to(10), false);
        apply(&mut rooms, &message(11, 2, "new"));
        assert_eq!(rooms.last_of_unread(None), [(RoomId(1), Seq(11)), (RoomId(3), Seq(10))]);
        assert_eq!(rooms.last_of_unread(Some(RoomId(3))), [(RoomId(3), Seq(10))]);
        assert!(rooms.last_of_unread(Some(RoomId(2))).is_empty());
    }

    #[test]
    fn my_own_message_marks_the_room_as_read() {
        let mut rooms = rooms();
        apply(&mut rooms, &message(11, 1, "mine"));
        assert_eq!(rooms.get(RoomId(1)).unwrap().read.unread, 0);
    }

    #[test]
    fn neighbours_are_sorted_by_name_and_wrap_around() {
        let rooms = rooms();
        assert_eq!(rooms.neighbour(Some(RoomId(2)), 1), Some(RoomId(1)));
        assert_eq!(rooms.neighbour(Some(RoomId(2)), -1), Some(RoomId(3)));
        assert_eq!(rooms.neighbour(None, 1), Some(RoomId(2)));
        assert_eq!(RoomList::default().neighbour(None, 1), None);
    }
}
