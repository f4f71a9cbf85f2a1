//! Applies the server's frames to the state.

use std::collections::HashSet;

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    live::{ClientFrame, RemovedReason, ServerFrame},
    messages::{Change, Message, Row},
    rooms::{MyRoom, ReadState},
    text::ReaderName,
    timeline::ApplyOutcome,
    users::{User, UserRef},
};

use super::{
    client::{ConnectionStatus, Departure, LiveClient},
    room_state::RoomState,
};
use crate::{state::live::typing::EXPIRE_MS, ui::storage};

/// The maximum number of rooms whose ids are stored.
const MAX_STORED_ROOMS: usize = 1_000;

impl LiveClient {
    pub(super) fn handle_frame(self, frame: ServerFrame) {
        use ServerFrame as F;
        match frame {
            F::Welcome { user, rooms, more, longer_names, .. } => {
                self.set_reader_name(&user.username, &longer_names);
                self.handle_welcome(user, rooms, more);
            }
            F::Rooms { rooms, more } => self.handle_rooms(rooms, more),
            F::Subscribed { room, rev } => self.handle_subscribed(room, rev),
            F::Gap { room, to_rev, last_seq, .. } => self.handle_gap(room, to_rev, last_seq),
            F::Ack { client_id, message } => self.handle_ack(client_id, message),
            F::Nack { client_id, problem, retry: true, retry_after } => {
                self.hold_message(client_id, &problem, retry_after);
            }
            F::Nack { client_id, problem, .. } => self.refuse_message(client_id, problem),
            F::Joined { room } => self.handle_joined(room),
            F::Removed { room, reason } => self.handle_removed(room, reason),
            F::Read { room, read, exact } => self.handle_read(room, read, exact),
            F::Typing { room, user } => self.handle_typing(room, user),
            F::Presence { room, online, offline } => self.handle_presence(room, online, &offline),
            F::Heartbeat { heads } => {
                heads.into_iter().for_each(|(room, rev)| self.check_head(room, rev));
            }
            F::User { user } => self.auth.update(user),
            F::Error { problem } => self.ui.error(problem.detail),
            // `Connection::handle_text` handles it.
            F::Goaway { .. } => {}
            F::Message { .. } | F::Member { .. } | F::Room { .. } => {
                if let Some((room, change)) = frame.into_change() {
                    self.handle_change(room, change);
                }
            }
        }
    }

    fn handle_welcome(self, user: User, rooms: Vec<MyRoom>, more: bool) {
        if !self.is_me(user.id) {
            // Another tab signed in with another account: nothing on this page belongs to it.
            let _ = window().location().reload();
            return;
        }
        self.auth.update(user);
        self.welcomed.update_value(HashSet::clear);
        self.handle_rooms(rooms, more);
    }

    /// Merges rooms into the list. Only after the last of them the list is complete, and the rooms
    /// that I left meanwhile are those that it lacks.
    fn handle_rooms(self, rooms: Vec<MyRoom>, more: bool) {
        self.welcomed.update_value(|ids| ids.extend(rooms.iter().map(|room| room.id)));
        rooms.iter().for_each(|room| self.open_room(room));
        self.rooms.update(|mine| mine.merge(rooms));
        if more {
            return;
        }
        self.welcomed.with_value(|ids| {
            self.room_states.update_value(|states| states.retain(|id, _| ids.contains(id)));
            self.rooms.update(|mine| mine.complete(ids));
        });
        self.status.set(ConnectionStatus::Connected);
        self.connection_epoch.update(|n| *n += 1);
        self.ui.dismiss_errors();
        self.store_room_ids();
        self.resend_outbox();
        self.find_stranded();
        self.load_linked_messages();
    }

    /// Stores the ids of my rooms for the script in index.html: it requests messages before the
    /// socket tells which rooms are mine.
    fn store_room_ids(self) {
        let ids = self.rooms.with_untracked(|rooms| {
            let ids = rooms.ids().take(MAX_STORED_ROOMS).map(|id| id.to_string());
            ids.collect::<Vec<_>>().join(",")
        });
        if let Some(me) = self.me.with_value(|me| me.as_ref().map(|me| me.id)) {
            storage::set(&format!("hallway.rooms.{me}"), &ids);
        }
    }

    /// Sets my name in texts. Setting an equal one would draw all texts again.
    pub(super) fn set_reader_name(self, username: &str, longer: &[String]) {
        let name = ReaderName::new(username, longer);
        if self.reader_name.with_untracked(|before| *before != name) {
            self.reader_name.set(name);
        }
    }

    /// Subscribes to a room, and creates its state if there is none.
    fn open_room(self, room: &MyRoom) {
        let Some(me) = self.me.with_value(|me| me.as_ref().map(|me| me.id)) else { return };
        let state = self.room_state(room.id).unwrap_or_else(|| {
            let state = RoomState::new(me, room);
            self.outbox.with_value(|outbox| {
                outbox.in_room(room.id).for_each(|entry| state.show_pending(entry));
            });
            self.room_states.update_value(|states| drop(states.insert(room.id, state.clone())));
            state
        });
        self.subscribe(room.id, &state);
    }

    fn subscribe(self, room: RoomId, state: &RoomState) {
        state.is_catching_up.set(true);
        let after_rev = Some(state.timeline.with_untracked(|t| t.rev()));
        self.send_command(ClientFrame::Subscribe { room, after_rev });
    }

    fn handle_subscribed(self, room: RoomId, rev: Rev) {
        let Some(state) = self.room_state(room) else { return };
        state.timeline.update(|t| t.advance_rev(rev));
        state.is_catching_up.set(false);
    }

    fn handle_gap(self, room: RoomId, to_rev: Rev, last_seq: Seq) {
        let Some(state) = self.room_state(room) else { return };
        state.timeline.update(|t| t.reset(last_seq, to_rev));
        state.is_catching_up.set(false);
        state.resets.update(|n| *n += 1);
        self.clear_previews(room);
    }

    fn handle_change(self, room: RoomId, change: Change) {
        let Some(state) = self.room_state(room) else { return };
        match &change.row {
            Row::Message(message) => self.handle_message(&state, message),
            Row::Room(changed) => self.rooms.update(|rooms| rooms.apply_room(changed)),
            Row::Member(_) => {}
        }
        let applied = state.timeline.try_update(|t| t.apply(change));
        if applied == Some(ApplyOutcome::MissedEarlier) && !state.is_catching_up.get_untracked() {
            self.subscribe(room, &state);
        }
    }

    pub(super) fn handle_message(self, state: &RoomState, message: &Message) {
        let Some(me) = self.me.get_value() else { return };
        self.update_preview(message);
        state.typing.update(|typing| typing.remove(message.user.id));
        self.rooms.maybe_update(|rooms| {
            self.reader_name.with_untracked(|name| rooms.apply_message(message, me.id, name))
        });
        if message.user.id == me.id {
            self.remove_from_outbox(message.client_id);
        }
    }

    /// Applies a read position, and then the changes that the server had not counted in it.
    fn handle_read(self, room: RoomId, read: ReadState, exact: bool) {
        let (Some(me), Some(state)) = (self.me.get_value(), self.room_state(room)) else { return };
        self.rooms.update(|rooms| {
            rooms.apply_read(room, read, exact);
            state.timeline.with_untracked(|t| {
                let later = t.messages_between(read.read_seq.next(), t.last_seq());
                for message in later.filter(|message| message.rev > read.last_rev) {
                    self.reader_name
                        .with_untracked(|name| rooms.apply_message(message, me.id, name));
                }
            });
        });
    }

    /// Subscribes again if the timeline lacks the newest change of a room.
    fn check_head(self, room: RoomId, rev: Rev) {
        let Some(state) = self.room_state(room) else { return };
        let is_behind = state.timeline.with_untracked(|t| t.rev() < rev);
        if is_behind && !state.is_catching_up.get_untracked() {
            self.subscribe(room, &state);
        }
    }

    fn handle_joined(self, room: MyRoom) {
        self.open_room(&room);
        self.rooms.update(|rooms| rooms.insert(room));
        self.store_room_ids();
        self.find_stranded();
    }

    fn handle_removed(self, room: RoomId, reason: RemovedReason) {
        self.room_states.update_value(|states| drop(states.remove(&room)));
        self.clear_previews(room);
        let removed = self.rooms.try_update(|rooms| rooms.remove(room)).flatten();
        self.store_room_ids();
        self.find_stranded();
        if let Some(removed) = removed {
            self.departure.set(Some(Departure { room, name: removed.name, reason }));
        }
    }

    fn handle_typing(self, room: RoomId, user: UserRef) {
        let Some(state) = self.room_state(room) else { return };
        if self.is_me(user.id) {
            return;
        }
        state.typing.update(|typing| typing.add(user, js_sys::Date::now()));
        spawn_local(async move {
            TimeoutFuture::new(EXPIRE_MS as u32 + 50).await;
            state.typing.update(|typing| typing.expire(js_sys::Date::now()));
        });
    }

    fn handle_presence(self, room: RoomId, online: Vec<UserId>, offline: &[UserId]) {
        let Some(state) = self.room_state(room) else { return };
        state.online.update(|users| {
            users.extend(online);
            users.retain(|user| !offline.contains(user));
        });
    }
}
