//! The rooms that I am in, with what is unread: what the sidebar shows. Messages themselves are
//! `shared::timeline`'s.

use std::collections::BTreeMap;

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
    /// Whether the server has said which they are.
    pub known: bool,
}

impl Rooms {
    /// What `welcome` says, in place of everything before.
    pub fn welcome(&mut self, rooms: Vec<MyRoom>) {
        self.rooms = rooms.into_iter().map(|room| (room.id, room)).collect();
        self.known = true;
    }

    /// I joined one.
    pub fn joined(&mut self, room: MyRoom) {
        self.rooms.insert(room.id, room);
    }

    /// I am no longer in one. Says what it was.
    pub fn removed(&mut self, room: RoomId) -> Option<MyRoom> {
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

    /// I have read up to here, on this device or another. Only goes forward.
    pub fn read(&mut self, room: RoomId, read: ReadState) {
        let Some(room) = self.rooms.get_mut(&room) else { return };
        if read.read_seq >= room.read.read_seq {
            room.read = read;
        }
    }

    /// I read up to here on this device, and the server does not know yet.
    pub fn read_here(&mut self, room: RoomId, seq: Seq) {
        let Some(room) = self.rooms.get_mut(&room) else { return };
        if seq > room.read.read_seq {
            let unread = (room.last_seq.0 - seq.0).max(0);
            let mentions = if unread == 0 { 0 } else { room.read.mentions };
            room.read = ReadState { read_seq: seq, unread, mentions };
        }
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

    #[test]
    fn reading_only_goes_forward() {
        let mut rooms = rooms();
        rooms.read_here(RoomId(1), Seq(10));
        rooms.read(RoomId(1), ReadState { read_seq: Seq(9), unread: 1, mentions: 1 });
        rooms.read_here(RoomId(1), Seq(3));
        assert_eq!(rooms.get(RoomId(1)).unwrap().read.unread, 0);
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
