//! Sends messages and keeps each in the outbox until the server acknowledges it.

use gloo_timers::future::TimeoutFuture;
use leptos::{ev, prelude::*, task::spawn_local};
use shared::{
    ids::{ClientId, RoomId, Seq, UserId},
    messages::{Change, Message, Row},
    problem::{Code, Problem},
    text::Format,
};
use uuid::Uuid;

use super::{client::LiveClient, outbox_store};
use crate::{
    state::live::{outbox::OutboxEntry, send_gate::SendGate},
    ui::storage,
};

/// The localStorage key of the client id that was discarded last.
const DISCARDED_KEY: &str = "hallway.discarded";

impl LiveClient {
    /// Sends a message: the timeline shows it as pending at once.
    pub fn send_message(self, room: RoomId, content: String, reply_to: Option<Seq>) {
        let Some(me) = self.me.get_value() else { return };
        let client_id = ClientId(Uuid::now_v7());
        let entry = OutboxEntry {
            client_id,
            user: me.id,
            room,
            format: Format::Markdown,
            content,
            reply_to,
            refused: None,
        };
        self.outbox.update_value(|outbox| outbox.add(entry.clone()));
        self.transmit(entry);
    }

    /// Sends a refused message again.
    pub fn retry_message(self, client_id: ClientId) {
        let entry = self.outbox.try_update_value(|outbox| outbox.retry(client_id)).flatten();
        if let Some(entry) = entry {
            self.transmit(entry);
        }
    }

    fn transmit(self, entry: OutboxEntry) {
        if let Some(state) = self.room_state(entry.room) {
            state.show_pending(&entry);
        }
        let is_open = self.send_gate.try_update_value(|gate| gate.admit(entry.client_id));
        if is_open == Some(true) {
            self.send_command(entry.to_frame());
        }
        outbox_store::put(entry);
    }

    /// Discards an unacknowledged message.
    pub fn discard_message(self, client_id: ClientId) {
        self.forget_message(client_id);
        outbox_store::delete(client_id);
        storage::set(DISCARDED_KEY, &client_id.to_string());
    }

    /// Discards the messages that are discarded in another tab of this browser: it loaded the same
    /// outbox, and would send them.
    pub fn follow_discards(self) {
        let listener = window_event_listener(ev::storage, move |event| {
            if event.key().as_deref() != Some(DISCARDED_KEY) {
                return;
            }
            if let Some(id) = event.new_value().and_then(|id| id.parse().ok()) {
                self.forget_message(ClientId(id));
            }
        });
        on_cleanup(move || listener.remove());
    }

    /// Removes an unacknowledged message from this page.
    fn forget_message(self, client_id: ClientId) {
        let entry = self.outbox.try_update_value(|outbox| outbox.remove(client_id)).flatten();
        if let Some(state) = entry.and_then(|entry| self.room_state(entry.room)) {
            state.timeline.update(|t| t.remove_pending(client_id));
        }
    }

    /// Loads the messages of this account that a previous page left in IndexedDB, and sends them.
    pub(super) async fn load_outbox(self, me: UserId) {
        let entries = outbox_store::load().await;
        if !self.is_me(me) {
            return;
        }
        for entry in entries.into_iter().filter(|entry| entry.user == me) {
            if let Some(state) = self.room_state(entry.room) {
                state.show_pending(&entry);
            }
            self.outbox.update_value(|outbox| outbox.add(entry));
        }
        // IndexedDB may return the entries only after `welcome`.
        self.forget_loaded_outbox();
        self.resend_outbox();
    }

    /// Sends everything in the outbox. The server acknowledges a message that it already has again,
    /// without a second copy.
    pub(super) fn resend_outbox(self) {
        self.send_gate.update_value(|gate| drop(gate.open()));
        let frames: Vec<_> =
            self.outbox.with_value(|o| o.unrefused().map(OutboxEntry::to_frame).collect());
        frames.into_iter().for_each(|frame| self.send_command(frame));
    }

    pub(super) fn handle_ack(self, client_id: ClientId, message: Message) {
        // Also if I have left the room meanwhile: otherwise the message would be sent again after
        // each `welcome`.
        self.remove_from_outbox(client_id);
        self.send_gate.update_value(SendGate::succeeded);
        let Some(state) = self.room_state(message.room) else { return };
        self.handle_message(&state, &message);
        // The ack of a retry may arrive before earlier changes, which follow: no need to subscribe
        // again.
        state.timeline.update(|t| {
            t.apply(Change::new(message.rev, Row::Message(message)));
        });
    }

    /// Removes a message that the server has.
    pub(super) fn remove_from_outbox(self, client_id: ClientId) {
        if self.outbox.try_update_value(|outbox| outbox.remove(client_id)).flatten().is_some() {
            outbox_store::delete(client_id);
        }
    }

    /// Shows a message that the server refused, with the reason.
    pub(super) fn refuse_message(self, client_id: ClientId, problem: Problem) {
        let refused =
            self.outbox.try_update_value(|o| o.refuse(client_id, problem.clone())).flatten();
        let Some(entry) = refused else { return };
        match self.room_state(entry.room) {
            Some(state) => state.timeline.update(|t| t.mark_rejected(client_id, problem)),
            None => self.find_stranded(),
        }
        outbox_store::put(entry);
    }

    /// Lets a message wait that the server cannot take now, and all messages written meanwhile.
    pub(super) fn hold_message(
        self,
        client_id: ClientId,
        problem: &Problem,
        retry_after_s: Option<u64>,
    ) {
        let random = js_sys::Math::random();
        let wait =
            self.send_gate.try_update_value(|gate| gate.hold(client_id, retry_after_s, random));
        let Some(wait) = wait.flatten() else { return };
        if wait.is_first {
            self.ui.notice(match problem.code {
                Code::TooManyRequests => {
                    "You're sending messages very fast. They'll go out in a moment."
                }
                _ => "The server is busy right now. Your message will be sent in a moment.",
            });
        }
        let epoch = self.connection_epoch.get_untracked();
        spawn_local(async move {
            TimeoutFuture::new(wait.ms).await;
            if self.connection_epoch.get_untracked() != epoch {
                // The reconnect has opened the gate.
                return;
            }
            for client_id in self.send_gate.try_update_value(SendGate::open).unwrap_or_default() {
                let frame = self
                    .outbox
                    .with_value(|o| o.unrefused_entry(client_id).map(OutboxEntry::to_frame));
                if let Some(frame) = frame {
                    self.send_command(frame);
                }
            }
        });
    }
}
