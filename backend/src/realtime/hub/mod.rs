//! Who listens to which room on this node, and telling them, here and (by `relay`) on other nodes.
//!
//! A hub tells a room's changes in their order: `rev = told + 1`. One that comes early waits a
//! moment for those before it; what does not come is read from the database. A listener's queue is
//! bounded: when it is full, numbered events are dropped and the listener is marked as lagging; its
//! session then reads the room's changes since the last one that it delivered.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use shared::{
    ids::{RoomId, SessionId, UserId},
    live::{CloseCode, RemovedReason, ServerFrame},
    messages::Change,
    users::User,
};
mod event;
mod heads;
mod hints;
mod inbox;
mod presence;
mod room;

pub use event::{Event, Signal, encode};
pub use hints::Ended;
pub use inbox::{Found, Inbox};

use crate::{realtime::relay::Relay, tables::Database};
use hints::{Hint, NodeId};
use inbox::Listener;
use room::Listened;

/// The fan-out of this node.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct Shared {
    db: Database,
    node: NodeId,
    relay: Option<Relay>,
    state: Mutex<State>,
    when_ended: OnceLock<WhenEnded>,
}

type WhenEnded = Box<dyn Fn(&Ended) + Send + Sync>;

#[derive(Default)]
struct State {
    next_id: u64,
    listeners: HashMap<u64, Arc<Listener>>,
    users: HashMap<UserId, HashMap<u64, Arc<Listener>>>,
    rooms: HashMap<RoomId, Listened>,
    /// Rooms whose people came or went since presence was last told.
    stirred: HashSet<RoomId>,
    /// When other nodes were last heard.
    nodes: HashMap<NodeId, tokio::time::Instant>,
    /// Whether whoever comes now is sent away too: an upgrade may have been answered just before.
    is_draining: bool,
}

impl Hub {
    /// Starts telling. With a relay other nodes hear and are heard.
    pub fn start(db: Database, redis: Option<&str>) -> crate::Result<Self> {
        let node = NodeId(uuid::Uuid::new_v4().as_u64_pair().0);
        let relay = redis.map(|url| Relay::start(url, node.0)).transpose()?;
        let (relay, heard) = relay.unzip();
        let (state, when_ended) = (Mutex::default(), OnceLock::new());
        let hub = Self(Arc::new(Shared { db, node, relay, state, when_ended }));
        hub.tell_presence();
        if let Some(heard) = heard {
            hub.hear(heard);
        }
        if hub.0.db.is_shared() {
            hub.watch_heads();
        }
        Ok(hub)
    }

    /// What is to be done when sign-ins end or accounts change, here or on another node: caches are
    /// emptied. Said once, at start.
    pub fn when_ended(&self, act: impl Fn(&Ended) + Send + Sync + 'static) {
        let _ = self.0.when_ended.set(Box::new(act));
    }

    /// Whether the link to other nodes is up; none without one.
    pub fn relay_is_up(&self) -> Option<bool> {
        self.0.relay.as_ref().map(Relay::is_up)
    }

    /// Tells everyone in the room of a change; with the reason, if it says that somebody is no
    /// longer in it.
    pub fn publish(&self, room: RoomId, change: Change, why: Option<RemovedReason>) {
        self.relay(|| Hint::Change { room, change: change.clone(), why });
        self.offer(room, change, why);
    }

    /// Tells every socket of a person.
    pub fn to_user(&self, user: UserId, frame: &ServerFrame) {
        self.relay(|| Hint::Personal { user, frame: frame.clone() });
        self.state().to_user(user, frame);
    }

    /// Tells everyone in a room that it is no more.
    pub fn room_deleted(&self, room: RoomId) {
        self.relay(|| Hint::RoomDeleted { room });
        self.state().room_deleted(room);
    }

    /// A sign-in or an account has ended, or is another one: sockets are closed or told, caches
    /// emptied.
    pub fn end(&self, ended: Ended) {
        self.relay(|| Hint::Ended(ended.clone()));
        self.ended(&ended);
    }

    /// Tells the others in a room something that is never stored.
    fn whisper(&self, room: RoomId, from: UserId, frame: ServerFrame) {
        self.relay(|| Hint::Whisper { room, from, frame: frame.clone() });
        self.state().whisper(room, &frame, |listener| listener.user != from);
    }

    /// Who has a socket that listens to the room, on any node.
    pub fn present(&self, room: RoomId) -> HashSet<UserId> {
        self.state().rooms.get(&room).map(Listened::present).unwrap_or_default()
    }

    /// Sends every socket away, each told to come back at another moment of the next two seconds,
    /// and waits until they are gone or five seconds have passed.
    pub async fn drain(&self) {
        self.relay(|| Hint::Gone { node: self.0.node });
        self.state().send_all_away();
        let mut empty = 0;
        for _ in 0..100 {
            empty = if self.state().listeners.is_empty() { empty + 1 } else { 0 };
            if empty > 2 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn ended(&self, ended: &Ended) {
        if let Some(act) = self.0.when_ended.get() {
            act(ended);
        }
        let state = self.state();
        match ended {
            Ended::Session(session) => state.close_session(*session),
            Ended::User(user) => state.close_user(*user),
            Ended::Changed(user) => state.user_changed(user),
        }
    }

    /// Makes the hint only where somebody takes it.
    fn relay(&self, hint: impl FnOnce() -> Hint) {
        if let Some(relay) = &self.0.relay {
            let hint = hint();
            relay.tell(hint.topic(), hint.encode(self.0.node));
        }
    }

    /// A poisoned lock is taken all the same: every change of the state is whole before any code
    /// that could panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn send_all_away(&mut self) {
        self.is_draining = true;
        self.listeners.values().enumerate().for_each(|(nth, listener)| listener.send_away(nth));
    }

    fn to_user(&self, user: UserId, frame: &ServerFrame) {
        if let Some(sockets) = self.users.get(&user) {
            let frame = Arc::new(frame.clone());
            for listener in sockets.values() {
                listener.tell(Signal::Personal(frame.clone()));
            }
        }
    }

    fn room_deleted(&mut self, room: RoomId) {
        let listeners = self.rooms.get(&room).map(|r| r.listeners.clone()).unwrap_or_default();
        for (id, listener) in listeners {
            self.unlisten(id, room);
            listener.tell(Signal::Removed(room, RemovedReason::RoomDeleted));
        }
    }

    /// Ends the listening of one person to a room.
    fn removed(&mut self, room: RoomId, user: UserId, reason: RemovedReason) {
        let sockets = self.users.get(&user).cloned().unwrap_or_default();
        for (id, listener) in sockets {
            self.unlisten(id, room);
            listener.tell(Signal::Removed(room, reason));
        }
    }

    fn close_session(&self, session: SessionId) {
        self.close_where(|listener| listener.session == Some(session));
    }

    fn close_user(&self, user: UserId) {
        self.close_where(|listener| listener.user == user);
    }

    fn close_where(&self, which: impl Fn(&Listener) -> bool) {
        for listener in self.listeners.values().filter(|listener| which(listener)) {
            listener.close(CloseCode::SessionEnded);
        }
    }

    fn user_changed(&self, user: &User) {
        self.to_user(user.id, &ServerFrame::User { user: user.clone() });
    }

    fn whisper(&self, room: RoomId, frame: &ServerFrame, to: impl Fn(&Listener) -> bool) {
        let Some(listened) = self.rooms.get(&room) else { return };
        let frame = encode(frame);
        for listener in listened.listeners.values().filter(|listener| to(listener)) {
            listener.whisper(room, frame.clone());
        }
    }
}
