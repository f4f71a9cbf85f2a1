//! Presence: the hub sends it at most once a second and as a difference, so that a thousand users
//! who reconnect at once cost one frame, and a user who reconnects within the second costs none.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use shared::{
    ids::{RoomId, UserId},
    live::ServerFrame,
    rules,
};
use tokio::time::Instant;

use super::{Hub, node_events::NodeId};
use crate::{
    background::run_periodically,
    failpoints::{Failpoint, is_active},
};

/// A node that sent no event for this long counts as dead, and its users as offline.
const DEAD_AFTER: Duration = Duration::from_secs(7);

/// Whose presence may have changed.
#[derive(Default)]
pub(super) struct PresenceState {
    /// Rooms whose presence may have changed since it was last sent.
    dirty: HashSet<RoomId>,
    /// When the last event of each other node arrived.
    nodes_seen: HashMap<NodeId, Instant>,
}

impl PresenceState {
    pub(super) fn mark_dirty(&mut self, room: RoomId) {
        self.dirty.insert(room);
    }

    pub(super) fn mark_node_seen(&mut self, node: NodeId) {
        self.nodes_seen.insert(node, Instant::now());
    }

    /// Forgets dead nodes and the one that stopped, and returns the others.
    fn expire_nodes(&mut self, stopped: Option<NodeId>) -> HashSet<NodeId> {
        self.nodes_seen.retain(|node, seen| stopped != Some(*node) && seen.elapsed() <= DEAD_AFTER);
        self.nodes_seen.keys().copied().collect()
    }
}

impl Hub {
    /// Starts the task that sends presence; it ends with the runtime.
    pub(super) fn spawn_presence(&self) {
        let hub = self.clone();
        tokio::spawn(async move {
            let send = |_| async { hub.send_changed_presence() };
            run_periodically("presence", Duration::from_secs(1), send).await;
        });
    }

    fn send_changed_presence(&self) {
        let dirty = std::mem::take(&mut self.presence().dirty);
        for room in dirty {
            self.send_presence(room);
            self.relay_changed_presence(room);
        }
    }

    /// Sends the difference to what was last sent. Only the task of presence calls it, so the frames of a
    /// room have the order of their differences.
    fn send_presence(&self, room: RoomId) {
        let mut locked = self.lock_room(room);
        let Some(fanout) = locked.fanout() else { return };
        let users = fanout.online_users();
        let online: Vec<_> = users.difference(&fanout.announced_users).copied().collect();
        let offline: Vec<_> = fanout.announced_users.difference(&users).copied().collect();
        fanout.announced_users = users;
        drop(locked);
        let max = rules::FRAME_MAX_ITEMS;
        let (mut online, mut offline) = (online.chunks(max), offline.chunks(max));
        while online.len() + offline.len() > 0 {
            let [online, offline] =
                [online.next(), offline.next()].map(|users| users.unwrap_or_default().to_vec());
            let frame = ServerFrame::Presence { room, online, offline };
            if is_active(Failpoint::PresenceToldOutside) {
                self.sockets().send_to_all(&Arc::new(frame));
                continue;
            }
            self.send_ephemeral(room, &frame, None);
        }
    }

    /// Relays the presence of this node only if it changed, because otherwise two nodes would reply
    /// to each other forever.
    fn relay_changed_presence(&self, room: RoomId) {
        let mut locked = self.lock_room(room);
        let Some(fanout) = locked.fanout() else {
            // Under the lock, because otherwise this could undo the subscription of a socket that
            // connects now.
            self.unsubscribe_relay(room);
            drop(locked);
            return self.relay_presence(room);
        };
        if fanout.local_users() != fanout.relayed_users {
            drop(locked);
            self.relay_presence(room);
        }
    }

    /// Drops the presence of dead nodes, and of the one that stopped.
    pub(super) fn expire_nodes(&self, stopped: Option<NodeId>) {
        let nodes = self.presence().expire_nodes(stopped);
        self.for_each_room(|room, fanout| {
            let before = fanout.remote_users.len();
            fanout.remote_users.retain(|node, _| nodes.contains(node));
            if fanout.remote_users.len() != before {
                self.presence().mark_dirty(room);
            }
        });
    }

    /// Sets the users who are subscribed to a room on another node.
    pub(super) fn set_remote_presence(&self, node: NodeId, room: RoomId, users: Vec<UserId>) {
        if let Some(fanout) = self.lock_room(room).fanout() {
            fanout.remote_users.insert(node, users.into_iter().collect());
            self.presence().mark_dirty(room);
        }
    }
}
