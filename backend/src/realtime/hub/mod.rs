//! The hub fans committed changes out to the sockets of this node and, through the relay, to the
//! other nodes.
//!
//! It publishes the changes of a room in order: `rev = published_rev + 1`. A change that arrives
//! too early waits 20 ms for its predecessors; then the hub reads them from the database. The inbox
//! of a socket is bounded: if it is full, the hub drops numbered changes and marks the socket as
//! lagging, and the session of the socket reads the changes after its cursor from the database.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use shared::{
    ids::{RoomId, UserId},
    live::{RemovedReason, ServerFrame},
};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

mod accounts;
mod blocks;
mod fanout;
mod inbox;
mod node_events;
mod presence;
mod publication;
mod reconcile;

pub use accounts::Credential;
pub use inbox::{Drained, Inbox};
pub use node_events::{NodeEvent, NodeId, RoomChange};
pub use publication::{Publication, Signal, SocketId, encode};

use crate::{concurrency_limiter::KeyedSemaphore, realtime::relay::Relay, tables::Database};
use fanout::RoomFanout;
use inbox::Connection;

/// A handle to the fan-out of this node; cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct Shared {
    db: Database,
    node: NodeId,
    relay: Option<Relay>,
    state: Mutex<State>,
    /// Becomes true when the server stops.
    draining: watch::Sender<bool>,
    on_account_change: OnceLock<OnAccountChange>,
    account_changed: Notify,
    /// A permit for each account, to read its blocks and send them.
    block_reads: KeyedSemaphore<UserId>,
}

type OnAccountChange = Box<dyn Fn(UserId) + Send + Sync>;

#[derive(Default)]
struct State {
    next_socket: u64,
    connections: HashMap<SocketId, Arc<Connection>>,
    connections_by_user: HashMap<UserId, HashMap<SocketId, Arc<Connection>>>,
    rooms: HashMap<RoomId, RoomFanout>,
    /// Rooms whose presence may have changed since it was last sent.
    presence_dirty: HashSet<RoomId>,
    /// When the last event of each other node arrived.
    nodes_seen: HashMap<NodeId, Instant>,
    /// When the sessions of the connections expire, in microseconds since 1970.
    expiries: BTreeSet<(i64, SocketId)>,
    /// Accounts that the account watch has to look up.
    changed_accounts: HashSet<UserId>,
    /// The rows of the log of changed accounts that this node announced since it last read the log.
    announced_changes: Vec<i64>,
    /// Set when the server stops. A socket that connects later is closed too: its upgrade may have
    /// been accepted just before.
    is_draining: bool,
}

impl Hub {
    /// Starts the background tasks. With a Redis URL, the hub exchanges events with other nodes.
    pub fn start(db: Database, redis: Option<&str>) -> crate::Result<Self> {
        let node = NodeId(uuid::Uuid::new_v4().as_u64_pair().0);
        let relay = redis.map(|url| Relay::start(url, node.0)).transpose()?;
        let (relay, relay_events) = relay.unzip();
        let hub = Self(Arc::new(Shared {
            db,
            node,
            relay,
            state: Mutex::default(),
            draining: watch::Sender::default(),
            on_account_change: OnceLock::new(),
            account_changed: Notify::new(),
            block_reads: KeyedSemaphore::new(1),
        }));
        hub.spawn_presence();
        if let Some(relay_events) = relay_events {
            hub.spawn_receiver(relay_events);
        }
        if hub.0.db.is_shared() {
            hub.spawn_reconciler();
        }
        Ok(hub)
    }

    /// Whether the relay is up; `None` if there is no relay.
    pub fn relay_is_up(&self) -> Option<bool> {
        self.0.relay.as_ref().map(Relay::is_up)
    }

    /// The users who are subscribed to the room on any node.
    pub fn online_users(&self, room: RoomId) -> HashSet<UserId> {
        self.state().rooms.get(&room).map(RoomFanout::online_users).unwrap_or_default()
    }

    /// Waits until the server begins to stop.
    pub async fn wait_drain(&self) {
        // Fails only if the hub is gone.
        let _ = self.0.draining.subscribe().wait_for(|draining| *draining).await;
    }

    /// Closes every socket, each with a different delay before it reconnects (0 to 2 s), and waits
    /// until all are closed, at most 5 s.
    pub async fn drain(&self) {
        self.relay(&NodeEvent::Stopping);
        self.state().start_drain();
        self.0.draining.send_replace(true);
        let mut empty_checks = 0;
        for _ in 0..100 {
            empty_checks = if self.state().connections.is_empty() { empty_checks + 1 } else { 0 };
            // A socket whose upgrade was accepted may connect after the first empty check.
            if empty_checks > 2 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Locks the state. Ignores poisoning, because no code that could panic runs while the state is
    /// half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn start_drain(&mut self) {
        self.is_draining = true;
        self.connections.values().enumerate().for_each(|(nth, connection)| connection.go_away(nth));
    }

    fn send_to_user(&self, user: UserId, frame: &ServerFrame) {
        if let Some(connections) = self.connections_by_user.get(&user) {
            let frame = Arc::new(frame.clone());
            for connection in connections.values() {
                connection.send(Signal::ToUser(frame.clone()));
            }
        }
    }

    /// Ends all subscriptions to a deleted room.
    fn remove_room(&mut self, room: RoomId) {
        let subscribers = self.rooms.get(&room).map(|fanout| fanout.subscribers.clone());
        for (id, connection) in subscribers.unwrap_or_default() {
            self.unsubscribe(id, room);
            connection.send(Signal::Removed(room, RemovedReason::RoomDeleted));
        }
    }

    /// Ends all subscriptions of a user to a room.
    fn remove_member(&mut self, room: RoomId, user: UserId, reason: RemovedReason) {
        let connections = self.connections_by_user.get(&user).cloned().unwrap_or_default();
        for (id, connection) in connections {
            self.unsubscribe(id, room);
            connection.send(Signal::Removed(room, reason));
        }
    }

    /// Sends a frame that is never stored to those subscribers of a room that fulfil a condition.
    fn send_ephemeral(
        &self,
        room: RoomId,
        frame: &ServerFrame,
        condition: impl Fn(&Connection) -> bool,
    ) {
        let Some(fanout) = self.rooms.get(&room) else { return };
        let frame = encode(frame);
        for connection in fanout.subscribers.values().filter(|connection| condition(connection)) {
            connection.send_ephemeral(room, frame.clone());
        }
    }
}
