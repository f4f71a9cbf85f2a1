//! The hub fans committed changes out to the sockets of this node and, through the relay, to the
//! other nodes.
//!
//! It publishes the changes of a room in order: `rev = published_rev + 1`. A change that arrives
//! too early waits 20 ms for its predecessors; then the hub reads them from the database. The inbox
//! of a socket is bounded: if it is full, the hub drops numbered changes and marks the socket as
//! lagging, and the session of the socket reads the changes after its cursor from the database.
//!
//! # Locks
//! A task that holds one of these locks takes only locks that come after it:
//!
//! 1. a shard of the rooms ([`rooms`]), at most one at a time;
//! 2. the table of the sockets ([`sockets`]);
//! 3. the state of presence, or that of the changed accounts;
//! 4. the queue of one inbox.
//!
//! The fan-out of a change holds the shard of its room and, one by one, the queues of the subscribers, so
//! the rooms of other shards go on meanwhile. The subscribers of a room change only under its shard, and a
//! change that removes a member unsubscribes them before the shard is unlocked: nobody gets a change that
//! comes after their removal. No lock is held while a change or an ephemeral event is encoded, or while the
//! database is read.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use shared::{
    ids::{RoomId, UserId},
    live::ServerFrame,
};
use tokio::sync::{Notify, watch};

mod accounts;
mod blocks;
mod connection;
mod fanout;
mod inbox;
mod node_events;
mod presence;
mod publication;
mod reconcile;
mod rooms;
mod sockets;

pub use accounts::Credential;
pub use connection::Drained;
pub use inbox::Inbox;
pub use node_events::{NodeEvent, NodeId, RoomChange};
pub use publication::{EphemeralEvent, Publication, Signal, SocketId, encode};

use crate::{concurrency_limiter::KeyedSemaphore, realtime::relay::Relay, tables::Database};
use accounts::ChangedAccounts;
use presence::PresenceState;
use rooms::Rooms;
use sockets::Sockets;

/// A handle to the fan-out of this node; cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct Shared {
    db: Database,
    node: NodeId,
    relay: Option<Relay>,
    rooms: Rooms,
    sockets: Mutex<Sockets>,
    presence: Mutex<PresenceState>,
    changed_accounts: Mutex<ChangedAccounts>,
    /// Becomes true when the server stops.
    draining: watch::Sender<bool>,
    on_account_change: OnceLock<OnAccountChange>,
    account_changed: Notify,
    /// A permit for each account, to read its blocks and send them.
    block_reads: KeyedSemaphore<UserId>,
}

type OnAccountChange = Box<dyn Fn(UserId) + Send + Sync>;

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
            rooms: Rooms::default(),
            sockets: Mutex::default(),
            presence: Mutex::default(),
            changed_accounts: Mutex::default(),
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
        self.lock_room(room).fanout().map(|fanout| fanout.online_users()).unwrap_or_default()
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
        self.sockets().start_drain();
        self.0.draining.send_replace(true);
        let mut empty_checks = 0;
        for _ in 0..100 {
            empty_checks = if self.sockets().is_empty() { empty_checks + 1 } else { 0 };
            // A socket whose upgrade was accepted may connect after the first empty check.
            if empty_checks > 2 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn send_to_user(&self, user: UserId, frame: ServerFrame) {
        let frame = Arc::new(frame);
        self.sockets().send_to_user(user, &frame);
    }

    /// Sends a frame that is never stored to the subscribers of a room, except one user.
    fn send_ephemeral(&self, room: RoomId, frame: &ServerFrame, except: Option<UserId>) {
        let event = Arc::new(EphemeralEvent { room, frame: encode(frame) });
        if let Some(fanout) = self.lock_room(room).fanout() {
            let others = fanout.connections().filter(|to| Some(to.credential.user) != except);
            others.for_each(|to| to.send(Signal::Ephemeral(event.clone())));
        }
    }

    fn sockets(&self) -> MutexGuard<'_, Sockets> {
        lock(&self.0.sockets)
    }

    fn presence(&self) -> MutexGuard<'_, PresenceState> {
        lock(&self.0.presence)
    }

    fn changed_accounts(&self) -> MutexGuard<'_, ChangedAccounts> {
        lock(&self.0.changed_accounts)
    }
}

/// Ignores poisoning, because no code that could panic runs while a state is half changed.
fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
