//! The state of a process's socket at one point of the history.

use std::collections::{BTreeMap, HashSet};

use shared::ids::{Rev, RoomId, UserId};

use super::index::MessageKey;
use crate::history::Event;

/// The socket of a process. Its times are lower bounds for the time at which the server sent
/// something: a frame after the socket was opened and after the client sent the last answered ping,
/// a page after the client requested it.
pub struct Connection {
    pub user: UserId,
    /// In microseconds since the start of the run, like all times here.
    pub opened_us: u64,
    /// When the client sent the last ping that was answered.
    pub pinged_us: u64,
    /// When the client requested the last page of a room.
    pub page_requested_us: BTreeMap<RoomId, u64>,
    /// When the client sent the last search.
    pub searched_us: u64,
    /// Rooms for which this socket delivered `removed` while no other subscription was unanswered,
    /// and to which the client has not subscribed since.
    pub left_rooms: HashSet<RoomId>,
    /// The tombstones that this socket delivered.
    pub tombstones: HashSet<MessageKey>,
    pub subscriptions: BTreeMap<RoomId, SubscriptionState>,
}

/// The state of a room's changes on one socket.
#[derive(Clone, Copy)]
pub enum SubscriptionState {
    /// The client subscribed, and the server has not completed its reply.
    Replay,
    /// Changes are consecutive; this was the last one.
    Live(Rev),
    /// Entry `at` skipped the changes after `after`; `highest` is the highest rev since.
    Skipped { at: usize, after: Rev, highest: Rev },
}

impl Connection {
    /// Applies an event other than those that change subscriptions and tombstones.
    pub fn apply(&mut self, at_us: u64, event: &Event) {
        match event {
            Event::Pong { pinged_us } => self.pinged_us = self.pinged_us.max(*pinged_us),
            Event::ReadPage { room } => drop(self.page_requested_us.insert(*room, at_us)),
            Event::Search => self.searched_us = at_us,
            Event::Subscribe { room, .. } => drop(self.left_rooms.remove(room)),
            Event::LeftRoom { room, .. } if !self.subscriptions.contains_key(room) => {
                self.left_rooms.insert(*room);
            }
            _ => {}
        }
    }
}
