//! Replays the history once, entry by entry, with the state of each process's socket.

use std::collections::{BTreeMap, HashMap, HashSet};

use shared::ids::{RoomId, UserId};

use super::{
    Violations,
    continuity::{self, Stream},
    deletion,
    index::{Index, MessageKey},
    removal::{self, Absences},
};
use crate::history::Event;

/// The socket of a process. A frame left the server after the socket was opened and after the last
/// answered ping was sent; a page left after it was requested.
pub struct Connection {
    pub user: UserId,
    pub opened_us: u64,
    /// When the client sent the last ping that was answered.
    pub pinged_us: u64,
    /// When the last page of a room was requested.
    pub page_requested_us: BTreeMap<RoomId, u64>,
    /// Rooms for which this socket delivered `removed`, without a subscription before or since.
    pub left_rooms: HashSet<RoomId>,
    /// The tombstones that this socket delivered.
    pub tombstones: HashSet<MessageKey>,
    pub streams: BTreeMap<RoomId, Stream>,
}

pub fn check(index: &Index, violations: &mut Violations) {
    let absences = Absences::new(index);
    let mut connections: HashMap<u32, Connection> = HashMap::new();
    for (at, entry) in index.entries.iter().enumerate() {
        if let Event::Connect { user, .. } = entry.event {
            let previous = connections.remove(&entry.process);
            let connection = Connection {
                user,
                opened_us: entry.at_us,
                pinged_us: 0,
                // Pages requested during the previous connection may still arrive.
                page_requested_us: previous.map(|p| p.page_requested_us).unwrap_or_default(),
                left_rooms: HashSet::new(),
                tombstones: HashSet::new(),
                streams: BTreeMap::new(),
            };
            connections.insert(entry.process, connection);
        }
        deletion::check_replies(index, at, violations);
        let Some(connection) = connections.get_mut(&entry.process) else { continue };
        continuity::check(index, at, connection, violations);
        removal::check(index, &absences, at, connection, violations);
        deletion::check(index, at, connection, violations);
        connection.apply(entry.at_us, &entry.event);
    }
}

impl Connection {
    fn apply(&mut self, at_us: u64, event: &Event) {
        match event {
            Event::Pong { pinged_us } => self.pinged_us = self.pinged_us.max(*pinged_us),
            Event::ReadPage { room } => drop(self.page_requested_us.insert(*room, at_us)),
            Event::Subscribe { room, .. } => drop(self.left_rooms.remove(room)),
            Event::LeftRoom { room, .. } if !self.streams.contains_key(room) => {
                self.left_rooms.insert(*room);
            }
            _ => {}
        }
    }
}
