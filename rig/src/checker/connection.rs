//! The state of a process's socket at one point of the history.

use std::collections::{BTreeMap, HashSet};

use shared::ids::{Rev, RoomId, UserId};

use super::index::MessageKey;
use crate::history::Event;

/// The socket of a process. It bounds when the server can have sent something: a frame after the socket
/// opened and after the last answered ping was sent, a page after it was requested.
pub struct Connection {
    pub user: UserId,
    pub opened_us: u64,
    /// When the client sent the last ping that was answered.
    pub pinged_us: u64,
    /// When the last page of a room was requested.
    pub page_requested_us: BTreeMap<RoomId, u64>,
    /// Rooms for which this socket delivered `removed`, that had no subscription then and have not
    /// subscribed since.
    pub left_rooms: HashSet<RoomId>,
    /// The tombstones that this socket delivered.
    pub tombstones: HashSet<MessageKey>,
    pub subscriptions: BTreeMap<RoomId, SubscriptionState>,
}

/// The state of a room's changes on one socket.
#[derive(Clone, Copy)]
pub enum SubscriptionState {
    /// Subscribed, not yet answered.
    Replay,
    /// Consecutive from here.
    Live(Rev),
    /// History entry `at` skipped the changes after `after`; `highest` is the highest rev since.
    SkippedAt { at: usize, after: Rev, highest: Rev },
}

impl Connection {
    pub fn apply(&mut self, at_us: u64, event: &Event) {
        match event {
            Event::Pong { pinged_us } => self.pinged_us = self.pinged_us.max(*pinged_us),
            Event::ReadPage { room } => drop(self.page_requested_us.insert(*room, at_us)),
            Event::Subscribe { room, .. } => drop(self.left_rooms.remove(room)),
            Event::LeftRoom { room, .. } if !self.subscriptions.contains_key(room) => {
                self.left_rooms.insert(*room);
            }
            _ => {}
        }
    }
}
