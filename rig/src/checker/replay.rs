//! Replays the history once, entry by entry, with the state of each process's socket.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    Violations,
    connection::Connection,
    continuity, deletion,
    index::HistoryIndex,
    removal::{self, Absences},
};
use crate::history::Event;

pub fn check(index: &HistoryIndex, violations: &mut Violations) {
    let absences = Absences::new(index);
    let mut connections: HashMap<u32, Connection> = HashMap::new();
    for (at, entry) in index.entries.iter().enumerate() {
        if let Event::Connect { user, .. } = entry.event {
            let previous = connections.remove(&entry.process);
            let searched_us = previous.as_ref().map_or(0, |p| p.searched_us);
            let connection = Connection {
                user,
                opened_us: entry.at_us,
                pinged_us: 0,
                // Pages and hits requested during the previous connection may still arrive.
                searched_us,
                page_requested_us: previous.map(|p| p.page_requested_us).unwrap_or_default(),
                left_rooms: HashSet::new(),
                tombstones: HashSet::new(),
                subscriptions: BTreeMap::new(),
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
