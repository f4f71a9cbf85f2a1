//! My rooms with their unread counts, as the sidebar shows them. The messages themselves are in
//! `shared::timeline`.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashSet},
};

use shared::{
    access::RoomKind,
    ids::{RoomId, Seq, UserId},
    messages::Message,
    rooms::{Member, MyRoom, ReadState, Room, direct_name},
    sorting::{sort_by, sort_by_key},
    text::ReaderName,
    users::UserRef,
};

mod access;
mod favourites;
pub mod people;
pub mod perspective;

/// My rooms by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoomList {
    rooms: BTreeMap<RoomId, MyRoom>,
    /// Rooms in which I marked messages as unread, on any of my devices, and which I have not opened
    /// since. Scrolling must not mark these messages as read again.
    kept_unread: BTreeSet<RoomId>,
    /// The unread messages whose deletion this page has subtracted since the server counted, so that it
    /// subtracts none twice.
    deleted: BTreeMap<RoomId, BTreeSet<Seq>>,
    /// Whether the server has sent the list.
    pub is_loaded: bool,
    /// Whether my order of the favourites is being sent. Frames about an earlier one do not change it.
    pub is_sending_favourites: bool,
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
            self.deleted.remove(&room.id);
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
        self.deleted.remove(&room.id);
        self.rooms.insert(room.id, room);
    }

    /// Removes a room that I am no longer in, and returns it.
    pub fn remove(&mut self, room: RoomId) -> Option<MyRoom> {
        self.kept_unread.remove(&room);
        self.deleted.remove(&room);
        self.rooms.remove(&room)
    }

    /// Counts a new message, and stops counting a deleted one. A change that the server counted already
    /// changes nothing. The server counts the mentions again after an edit or a deletion, because this
    /// page may not have the old text. Returns whether the counts changed.
    pub fn apply_message(&mut self, message: &Message, me: UserId, name: &ReaderName) -> bool {
        let Some(room) = self.rooms.get_mut(&message.room) else { return false };
        let read = &mut room.read;
        let (is_deleted, skipped) =
            (message.deleted_at.is_some(), message.seq.0 - read.last_seq.0 - 1);
        if message.rev <= read.last_rev {
            return false;
        }
        if skipped < 0 {
            let was_unread = is_deleted && message.seq > read.read_seq;
            let is_subtracted =
                was_unread && self.deleted.entry(message.room).or_default().insert(message.seq);
            read.unread = (read.unread - i64::from(is_subtracted)).max(0);
            return is_subtracted;
        }
        read.last_seq = message.seq;
        if message.user.id == me {
            *read = ReadState { read_seq: message.seq, unread: 0, mentions: 0, ..*read };
            self.kept_unread.remove(&message.room);
            return true;
        }
        if is_deleted {
            self.deleted.entry(message.room).or_default().insert(message.seq);
        } else {
            read.mentions += i64::from(name.is_mentioned(message.text()));
        }
        read.unread += skipped + i64::from(!is_deleted);
        true
    }

    /// Applies the new state of a room.
    pub fn apply_room(&mut self, changed: &Room) {
        if let Some(room) = self.rooms.get_mut(&changed.id) {
            if changed.kind != RoomKind::Direct {
                room.name.clone_from(&changed.name);
            }
            room.topic.clone_from(&changed.topic);
            (room.kind, room.policies) = (changed.kind, changed.policies);
            room.archived = changed.archived_at.is_some();
        }
    }

    /// Applies my new role in a room, and my time-out.
    pub fn apply_membership(&mut self, room: RoomId, me: &Member) {
        if let Some(room) = self.rooms.get_mut(&room) {
            (room.role, room.visible_from) = (me.role, me.visible_from);
            room.timed_out_until = me.timed_out_until;
        }
    }

    /// Adds somebody to the people of a direct room, or gives them their new name. Returns whether it
    /// changed anything.
    pub fn add_person(&mut self, room: RoomId, person: &UserRef, me: UserId) -> bool {
        let Some(room) = self.rooms.get_mut(&room) else { return false };
        if room.kind != RoomKind::Direct || room.people.contains(person) {
            return false;
        }
        room.people.retain(|other| other.id != person.id);
        let at = room.people.iter().filter(|other| other.id < person.id).count();
        room.people.insert(at, person.clone());
        name_direct(room, me);
        true
    }

    /// Whether I have a direct room with only this person; with myself, one for notes.
    pub fn has_direct_with(&self, person: UserId, me: UserId) -> bool {
        let count = if person == me { 1 } else { 2 };
        self.all().any(|room| {
            room.people.len() == count && room.people.iter().any(|other| other.id == person)
        })
    }

    /// Hides a direct room until it has a newer message than this; `None` shows it again.
    pub fn set_hidden(&mut self, room: RoomId, hidden: Option<Seq>) {
        if let Some(room) = self.rooms.get_mut(&room) {
            room.hidden = hidden;
        }
    }

    /// Applies a read position that was set on any of my devices, or new counts at the same position.
    /// The position moves back only if `exact`. The server may have counted before the latest changes:
    /// the caller then applies the messages after the position again.
    pub fn apply_read(&mut self, id: RoomId, read: ReadState, exact: bool) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let order = |read: &ReadState| (read.read_seq, read.last_rev);
        if exact || order(&read) >= order(&room.read) {
            room.read = read;
            self.deleted.remove(&id);
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
        unread.map(|room| (room.id, room.read.last_seq)).collect()
    }

    /// The ids of all rooms, ascending.
    pub fn ids(&self) -> impl Iterator<Item = RoomId> {
        self.rooms.keys().copied()
    }

    /// The ids of the rooms of which only their members know, ascending.
    pub fn hidden_ids(&self) -> impl Iterator<Item = RoomId> {
        self.all().filter(|room| room.kind != RoomKind::Open).map(|room| room.id)
    }

    pub fn get(&self, room: RoomId) -> Option<&MyRoom> {
        self.rooms.get(&room)
    }

    /// All rooms, ascending by id.
    pub fn all(&self) -> impl Iterator<Item = &MyRoom> {
        self.rooms.values()
    }

    /// Moves the rooms with unread messages to the front of an order, a muted one only if it mentions me.
    pub fn unread_first(&self, order: &[RoomId]) -> Vec<RoomId> {
        let is_unread = |room: &RoomId| self.get(*room).is_some_and(|r| r.counted_unread() > 0);
        let (mut rooms, others): (Vec<_>, Vec<_>) = order.iter().copied().partition(is_unread);
        rooms.extend(others);
        rooms
    }

    /// All rooms in the order in which a reader may want to go to them: rooms that mention me, other
    /// unread rooms, those that I opened last (`recent`, newest first), and the rest in the order
    /// `by_name`. The room that is open (`current`) is last.
    pub fn by_relevance(
        &self,
        by_name: &[RoomId],
        recent: &[RoomId],
        current: Option<RoomId>,
    ) -> Vec<RoomId> {
        let mut rooms: Vec<_> = by_name.iter().filter_map(|room| self.get(*room)).collect();
        sort_by_key(&mut rooms, |room| {
            let opened = recent.iter().position(|id| *id == room.id).unwrap_or(usize::MAX);
            (current == Some(room.id), room.read.mentions <= 0, room.counted_unread() == 0, opened)
        });
        rooms.into_iter().map(|room| room.id).collect()
    }

    /// The unread count of all rooms together that are not hidden. A muted one counts only mentions.
    pub fn total_unread(&self) -> i64 {
        let shown = self.rooms.values().filter(|room| !room.is_hidden());
        shown.map(MyRoom::counted_unread).sum()
    }
}

/// Names a direct room after the others in it, so that the page can treat it like any room.
pub fn name_direct(room: &mut MyRoom, me: UserId) {
    if room.kind == RoomKind::Direct {
        room.name = direct_name(&room.people, me);
    }
}

/// Sorts rooms by name. `compare` is the order of names in the reader's language.
pub fn sort_by_name(
    mut rooms: Vec<(RoomId, String)>,
    compare: impl Fn(&str, &str) -> Ordering,
) -> Vec<RoomId> {
    sort_by(&mut rooms, |(a, name_a), (b, name_b)| compare(name_a, name_b).then_with(|| a.cmp(b)));
    rooms.into_iter().map(|(room, _)| room).collect()
}

/// The room `step` places after this one in an order, wrapping around at the ends.
pub fn neighbour(order: &[RoomId], room: Option<RoomId>, step: isize) -> Option<RoomId> {
    let index = room.and_then(|room| order.iter().position(|other| *other == room));
    let next = match index {
        Some(index) => (index as isize + step).rem_euclid(order.len() as isize) as usize,
        None if step > 0 => 0,
        None => order.len().checked_sub(1)?,
    };
    order.get(next).copied()
}

#[cfg(test)]
mod tests;
