//! A socket's place in the hub.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::extract::ws::Utf8Bytes;
use shared::{
    ids::{Rev, RoomId, SessionId, UserId},
    live::{CloseCode, ServerFrame},
};
use tokio::sync::{mpsc, watch};

use crate::deliberate::{Fault, has};

use super::{Closing, Hub, Signal, State};

/// Events that may wait for one socket.
const QUEUE: usize = 512;

/// A socket as the hub knows it.
pub(super) struct Listener {
    pub(super) user: UserId,
    pub(super) session: Option<SessionId>,
    pub(super) close: Closing,
    queue: mpsc::Sender<Signal>,
    lagging: Arc<AtomicBool>,
    rooms: Mutex<HashSet<RoomId>>,
}

/// A socket's end of the hub; dropping it ends the listening.
pub struct Inbox {
    id: u64,
    hub: Hub,
    /// What comes.
    pub signals: mpsc::Receiver<Signal>,
    /// Set when something was dropped.
    pub lagging: Arc<AtomicBool>,
    /// Set when the socket is to end.
    pub close: watch::Receiver<Option<CloseCode>>,
}

impl Hub {
    /// A new socket of somebody.
    pub fn connect(&self, user: UserId, session: Option<SessionId>) -> Inbox {
        let (queue, signals) = mpsc::channel(QUEUE);
        let (close, closing) = watch::channel(None);
        let lagging = Arc::new(AtomicBool::new(false));
        let rooms = Mutex::default();
        let listener =
            Arc::new(Listener { user, session, close, queue, lagging: lagging.clone(), rooms });
        let mut state = self.state();
        state.next_id += 1;
        let id = state.next_id;
        state.users.entry(user).or_default().insert(id, listener.clone());
        state.listeners.insert(id, listener);
        metrics::gauge!("hallway_sockets").increment(1);
        Inbox { id, hub: self.clone(), signals, lagging, close: closing }
    }
}

impl Inbox {
    /// Everything of a room, from now on.
    pub fn listen(&self, room: RoomId) {
        let mut state = self.hub.state();
        let state = &mut *state;
        let Some(listener) = state.listeners.get(&self.id) else { return };
        listener.rooms().insert(room);
        let listened = state.rooms.entry(room).or_default();
        if listened.listeners.is_empty() {
            self.hub.follow(room);
        }
        listened.listeners.insert(self.id, listener.clone());
        state.stirred.insert(room);
    }

    /// This socket has read a room's changes up to here: what comes next for it is what follows.
    pub fn reached(&self, room: RoomId, rev: Rev) {
        if let Some(listened) = self.hub.state().rooms.get_mut(&room) {
            listened.told.get_or_insert(rev);
        }
    }

    /// No more of a room.
    pub fn leave(&self, room: RoomId) {
        self.hub.state().unlisten(self.id, room);
    }

    /// Tells the others in a room something that is never stored.
    pub fn whisper(&self, room: RoomId, frame: ServerFrame) {
        let me = self.hub.state().listeners.get(&self.id).map(|listener| listener.user);
        if let Some(me) = me {
            self.hub.whisper(room, me, frame);
        }
    }

    /// The newest change of a room that was told here.
    pub fn head(&self, room: RoomId) -> Rev {
        self.hub.state().rooms.get(&room).and_then(|listened| listened.told).unwrap_or_default()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        let Some(listener) = state.listeners.remove(&self.id) else { return };
        for room in std::mem::take(&mut *listener.rooms()) {
            state.unlisten(self.id, room);
        }
        if let Some(sockets) = state.users.get_mut(&listener.user) {
            sockets.remove(&self.id);
            if sockets.is_empty() {
                state.users.remove(&listener.user);
            }
        }
        metrics::gauge!("hallway_sockets").decrement(1);
    }
}

impl State {
    pub(super) fn unlisten(&mut self, id: u64, room: RoomId) {
        if let Some(listener) = self.listeners.get(&id) {
            listener.rooms().remove(&room);
        }
        let Some(listened) = self.rooms.get_mut(&room) else { return };
        listened.listeners.remove(&id);
        self.stirred.insert(room);
        if listened.listeners.is_empty() {
            self.rooms.remove(&room);
        }
    }
}

impl Listener {
    /// Puts it in the socket's queue, or notes that there was no place for it.
    pub(super) fn tell(&self, signal: Signal) {
        let is_event = matches!(signal, Signal::Event(_) | Signal::Behind(_));
        if self.queue.try_send(signal).is_err() {
            metrics::counter!("hallway_dropped_signals").increment(1);
            if is_event && has(Fault::DropOnFullQueue) {
                // Nobody will know.
            } else if is_event {
                self.lagging.store(true, Ordering::Release);
            } else {
                // What has no number cannot be read again: a new welcome brings it.
                self.close.send_if_modified(|code| {
                    code.is_none().then(|| *code = Some(CloseCode::TooSlow)).is_some()
                });
            }
        }
    }

    /// The same for what may be lost: half of the queue is for what counts.
    pub(super) fn whisper(&self, room: RoomId, frame: Utf8Bytes) {
        if self.queue.capacity() > QUEUE / 2 {
            let _ = self.queue.try_send(Signal::Whisper(room, frame));
        }
    }

    fn rooms(&self) -> std::sync::MutexGuard<'_, HashSet<RoomId>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
