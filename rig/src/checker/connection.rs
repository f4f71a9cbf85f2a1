//! The state of a process's socket at one point of the history.

use std::collections::{BTreeMap, HashSet};

use shared::ids::{Rev, RoomId, UserId};

use super::index::MessageKey;
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

/// The state of a room's changes on one socket.
#[derive(Clone, Copy)]
pub enum Stream {
    /// Subscribed, not yet answered.
    Replay,
    /// Consecutive from here.
    Live(Rev),
    /// The entry `at` stepped over changes after `after`; the highest number since.
    Stepped { at: usize, after: Rev, highest: Rev },
}

impl Connection {
    pub fn apply(&mut self, at_us: u64, event: &Event) {
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
