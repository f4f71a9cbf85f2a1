//! Node events: a node publishes them to its own sockets and, through the relay, to the other
//! nodes. The relay may lose any of them; the reconciler finds lost changes in the database, and the
//! account watch finds lost account changes there.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::{
    ids::{RoomId, Seq, UserId},
    live::{RemovedReason, ServerFrame},
    messages::Change,
};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::{Hub, SocketId};
use crate::{
    background::catch_panic,
    realtime::relay::{RelayEvent, Topic},
};

/// How often a node sends its heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Identifies a node. Random, new at every start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeId(pub(super) u64);

/// A committed change of a room.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoomChange {
    /// The room.
    pub room: RoomId,
    /// The row's new state, and the `rev` of the change.
    pub change: Change,
    /// Why the change removes a member from the room, if it does.
    pub removed: Option<RemovedReason>,
    /// The newest message when the member left whom the change is about. Nodes of an older version do
    /// not send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_seq: Option<Seq>,
    /// The socket of this node that posted the change, if any.
    #[serde(skip)]
    pub posted_by: Option<SocketId>,
}

/// An event between nodes, and from the ledger to the hub.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeEvent {
    /// A change was committed.
    Change(RoomChange),
    /// A frame for all devices of a user.
    ToUser {
        /// The user.
        user: UserId,
        /// The frame.
        frame: ServerFrame,
    },
    /// A room was deleted.
    RoomDeleted {
        /// The room.
        room: RoomId,
    },
    /// The password, the role, the state or a session of an account changed. Carries no authority:
    /// each node reads the account from the database.
    AccountChanged {
        /// The account.
        user: UserId,
    },
    /// An account blocked or unblocked somebody: each node reads its blocks from the database.
    BlocksChanged {
        /// The account.
        user: UserId,
    },
    /// A frame that is never stored, for a room's subscribers.
    Ephemeral {
        /// The room.
        room: RoomId,
        /// The sender, who does not get it.
        from: UserId,
        /// The frame.
        frame: ServerFrame,
    },
    /// All users with a subscription to a room on one node.
    Presence {
        /// The node.
        node: NodeId,
        /// The room.
        room: RoomId,
        /// The users.
        users: Vec<UserId>,
    },
    /// Requests the [`NodeEvent::Presence`] of a room from the other nodes.
    PresenceRequest {
        /// The room.
        room: RoomId,
    },
    /// The sending node is running.
    Heartbeat,
    /// The sending node is stopping.
    Stopping,
}

/// An event as the relay transports it, in JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope<E> {
    from: NodeId,
    event: E,
}

impl RoomChange {
    /// A change that removes nobody, and that no socket posted.
    pub fn new(room: RoomId, change: Change) -> Self {
        Self { room, change, removed: None, left_seq: None, posted_by: None }
    }
}

impl NodeEvent {
    fn topic(&self) -> Topic {
        match self {
            Self::Change(RoomChange { room, .. })
            | Self::RoomDeleted { room }
            | Self::Ephemeral { room, .. }
            | Self::Presence { room, .. }
            | Self::PresenceRequest { room } => Topic::Room(*room),
            Self::ToUser { .. }
            | Self::AccountChanged { .. }
            | Self::BlocksChanged { .. }
            | Self::Heartbeat
            | Self::Stopping => Topic::AllNodes,
        }
    }
}

impl Hub {
    /// Publishes an event on this node and to the other nodes.
    pub fn publish(&self, event: NodeEvent) {
        self.relay(&event);
        self.apply(event);
    }

    /// Sends an event to the other nodes only.
    pub(super) fn relay(&self, event: &NodeEvent) {
        if let Some(relay) = &self.0.relay {
            let line = serde_json::to_string(&Envelope { from: self.0.node, event });
            relay.publish(event.topic(), line.unwrap_or_default());
        }
    }

    /// Applies an event of this or another node.
    fn apply(&self, event: NodeEvent) {
        match event {
            NodeEvent::Change(change) => self.offer(change),
            NodeEvent::ToUser { user, frame } => self.send_to_user(user, frame),
            NodeEvent::RoomDeleted { room } => self.lock_room(room).remove_room(),
            NodeEvent::AccountChanged { user } => self.note_account_change(user),
            NodeEvent::BlocksChanged { user } => drop(self.spawn_send_blocks(user)),
            NodeEvent::Ephemeral { room, from, frame } => {
                self.send_ephemeral(room, &frame, Some(from));
            }
            NodeEvent::Presence { node, room, users } => {
                self.set_remote_presence(node, room, users);
            }
            NodeEvent::PresenceRequest { room } => self.relay_presence(room),
            NodeEvent::Heartbeat | NodeEvent::Stopping => {}
        }
    }

    pub(super) fn subscribe_relay(&self, room: RoomId) {
        if let Some(relay) = &self.0.relay {
            relay.subscribe(room);
            // If the room had no subscribers only for a moment, the relay is still subscribed to it
            // and will not report a new subscription, but the remote presence was dropped.
            self.relay(&NodeEvent::PresenceRequest { room });
        }
    }

    pub(super) fn unsubscribe_relay(&self, room: RoomId) {
        if let Some(relay) = &self.0.relay {
            relay.unsubscribe(room);
        }
    }

    /// Starts the task that receives the events of other nodes; it ends with the runtime.
    pub(super) fn spawn_receiver(&self, mut relay_events: mpsc::Receiver<RelayEvent>) {
        let hub = self.clone();
        tokio::spawn(async move {
            let mut heartbeat = interval(HEARTBEAT);
            heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    event = relay_events.recv() => match event {
                        Some(event) => {
                            let receive = async { hub.receive(event) };
                            if catch_panic("receiver", receive).await.is_none() {
                                hub.reconcile(None);
                            }
                        }
                        None => return,
                    },
                    _ = heartbeat.tick() => {
                        hub.relay(&NodeEvent::Heartbeat);
                        hub.expire_nodes(None);
                    }
                }
            }
        });
    }

    fn receive(&self, event: RelayEvent) {
        match event {
            RelayEvent::Message(lines) => {
                for line in lines.lines() {
                    match serde_json::from_str::<Envelope<NodeEvent>>(line) {
                        Ok(Envelope { from, event }) if from != self.0.node => {
                            self.presence().mark_node_seen(from);
                            if matches!(event, NodeEvent::Stopping) {
                                self.expire_nodes(Some(from));
                            }
                            self.apply(event);
                        }
                        Ok(_) => {}
                        Err(error) => {
                            tracing::warn!(%error, "unknown node event; another version?");
                        }
                    }
                }
            }
            RelayEvent::Subscribed(rooms) => {
                for room in &rooms {
                    self.relay(&NodeEvent::PresenceRequest { room: *room });
                    self.presence().mark_dirty(*room);
                }
                self.reconcile(Some(rooms));
            }
            RelayEvent::Lost => self.reconcile(None),
        }
    }

    /// Reconciles these rooms, or all rooms, because events may have been lost. Runs in a task of its
    /// own, so that the receiver continues.
    pub fn reconcile(&self, rooms: Option<Vec<RoomId>>) {
        let hub = self.clone();
        tokio::spawn(async move {
            let _ = hub.reconcile_rooms(rooms).await;
        });
    }

    /// Sends this node's presence in a room to the other nodes.
    pub(super) fn relay_presence(&self, room: RoomId) {
        let mut locked = self.lock_room(room);
        let local = locked.fanout().map(|fanout| {
            fanout.relayed_users = fanout.local_users();
            fanout.relayed_users.iter().copied().collect()
        });
        let users = local.unwrap_or_default();
        // Under the lock, because otherwise a newer presence could be sent before.
        self.relay(&NodeEvent::Presence { node: self.0.node, room, users });
    }
}
