//! Who listens to which room on this node, and telling them. Holds no text and reads no database:
//! what a slow listener misses it reads again itself.
//!
//! A listener's queue is bounded. When it is full, numbered events are dropped and the listener is
//! marked as lagging: its session then reads the room's changes since the last one it delivered.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use shared::{
    ids::{Rev, RoomId, SessionId, UserId},
    live::{CloseCode, RemovedReason, ServerFrame},
    messages::Change,
    users::User,
};
use tokio::sync::{mpsc, watch};

mod presence;

/// Events that may wait for one socket.
const QUEUE: usize = 512;

/// The fan-out of this node.
#[derive(Clone, Default)]
pub struct Hub(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    next_id: u64,
    listeners: HashMap<u64, Listener>,
    users: HashMap<UserId, HashSet<u64>>,
    rooms: HashMap<RoomId, Listened>,
    /// Rooms whose people came or went since presence was last told.
    stirred: HashSet<RoomId>,
}

/// A room that somebody listens to.
#[derive(Default)]
struct Listened {
    head: Rev,
    listeners: HashSet<u64>,
    /// Who was told to be there.
    announced: HashSet<UserId>,
}

struct Listener {
    user: UserId,
    session: Option<SessionId>,
    rooms: HashSet<RoomId>,
    queue: mpsc::Sender<Signal>,
    lagging: Arc<AtomicBool>,
    close: watch::Sender<Option<CloseCode>>,
}

/// What reaches a listener.
#[derive(Clone, Debug)]
pub enum Signal {
    /// A numbered change of a room.
    Event(Arc<Event>),
    /// Something for this person, of no number.
    Personal(Arc<ServerFrame>),
    /// Something about a room that is never stored.
    Whisper(RoomId, Utf8Bytes),
    /// Nothing more comes from this room.
    Removed(RoomId, RemovedReason),
}

/// A change of a room, encoded once for all who listen.
#[derive(Debug)]
pub struct Event {
    /// The room.
    pub room: RoomId,
    /// What changed.
    pub change: Change,
    /// The frame of the live socket.
    pub frame: Utf8Bytes,
}

impl Event {
    /// Encodes a change.
    pub fn new(room: RoomId, change: Change) -> Self {
        let frame = encode(&ServerFrame::of(room, change.clone()));
        Self { room, change, frame }
    }
}

/// A frame as text.
pub fn encode(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_default().into()
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

impl Inbox {
    /// Everything of a room, from now on.
    pub fn listen(&self, room: RoomId) {
        let mut state = self.hub.state();
        let state = &mut *state;
        if let Some(listener) = state.listeners.get_mut(&self.id) {
            listener.rooms.insert(room);
            state.rooms.entry(room).or_default().listeners.insert(self.id);
            state.stirred.insert(room);
        }
    }

    /// No more of a room.
    pub fn leave(&self, room: RoomId) {
        self.hub.state().unlisten(self.id, room);
    }

    /// Tells the others in a room something that is never stored.
    pub fn whisper(&self, room: RoomId, frame: &ServerFrame) {
        let state = self.hub.state();
        let me = state.listeners.get(&self.id).map(|listener| listener.user);
        state.whisper(room, frame, |listener| Some(listener.user) != me);
    }

    /// The newest change of a room that was told here.
    pub fn head(&self, room: RoomId) -> Rev {
        self.hub.state().rooms.get(&room).map_or(Rev(0), |listened| listened.head)
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        let rooms = state.listeners.get(&self.id).map(|l| l.rooms.clone()).unwrap_or_default();
        for room in rooms {
            state.unlisten(self.id, room);
        }
        let Some(listener) = state.listeners.remove(&self.id) else { return };
        if let Some(sockets) = state.users.get_mut(&listener.user) {
            sockets.remove(&self.id);
            if sockets.is_empty() {
                state.users.remove(&listener.user);
            }
        }
        metrics::gauge!("hallway_sockets").decrement(1);
    }
}

impl Hub {
    /// A new socket of somebody.
    pub fn connect(&self, user: UserId, session: Option<SessionId>) -> Inbox {
        let (queue, signals) = mpsc::channel(QUEUE);
        let (close, closing) = watch::channel(None);
        let lagging = Arc::new(AtomicBool::new(false));
        let mut state = self.state();
        state.next_id += 1;
        let id = state.next_id;
        let listener = Listener {
            user,
            session,
            rooms: HashSet::new(),
            queue,
            lagging: lagging.clone(),
            close,
        };
        state.listeners.insert(id, listener);
        state.users.entry(user).or_default().insert(id);
        metrics::gauge!("hallway_sockets").increment(1);
        Inbox { id, hub: self.clone(), signals, lagging, close: closing }
    }

    /// Tells everyone in the room of a change.
    pub fn publish(&self, room: RoomId, change: Change) {
        let mut state = self.state();
        let Some(listened) = state.rooms.get_mut(&room) else { return };
        listened.head = listened.head.max(change.rev);
        let event = Arc::new(Event::new(room, change));
        let listeners = state.rooms[&room].listeners.iter();
        for listener in listeners.filter_map(|id| state.listeners.get(id)) {
            listener.tell(Signal::Event(event.clone()));
        }
    }

    /// Tells every socket of a person.
    pub fn to_user(&self, user: UserId, frame: &ServerFrame) {
        let state = self.state();
        if let Some(sockets) = state.users.get(&user) {
            let frame = Arc::new(frame.clone());
            for listener in sockets.iter().filter_map(|id| state.listeners.get(id)) {
                listener.tell(Signal::Personal(frame.clone()));
            }
        }
    }

    /// Ends the listening of one person, or of all, to a room.
    pub fn remove(&self, room: RoomId, user: Option<UserId>, reason: RemovedReason) {
        let mut state = self.state();
        let out: Vec<u64> = match user {
            Some(user) => state.users.get(&user).into_iter().flatten().copied().collect(),
            None => {
                state.rooms.get(&room).into_iter().flat_map(|r| &r.listeners).copied().collect()
            }
        };
        for id in out {
            state.unlisten(id, room);
            if let Some(listener) = state.listeners.get(&id) {
                listener.tell(Signal::Removed(room, reason));
            }
        }
    }

    /// Ends the sockets of a session.
    pub fn close_session(&self, session: SessionId) {
        self.close_where(CloseCode::SessionEnded, |listener| listener.session == Some(session));
    }

    /// Ends the sockets of a person.
    pub fn close_user(&self, user: UserId) {
        self.close_where(CloseCode::SessionEnded, |listener| listener.user == user);
    }

    /// Tells a person's sockets that their account changed.
    pub fn user_changed(&self, user: &User) {
        self.to_user(user.id, &ServerFrame::User { user: user.clone() });
    }

    /// Who has a socket that listens to the room.
    pub fn present(&self, room: RoomId) -> HashSet<UserId> {
        self.state().present(room)
    }

    /// Sends every socket away, each told to come back at another moment of the next two seconds,
    /// and waits until they are gone or five seconds have passed.
    pub async fn drain(&self) {
        for (nth, listener) in self.state().listeners.values().enumerate() {
            let reconnect_after_ms = (nth as u64 * 37) % 2_000;
            let frame = ServerFrame::Goaway { reconnect_after_ms };
            listener.tell(Signal::Personal(Arc::new(frame)));
            listener.close.send_replace(Some(CloseCode::Restart));
        }
        for _ in 0..100 {
            if self.state().listeners.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn close_where(&self, code: CloseCode, which: impl Fn(&Listener) -> bool) {
        let state = self.state();
        for listener in state.listeners.values().filter(|listener| which(listener)) {
            listener.close.send_replace(Some(code));
        }
    }

    /// A poisoned lock is taken all the same: every change of the state is whole before any code
    /// that could panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn unlisten(&mut self, id: u64, room: RoomId) {
        if let Some(listener) = self.listeners.get_mut(&id) {
            listener.rooms.remove(&room);
        }
        if let Some(listened) = self.rooms.get_mut(&room) {
            listened.listeners.remove(&id);
            self.stirred.insert(room);
            if listened.listeners.is_empty() {
                self.rooms.remove(&room);
            }
        }
    }

    fn present(&self, room: RoomId) -> HashSet<UserId> {
        let listeners = self.rooms.get(&room).into_iter().flat_map(|listened| &listened.listeners);
        listeners.filter_map(|id| self.listeners.get(id)).map(|listener| listener.user).collect()
    }

    fn whisper(&self, room: RoomId, frame: &ServerFrame, to: impl Fn(&Listener) -> bool) {
        let frame = encode(frame);
        let listeners = self.rooms.get(&room).into_iter().flat_map(|listened| &listened.listeners);
        for listener in listeners.filter_map(|id| self.listeners.get(id)).filter(|l| to(l)) {
            // Half of the queue is for what counts.
            if listener.queue.capacity() > QUEUE / 2 {
                let _ = listener.queue.try_send(Signal::Whisper(room, frame.clone()));
            }
        }
    }
}

impl Listener {
    fn tell(&self, signal: Signal) {
        let is_event = matches!(signal, Signal::Event(_));
        if self.queue.try_send(signal).is_err() {
            metrics::counter!("hallway_dropped_signals").increment(1);
            if is_event {
                self.lagging.store(true, Ordering::Release);
            } else {
                // What has no number cannot be read again: a new welcome brings it.
                self.close.send_if_modified(|code| {
                    code.is_none().then(|| *code = Some(CloseCode::TooSlow)).is_some()
                });
            }
        }
    }
}
