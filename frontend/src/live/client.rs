//! The state that the modules of the live client share.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures::channel::mpsc::UnboundedSender;
use leptos::prelude::*;
use shared::{
    ids::{RoomId, UserId},
    live::{ClientFrame, RemovedReason, ServerFrame},
    rooms::NewDirect,
    text::ReaderName,
    users::UserRef,
};

use super::room_state::RoomState;
use crate::{
    api,
    auth::Auth,
    state::{
        live::{outbox::Outbox, preview_cache::PreviewCache, send_gate::SendGate},
        rooms::RoomList,
    },
    ui::Ui,
};

/// The status of the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// No account is signed in.
    SignedOut,
    /// Connecting for the first time, or reconnecting.
    Connecting,
    /// The server sent `welcome`.
    Connected,
}

/// The end of my membership in a room.
#[derive(Clone, Debug, PartialEq)]
pub struct Departure {
    pub room: RoomId,
    /// Empty for a room whose name I may no longer know.
    pub name: String,
    pub reason: RemovedReason,
}

/// The live client. It lives as long as the page, so its signals are never disposed.
#[derive(Clone, Copy)]
pub struct LiveClient {
    /// My rooms with their unread counts.
    pub rooms: RwSignal<RoomList>,
    /// My name, as texts mention it.
    pub reader_name: RwSignal<ReaderName>,
    /// The people whom I block.
    pub blocked: RwSignal<BTreeSet<UserId>>,
    pub status: RwSignal<ConnectionStatus>,
    /// Counts the `welcome` frames. Components with data that the socket does not replay load it
    /// again when this changes.
    pub connection_epoch: RwSignal<u32>,
    /// The number of open reports of the rooms that I manage, as far as it is known.
    pub reports: RwSignal<BTreeMap<RoomId, i64>>,
    /// The last room that I left or was removed from.
    pub departure: RwSignal<Option<Departure>>,
    /// The rooms that I am not in, and for which I have unsent texts.
    pub stranded: RwSignal<Vec<RoomId>>,
    pub(super) auth: Auth,
    pub(super) ui: Ui,
    pub(super) me: StoredValue<Option<UserRef>>,
    pub(super) room_states: StoredValue<HashMap<RoomId, RoomState>>,
    /// The rooms of `welcome` and the `rooms` frames after it.
    pub(super) welcomed: StoredValue<HashSet<RoomId>>,
    pub(super) outbox: StoredValue<Outbox>,
    pub(super) send_gate: StoredValue<SendGate>,
    /// My unsent texts for rooms of which I may know nothing any more. They are not stored, but shown
    /// until they are discarded.
    pub(super) lost_texts: StoredValue<Vec<(RoomId, String)>>,
    /// The rooms of which nothing may be stored any more.
    pub(super) forgotten: StoredValue<HashSet<RoomId>>,
    pub(super) previews: RwSignal<PreviewCache>,
    /// Frames that were received since the last animation frame.
    pub(super) received: StoredValue<Vec<ServerFrame>>,
    /// The queue of commands to the server; `None` while disconnected.
    pub(super) commands: StoredValue<Option<UnboundedSender<ClientFrame>>>,
    /// Ends the wait before the next connection attempt.
    pub(super) wake: StoredValue<Option<UnboundedSender<()>>>,
    /// The number of the current connection loop; an older loop ends when it sees another number.
    pub(super) run: StoredValue<u32>,
}

impl LiveClient {
    pub fn new(auth: Auth, ui: Ui) -> Self {
        Self {
            rooms: RwSignal::default(),
            reader_name: RwSignal::default(),
            blocked: RwSignal::default(),
            status: RwSignal::new(ConnectionStatus::SignedOut),
            connection_epoch: ui.connection_epoch,
            reports: RwSignal::default(),
            departure: RwSignal::new(None),
            stranded: RwSignal::default(),
            auth,
            ui,
            me: StoredValue::new(None),
            room_states: StoredValue::default(),
            welcomed: StoredValue::default(),
            outbox: StoredValue::default(),
            send_gate: StoredValue::default(),
            lost_texts: StoredValue::default(),
            forgotten: StoredValue::default(),
            previews: RwSignal::default(),
            received: StoredValue::default(),
            commands: StoredValue::new(None),
            wake: StoredValue::new(None),
            run: StoredValue::new(0),
        }
    }

    /// The state of one of my rooms.
    pub fn room_state(self, room: RoomId) -> Option<RoomState> {
        self.room_states.with_value(|states| states.get(&room).cloned())
    }

    /// Sends a typing event to the room.
    pub fn send_typing(self, room: RoomId) {
        self.send_command(ClientFrame::Typing { room });
    }

    /// Sends a command if connected, and drops it otherwise: messages stay in the outbox, and
    /// `welcome` renews the subscriptions.
    pub(super) fn send_command(self, frame: ClientFrame) {
        self.commands.with_value(|to| to.as_ref().map(|to| to.unbounded_send(frame)));
    }

    /// Finds or creates the direct room with these people, shows it among my rooms, and returns it. With
    /// `from`, they are added to that one.
    pub async fn open_direct(
        self,
        users: Vec<UserId>,
        from: Option<RoomId>,
    ) -> api::Result<RoomId> {
        let room = api::create_direct(NewDirect { users, from }).await?;
        let id = room.id;
        // The socket sends the same, but maybe later.
        match self.room_state(id) {
            Some(_) => self.rooms.update(|rooms| rooms.set_hidden(id, room.hidden)),
            None => self.handle_joined(room),
        }
        Ok(id)
    }

    /// Whether I block somebody.
    pub fn blocks(self, user: UserId) -> bool {
        self.blocked.with(|blocked| blocked.contains(&user))
    }

    /// My id; 0 before the first `welcome`.
    pub fn my_id(self) -> UserId {
        self.me.with_value(|me| me.as_ref().map(|me| me.id)).unwrap_or_default()
    }

    pub(super) fn is_me(self, user: UserId) -> bool {
        self.me.with_value(|me| me.as_ref().is_some_and(|me| me.id == user))
    }
}
