//! The live socket: frames in become state, commands go out, and what is not acknowledged stays in
//! the outbox. Must not know what anything looks like.

use std::collections::{BTreeSet, HashMap};

use futures::channel::mpsc::UnboundedSender;
use leptos::prelude::*;
use shared::{
    ids::{ClientId, RoomId, Seq, UserId},
    live::{ClientFrame, RemovedReason},
    rooms::MyRoom,
    timeline::Timeline,
    users::UserRef,
};
use uuid::Uuid;

use crate::{
    state::{
        live::{
            outbox::{Entry, Outbox},
            typing::Typing,
        },
        rooms::Rooms,
    },
    ui::Ui,
    users::session::Session,
};

mod banner;
mod connection;
mod outbox;
mod quotes;
mod receive;

pub use banner::Banner;

/// How the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Nobody is signed in.
    Off,
    /// On the way, for the first time or again.
    Connecting,
    /// Welcomed: what comes is live.
    Up,
}

/// One room of mine, as this page holds it. Cheap to clone; belongs to no component.
#[derive(Clone)]
pub struct RoomState {
    pub timeline: ArcRwSignal<Timeline>,
    pub online: ArcRwSignal<BTreeSet<UserId>>,
    pub typing: ArcRwSignal<Typing>,
    /// Counts the times that everything loaded was thrown away: load a page again.
    pub epoch: ArcRwSignal<u32>,
    /// Between `subscribe` and `subscribed` a step of more than one is no reason to ask again.
    catching_up: ArcRwSignal<bool>,
}

impl RoomState {
    fn new(me: UserId, room: &MyRoom) -> Self {
        Self {
            timeline: ArcRwSignal::new(Timeline::new(me, room.last_seq, room.last_rev)),
            online: ArcRwSignal::default(),
            typing: ArcRwSignal::default(),
            epoch: ArcRwSignal::new(0),
            catching_up: ArcRwSignal::new(false),
        }
    }
}

/// A room that I am no longer in.
#[derive(Clone, Debug, PartialEq)]
pub struct Departure {
    pub room: RoomId,
    pub name: String,
    pub reason: RemovedReason,
}

/// The live side of the page; lives as long as the page, so its signals are never gone.
#[derive(Clone, Copy)]
pub struct Live {
    /// My rooms, with what is unread.
    pub rooms: RwSignal<Rooms>,
    /// How the connection is.
    pub link: RwSignal<Link>,
    /// Counts the welcomes: what the socket does not replay is to be asked for again.
    pub welcomes: RwSignal<u32>,
    /// The last room that I stopped being in.
    pub departure: RwSignal<Option<Departure>>,
    session: Session,
    ui: Ui,
    me: StoredValue<Option<UserRef>>,
    states: StoredValue<HashMap<RoomId, RoomState>>,
    outbox: StoredValue<Outbox>,
    quotes: StoredValue<quotes::Quotes>,
    /// Counts the changes of what is quoted.
    quoted: RwSignal<u32>,
    commands: StoredValue<Option<UnboundedSender<ClientFrame>>>,
    wake: StoredValue<Option<UnboundedSender<()>>>,
    /// Which connection loop is the one: an older one sees that it is not, and ends.
    run: StoredValue<u32>,
}

impl Live {
    pub fn new(session: Session, ui: Ui) -> Self {
        Self {
            rooms: RwSignal::default(),
            link: RwSignal::new(Link::Off),
            welcomes: RwSignal::new(0),
            departure: RwSignal::new(None),
            session,
            ui,
            me: StoredValue::new(None),
            states: StoredValue::default(),
            outbox: StoredValue::default(),
            quotes: StoredValue::default(),
            quoted: RwSignal::new(0),
            commands: StoredValue::new(None),
            wake: StoredValue::new(None),
            run: StoredValue::new(0),
        }
    }

    /// Connects as somebody and stays connected.
    pub fn start(self, me: UserRef) {
        self.stop();
        self.me.set_value(Some(me.clone()));
        self.link.set(Link::Connecting);
        connection::start(self, me.id, self.run.get_value());
    }

    /// Disconnects and forgets everything but what is on disk.
    pub fn stop(self) {
        self.run.update_value(|run| *run += 1);
        self.retry_now();
        self.me.set_value(None);
        self.link.set(Link::Off);
        self.states.update_value(HashMap::clear);
        self.outbox.set_value(Outbox::default());
        self.quotes.set_value(quotes::Quotes::default());
        self.commands.set_value(None);
        self.rooms.set(Rooms::default());
        self.departure.set(None);
    }

    /// Does not wait for the next try.
    pub fn retry_now(self) {
        self.wake.with_value(|wake| wake.as_ref().map(|wake| wake.unbounded_send(())));
    }

    /// What the page holds of a room of mine.
    pub fn state(self, room: RoomId) -> Option<RoomState> {
        self.states.with_value(|states| states.get(&room).cloned())
    }

    /// Says something: shown at once, kept until acknowledged.
    pub fn send(self, room: RoomId, content: String, reply_to: Option<Seq>) {
        let Some(me) = self.me.get_value() else { return };
        let client_id = ClientId(Uuid::now_v7());
        let entry = Entry { client_id, user: me.id, room, content, reply_to, refused: None };
        if let Some(state) = self.state(room) {
            state.timeline.update(|t| t.send(client_id, entry.content.clone(), reply_to));
        }
        self.outbox.update_value(|outbox| outbox.add(entry.clone()));
        self.command(entry.frame());
        outbox::put(entry);
    }

    /// Tries a refused message again.
    pub fn retry(self, client_id: ClientId) {
        let entry = self.outbox.try_update_value(|outbox| outbox.retry(client_id)).flatten();
        let Some(entry) = entry else { return };
        if let Some(state) = self.state(entry.room) {
            let content = entry.content.clone();
            state.timeline.update(|t| t.send(client_id, content, entry.reply_to));
        }
        self.command(entry.frame());
        outbox::put(entry);
    }

    /// Gives a message up that was not acknowledged.
    pub fn give_up(self, client_id: ClientId) {
        let entry = self.outbox.try_update_value(|outbox| outbox.remove(client_id)).flatten();
        if let Some(state) = entry.and_then(|entry| self.state(entry.room)) {
            state.timeline.update(|t| t.forget(client_id));
        }
        outbox::delete(client_id);
    }

    /// I have seen everything up to here, of which so much was read. Shown when the server says so:
    /// until then, no other device has heard of it.
    pub fn seen(self, room: RoomId, seq: Seq, known: Seq) {
        self.command(ClientFrame::Read { room, seq, exact: false, known: Some(known) });
    }

    /// I have read up to here.
    fn read(self, room: RoomId, seq: Seq) {
        self.command(ClientFrame::Read { room, seq, exact: false, known: None });
    }

    /// I have read everything that this page knows of: in one room, or in all.
    pub fn read_all(self, only: Option<RoomId>) {
        let ends = self.rooms.with_untracked(|rooms| rooms.ends_of_unread(only));
        if !ends.is_empty() && self.can_mark() {
            ends.into_iter().for_each(|(room, last)| self.read(room, last));
        }
    }

    /// I want everything from this message on to be unread, on all my devices.
    pub fn unread_from(self, room: RoomId, seq: Seq) {
        if self.can_mark() {
            let seq = Seq(seq.0 - 1);
            self.command(ClientFrame::Read { room, seq, exact: true, known: None });
        }
    }

    /// Whether a mark gets anywhere; whoever asked for one is told if not.
    fn can_mark(self) -> bool {
        let is_up = self.link.get_untracked() == Link::Up;
        if !is_up {
            self.ui.error("There is no connection right now: nothing was marked.");
        }
        is_up
    }

    /// I am writing something.
    pub fn typing(self, room: RoomId) {
        self.command(ClientFrame::Typing { room });
    }

    /// Sends if connected. Whatever must arrive is in the outbox or follows from `welcome`.
    fn command(self, frame: ClientFrame) {
        self.commands.with_value(|to| to.as_ref().map(|to| to.unbounded_send(frame)));
    }
}
