//! The inbox of a socket: a bounded queue between the hub and the socket's session.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use shared::{
    ids::{Rev, RoomId, UserId},
    live::{CloseCode, ServerFrame},
};
use tokio::sync::Notify;

use crate::failpoints::{Failpoint, is_active};

use super::{Credential, Hub, NodeEvent, Signal, SocketId, State};

/// The maximum number of signals in an inbox.
const QUEUE_CAPACITY: usize = 512;

/// The hub's side of an inbox.
pub(super) struct Connection {
    pub(super) credential: Credential,
    queue: Mutex<Queue>,
    /// Wakes the session when the queue stops being empty.
    not_empty: Notify,
}

/// The queue of an inbox. The session takes all of it at once and writes it with one flush; the
/// queue of an idle socket has no allocation.
#[derive(Default)]
struct Queue {
    signals: VecDeque<Signal>,
    /// Whether numbered changes were dropped.
    is_lagging: bool,
    /// Set if the socket has to close.
    close: Option<CloseCode>,
    /// The subscribed rooms.
    rooms: HashSet<RoomId>,
}

/// The session's side of an inbox. Dropping it ends the subscriptions.
pub struct Inbox {
    id: SocketId,
    hub: Hub,
    connection: Arc<Connection>,
}

/// The content of an inbox.
pub struct Drained {
    /// The signals, in order.
    pub signals: VecDeque<Signal>,
    /// Whether numbered changes were dropped.
    pub is_lagging: bool,
    /// Set if the socket has to close: at once if the session ended, otherwise after it sent the
    /// signals.
    pub close: Option<CloseCode>,
}

impl Hub {
    /// Whether a user has `max` sockets on this node already.
    pub fn has_sockets(&self, user: UserId, max: usize) -> bool {
        self.state().has_sockets(user, max)
    }

    /// Registers a socket of a user; `None` if the user has `max` sockets on this node already. The
    /// caller then checks the credential again, because a revocation between the first check and this
    /// call has not reached the socket.
    pub fn connect(&self, credential: Credential, max: usize) -> Option<Inbox> {
        let mut state = self.state();
        if state.has_sockets(credential.user, max) {
            return None;
        }
        let (id, connection) = state.connect(credential);
        if state.is_draining {
            connection.go_away(0);
        }
        metrics::gauge!("hallway_sockets").increment(1);
        Some(Inbox { id, hub: self.clone(), connection })
    }
}

impl State {
    pub(super) fn connect(&mut self, credential: Credential) -> (SocketId, Arc<Connection>) {
        let (queue, not_empty) = (Mutex::default(), Notify::new());
        let connection = Arc::new(Connection { credential, queue, not_empty });
        self.next_socket += 1;
        let id = SocketId(self.next_socket);
        let by_user = self.connections_by_user.entry(credential.user).or_default();
        by_user.insert(id, connection.clone());
        self.connections.insert(id, connection.clone());
        self.expiries.extend(credential.expires_at.map(|expires_at| (expires_at, id)));
        (id, connection)
    }

    fn disconnect(&mut self, id: SocketId, credential: &Credential) {
        self.connections.remove(&id);
        if let Some(expires_at) = credential.expires_at {
            self.expiries.remove(&(expires_at, id));
        }
        if let Some(connections) = self.connections_by_user.get_mut(&credential.user) {
            connections.remove(&id);
            if connections.is_empty() {
                self.connections_by_user.remove(&credential.user);
            }
        }
    }

    fn has_sockets(&self, user: UserId, max: usize) -> bool {
        self.connections_by_user.get(&user).is_some_and(|sockets| sockets.len() >= max)
    }
}

impl Inbox {
    /// The id of the socket.
    pub fn socket(&self) -> SocketId {
        self.id
    }

    /// Waits until the inbox has content for [`Inbox::drain`].
    pub async fn not_empty(&self) {
        self.connection.not_empty.notified().await;
    }

    /// Takes the whole content.
    pub fn drain(&self) -> Drained {
        let mut queue = self.connection.queue();
        Drained {
            signals: std::mem::take(&mut queue.signals),
            is_lagging: std::mem::take(&mut queue.is_lagging),
            close: queue.close,
        }
    }

    /// Whether the account watch has ended the access of the socket.
    pub fn has_access_ended(&self) -> bool {
        self.connection.has_access_ended()
    }

    /// Subscribes to a room: the inbox gets its changes and ephemeral events from now on. The user
    /// does not count as online there before [`Inbox::confirm_member`].
    pub fn subscribe(&self, room: RoomId) {
        let mut state = self.hub.state();
        let state = &mut *state;
        self.connection.queue().rooms.insert(room);
        let fanout = state.rooms.entry(room).or_default();
        if fanout.subscribers.is_empty() {
            self.hub.subscribe_relay(room);
        }
        fanout.subscribers.insert(self.id, self.connection.clone());
    }

    /// Shows the user as online in a room of which the session knows that the user is a member.
    pub fn confirm_member(&self, room: RoomId) {
        let mut state = self.hub.state();
        let Some(fanout) = state.rooms.get_mut(&room) else { return };
        if fanout.subscribers.contains_key(&self.id) && fanout.confirmed.insert(self.id) {
            state.presence_dirty.insert(room);
        }
    }

    /// Sets the published rev of a room to `rev`, up to which the session has read its changes,
    /// unless the hub has published a change of the room already.
    pub fn init_published_rev(&self, room: RoomId, rev: Rev) {
        if let Some(fanout) = self.hub.state().rooms.get_mut(&room) {
            fanout.published_rev.get_or_insert(rev);
        }
    }

    /// Ends the subscription to a room.
    pub fn unsubscribe(&self, room: RoomId) {
        self.hub.state().unsubscribe(self.id, room);
    }

    /// Sends a frame that is never stored to the other users who are subscribed to a room.
    pub fn publish_ephemeral(&self, room: RoomId, frame: ServerFrame) {
        self.hub.publish(NodeEvent::Ephemeral {
            room,
            from: self.connection.credential.user,
            frame,
        });
    }

    /// The `rev` of the last change of a room that the hub published on this node; 0 before the
    /// first.
    pub fn published_rev(&self, room: RoomId) -> Rev {
        let state = self.hub.state();
        state.rooms.get(&room).and_then(|fanout| fanout.published_rev).unwrap_or_default()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        let rooms = std::mem::take(&mut self.connection.queue().rooms);
        for room in rooms {
            state.unsubscribe(self.id, room);
        }
        state.disconnect(self.id, &self.connection.credential);
        metrics::gauge!("hallway_sockets").decrement(1);
    }
}

impl State {
    pub(super) fn unsubscribe(&mut self, id: SocketId, room: RoomId) {
        if let Some(connection) = self.connections.get(&id) {
            connection.queue().rooms.remove(&room);
        }
        let Some(fanout) = self.rooms.get_mut(&room) else { return };
        fanout.subscribers.remove(&id);
        fanout.confirmed.remove(&id);
        self.presence_dirty.insert(room);
        if fanout.subscribers.is_empty() {
            self.rooms.remove(&room);
        }
    }
}

impl Connection {
    /// Queues a signal. If the queue is full, marks the socket as lagging.
    pub(super) fn send(&self, signal: Signal) {
        let mut queue = self.queue();
        let was_empty = queue.signals.is_empty();
        let limit = if is_active(Failpoint::DropOnFullQueue) { 4 } else { QUEUE_CAPACITY };
        if queue.signals.len() < limit {
            queue.signals.push_back(signal);
        } else {
            metrics::counter!("hallway_dropped_signals").increment(1);
            match signal {
                Signal::Change(_) | Signal::Lagged(_) => {
                    queue.is_lagging = !is_active(Failpoint::DropOnFullQueue);
                }
                // A signal without a number cannot be read from the database. The socket closes,
                // and the `welcome` of the next socket contains the same information.
                _ => _ = queue.close.get_or_insert(CloseCode::TooSlow),
            }
        }
        drop(queue);
        if was_empty {
            self.not_empty.notify_one();
        }
    }

    /// Queues a frame that may be lost. Half of the queue is reserved for other signals.
    pub(super) fn send_ephemeral(&self, room: RoomId, frame: Utf8Bytes) {
        if self.queue().signals.len() < QUEUE_CAPACITY / 2 {
            self.send(Signal::Ephemeral(room, frame));
        }
    }

    /// Sends `goaway`, because the server stops, and closes the socket. `nth` spreads the delays
    /// before clients reconnect over 2 s.
    pub(super) fn go_away(&self, nth: usize) {
        let reconnect_after_ms = (nth as u64 * 37) % 2_000;
        self.send(Signal::ToUser(Arc::new(ServerFrame::Goaway { reconnect_after_ms })));
        self.close(CloseCode::Restart);
    }

    /// Closes the socket: at once if the session ended, otherwise after it has sent the queued signals.
    /// The end of the session is final: a later reason must not let the socket send those signals.
    pub(super) fn close(&self, code: CloseCode) {
        let mut queue = self.queue();
        if queue.close != Some(CloseCode::SessionEnded) {
            queue.close = Some(code);
        }
        drop(queue);
        self.not_empty.notify_one();
    }

    pub(super) fn has_access_ended(&self) -> bool {
        self.queue().close == Some(CloseCode::SessionEnded)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
