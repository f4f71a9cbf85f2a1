//! A socket's place in the hub.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use shared::{
    ids::{Rev, RoomId, SessionId, UserId},
    live::{CloseCode, ServerFrame},
};
use tokio::sync::Notify;

use crate::failpoints::{Fault, has};

use super::{Hub, Signal, State};

/// Events that may wait for one socket.
const QUEUE: usize = 512;

/// A socket as the hub knows it.
pub(super) struct Listener {
    pub(super) user: UserId,
    pub(super) session: Option<SessionId>,
    state: Mutex<Waiting>,
    /// Something waits that did not before.
    filled: Notify,
}

/// What a socket has not taken yet. Taken all at once, so that it leaves in one write; an idle socket
/// holds nothing here.
#[derive(Default)]
struct Waiting {
    signals: VecDeque<Signal>,
    /// Numbered events were dropped.
    is_lagging: bool,
    /// The socket is to end.
    close: Option<CloseCode>,
    rooms: HashSet<RoomId>,
}

/// A socket's end of the hub; dropping it ends the listening.
pub struct Inbox {
    id: u64,
    hub: Hub,
    listener: Arc<Listener>,
}

/// What a socket finds in its inbox.
pub struct Found {
    /// In order.
    pub signals: VecDeque<Signal>,
    /// Set when something was dropped.
    pub is_lagging: bool,
    /// Set when the socket is to end, once it has said the rest.
    pub close: Option<CloseCode>,
}

impl Hub {
    /// A new socket of somebody.
    pub fn connect(&self, user: UserId, session: Option<SessionId>) -> Inbox {
        let (state, filled) = (Mutex::default(), Notify::new());
        let listener = Arc::new(Listener { user, session, state, filled });
        let mut state = self.state();
        state.next_id += 1;
        let id = state.next_id;
        state.users.entry(user).or_default().insert(id, listener.clone());
        state.listeners.insert(id, listener.clone());
        if state.is_draining {
            listener.send_away(0);
        }
        metrics::gauge!("hallway_sockets").increment(1);
        Inbox { id, hub: self.clone(), listener }
    }
}

impl Inbox {
    /// Waits until there is something; what it was is for [`Inbox::take`] to say.
    pub async fn filled(&self) {
        self.listener.filled.notified().await;
    }

    /// All that waits.
    pub fn take(&self) -> Found {
        let mut state = self.listener.state();
        Found {
            signals: std::mem::take(&mut state.signals),
            is_lagging: std::mem::take(&mut state.is_lagging),
            close: state.close,
        }
    }

    /// Everything of a room, from now on.
    pub fn listen(&self, room: RoomId) {
        let mut state = self.hub.state();
        let state = &mut *state;
        self.listener.state().rooms.insert(room);
        let listened = state.rooms.entry(room).or_default();
        if listened.listeners.is_empty() {
            self.hub.follow(room);
        }
        listened.listeners.insert(self.id, self.listener.clone());
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
        self.hub.whisper(room, self.listener.user, frame);
    }

    /// The newest change of a room that was told here.
    pub fn head(&self, room: RoomId) -> Rev {
        self.hub.state().rooms.get(&room).and_then(|listened| listened.told).unwrap_or_default()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        let rooms = std::mem::take(&mut self.listener.state().rooms);
        for room in rooms {
            state.unlisten(self.id, room);
        }
        state.listeners.remove(&self.id);
        if let Some(sockets) = state.users.get_mut(&self.listener.user) {
            sockets.remove(&self.id);
            if sockets.is_empty() {
                state.users.remove(&self.listener.user);
            }
        }
        metrics::gauge!("hallway_sockets").decrement(1);
    }
}

impl State {
    pub(super) fn unlisten(&mut self, id: u64, room: RoomId) {
        if let Some(listener) = self.listeners.get(&id) {
            listener.state().rooms.remove(&room);
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
        let mut state = self.state();
        let was_idle = state.signals.is_empty();
        if state.signals.len() < if has(Fault::DropOnFullQueue) { 4 } else { QUEUE } {
            state.signals.push_back(signal);
        } else {
            metrics::counter!("hallway_dropped_signals").increment(1);
            match signal {
                Signal::Event(_) | Signal::Behind(_) => {
                    state.is_lagging = !has(Fault::DropOnFullQueue);
                }
                // What has no number cannot be read again: a new welcome brings it.
                _ => _ = state.close.get_or_insert(CloseCode::TooSlow),
            }
        }
        drop(state);
        if was_idle {
            self.filled.notify_one();
        }
    }

    /// The same for what may be lost: half of the queue is for what counts.
    pub(super) fn whisper(&self, room: RoomId, frame: Utf8Bytes) {
        if self.state().signals.len() < QUEUE / 2 {
            self.tell(Signal::Whisper(room, frame));
        }
    }

    /// The server stops: come back at another moment than the others, within two seconds.
    pub(super) fn send_away(&self, nth: usize) {
        let reconnect_after_ms = (nth as u64 * 37) % 2_000;
        self.tell(Signal::Personal(Arc::new(ServerFrame::Goaway { reconnect_after_ms })));
        self.close(CloseCode::Restart);
    }

    /// The socket is to end.
    pub(super) fn close(&self, code: CloseCode) {
        self.state().close = Some(code);
        self.filled.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
