//! The rooms that I am in, with what is unread: what the sidebar shows. Messages themselves are
//! `shared::timeline`'s.

use std::collections::{BTreeMap, BTreeSet};

use shared::{
    ids::{RoomId, Seq},
    messages::{self, Message},
    rooms::{MyRoom, ReadState, Room},
    rules,
    users::UserRef,
};

/// My rooms, by number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rooms {
    rooms: BTreeMap<RoomId, MyRoom>,
    /// Where I want something to be unread, here or on another device, and have not come again
    /// since: what is seen there is not marked by itself.
    held: BTreeSet<RoomId>,
    /// Whether the server has said which they are.
    pub known: bool,
}

impl Rooms {
    /// What `welcome` says, in place of everything before. A mark that went back while nobody here
    /// could hear of it was meant as much as one that was heard.
    pub fn welcome(&mut self, rooms: Vec<MyRoom>) {
        for room in &rooms {
            let was = self.get(room.id).map(|was| was.read.read_seq);
            if was > Some(room.read.read_seq) {
                self.held.insert(room.id);
            }
        }
        self.rooms = rooms.into_iter().map(|room| (room.id, room)).collect();
        self.known = true;
    }

    /// I joined one.
    pub fn joined(&mut self, room: MyRoom) {
        self.rooms.insert(room.id, room);
    }

    /// I am no longer in one. Says what it was.
    pub fn removed(&mut self, room: RoomId) -> Option<MyRoom> {
        self.held.remove(&room);
        self.rooms.remove(&room)
    }

    /// A message came. One that `welcome` already counted does not count again.
    pub fn message(&mut self, message: &Message, me: &UserRef) {
        let Some(room) = self.rooms.get_mut(&message.room) else { return };
        if message.seq <= room.last_seq {
            return;
        }
        room.last_seq = message.seq;
        if message.user.id == me.id {
            room.read = ReadState { read_seq: message.seq, unread: 0, mentions: 0 };
            self.held.remove(&message.room);
            return;
        }
        room.read.unread = message.seq.0 - room.read.read_seq.0;
        let name = rules::key(&me.username);
        let named = messages::mentions(&message.content).any(|mention| mention == name);
        room.read.mentions += i64::from(named);
    }

    /// A room was renamed or given another topic.
    pub fn changed(&mut self, changed: &Room) {
        if let Some(room) = self.rooms.get_mut(&changed.id) {
            room.name.clone_from(&changed.name);
            room.topic.clone_from(&changed.topic);
        }
    }

    /// I have read up to here, on this device or another. Goes back only if that was asked for.
    pub fn read(&mut self, id: RoomId, read: ReadState, exact: bool) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if exact || read.read_seq >= room.read.read_seq {
            room.read = read;
        }
        if room.read.unread == 0 {
            self.held.remove(&id);
        } else if exact {
            self.held.insert(id);
        }
    }

    /// I come into a room, or come to it again. Whether that changes anything.
    pub fn came(&mut self, room: RoomId) -> bool {
        self.held.remove(&room)
    }

    /// Whether nothing in a room is to be marked by itself.
    pub fn is_held(&self, room: RoomId) -> bool {
        self.held.contains(&room)
    }

    /// Where anything is unread, and the newest message there: of one room, or of all.
    pub fn ends_of_unread(&self, only: Option<RoomId>) -> Vec<(RoomId, Seq)> {
        let wanted = self.rooms.values().filter(|room| only.is_none_or(|only| only == room.id));
        let unread = wanted.filter(|room| room.read.unread > 0);
        unread.map(|room| (room.id, room.last_seq)).collect()
    }

    /// One of them.
    pub fn get(&self, room: RoomId) -> Option<&MyRoom> {
        self.rooms.get(&room)
    }

    /// All of them, by name.
    pub fn by_name(&self) -> Vec<&MyRoom> {
        let mut rooms: Vec<_> = self.rooms.values().collect();
        rooms.sort_by_cached_key(|room| (rules::key(&room.name), room.id));
        rooms
    }

    /// The room that is `step` after this one in the sidebar, round the end.
    pub fn neighbour(&self, room: Option<RoomId>, step: isize) -> Option<RoomId> {
        let rooms = self.by_name();
        let count = rooms.len() as isize;
        if count == 0 {
            return None;
        }
        let at = room.and_then(|room| rooms.iter().position(|other| other.id == room));
        let next = match at {
            Some(at) => (at as isize + step).rem_euclid(count),
            None if step > 0 => 0,
            None => count - 1,
        };
        Some(rooms[next as usize].id)
    }

    /// Everything unread together.
    pub fn unread(&self) -> i64 {
        self.rooms.values().map(|room| room.read.unread.max(0)).sum()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::{
        ids::{ClientId, MessageId, Rev, UserId},
        rooms::Role,
    };

    use super::*;

    fn me() -> UserRef {
        UserRef { id: UserId(1), username: "Ada".into() }
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

    fn message(seq: i64, by: i64, content: &str) -> Message {
        Message {
            id: MessageId(seq),
            room: RoomId(1),
            seq: Seq(seq),
            rev: Rev(seq),
            user: UserRef { id: UserId(by), username: "x".into() },
            content: content.into(),
            client_id: ClientId(uuid::Uuid::nil()),
            reply_to: None,
            created_at: DateTime::UNIX_EPOCH,
            edited_at: None,
            deleted_at: None,
        }
    }

    fn rooms() -> Rooms {
        let mut rooms = Rooms::default();
        rooms.welcome(vec![room(1, "general"), room(2, "Attic"), room(3, "zoo")]);
        rooms
    }

    #[test]
    fn what_welcome_counted_is_not_counted_again() {
        let mut rooms = rooms();
        rooms.message(&message(10, 2, "replayed @ada"), &me());
        assert_eq!(rooms.get(RoomId(1)).unwrap().read.unread, 2);
        rooms.message(&message(11, 2, "new for @ada"), &me());
        let read = rooms.get(RoomId(1)).unwrap().read;
        assert_eq!((read.unread, read.mentions), (3, 1));
        assert_eq!(rooms.unread(), 7);
    }

    fn read_up_to(seq: i64) -> ReadState {
        ReadState { read_seq: Seq(seq), unread: 10 - seq, mentions: 0 }
    }

    #[test]
    fn reading_goes_back_only_where_that_is_asked_for() {
        let mut rooms = rooms();
        let unread = |rooms: &Rooms| rooms.get(RoomId(1)).unwrap().read.unread;
        rooms.read(RoomId(1), read_up_to(10), false);
        rooms.read(RoomId(1), read_up_to(9), false);
        assert_eq!(unread(&rooms), 0);
        rooms.read(RoomId(1), read_up_to(4), true);
        assert_eq!(unread(&rooms), 6);
    }

    #[test]
    fn what_is_to_be_unread_is_held_until_i_come_again_or_have_read_it() {
        let mut rooms = rooms();
        let here = RoomId(1);
        rooms.read(here, read_up_to(9), false);
        assert!(!rooms.is_held(here));
        rooms.read(here, read_up_to(4), true);
        rooms.read(here, read_up_to(5), false);
        assert!(rooms.is_held(here) && !rooms.is_held(RoomId(2)));
        rooms.came(here);
        assert!(!rooms.is_held(here));
        rooms.read(here, read_up_to(4), true);
        rooms.read(here, read_up_to(10), false);
        assert!(!rooms.is_held(here), "nothing is left of it");
        rooms.read(here, read_up_to(4), true);
        rooms.message(&message(11, 1, "mine"), &me());
        assert!(!rooms.is_held(here), "whoever speaks has read what was there");
    }

    #[test]
    fn a_mark_that_went_back_unheard_is_held_as_well() {
        let mut rooms = rooms();
        let mut back = room(1, "general");
        back.read = read_up_to(3);
        rooms.welcome(vec![back, room(2, "Attic")]);
        assert!(rooms.is_held(RoomId(1)) && !rooms.is_held(RoomId(2)));
        assert_eq!(rooms.get(RoomId(1)).unwrap().read.unread, 7);
    }

    #[test]
    fn all_that_is_unread_ends_where_the_rooms_do() {
        let mut rooms = rooms();
        rooms.read(RoomId(2), read_up_to(10), false);
        rooms.message(&message(11, 2, "new"), &me());
        assert_eq!(rooms.ends_of_unread(None), [(RoomId(1), Seq(11)), (RoomId(3), Seq(10))]);
        assert_eq!(rooms.ends_of_unread(Some(RoomId(3))), [(RoomId(3), Seq(10))]);
        assert!(rooms.ends_of_unread(Some(RoomId(2))).is_empty());
    }

    #[test]
    fn my_own_message_is_read() {
        let mut rooms = rooms();
        rooms.message(&message(11, 1, "mine"), &me());
        assert_eq!(rooms.get(RoomId(1)).unwrap().read.unread, 0);
    }

    #[test]
    fn neighbours_go_by_name_and_round_the_end() {
        let rooms = rooms();
        assert_eq!(rooms.neighbour(Some(RoomId(2)), 1), Some(RoomId(1)));
        assert_eq!(rooms.neighbour(Some(RoomId(2)), -1), Some(RoomId(3)));
        assert_eq!(rooms.neighbour(None, 1), Some(RoomId(2)));
        assert_eq!(Rooms::default().neighbour(None, 1), None);
    }
}
