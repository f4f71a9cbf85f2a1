//! Applies the server's frames to the state.

use std::collections::HashSet;

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    live::{ClientFrame, ServerFrame, Subscription},
    messages::{Change, Message, Row},
    rooms::{MyRoom, ReadState},
    rules,
    text::ReaderName,
    timeline::ApplyOutcome,
    users::{User, UserRef},
};

use super::{
    client::{ConnectionStatus, LiveClient},
    room_state::RoomState,
};
use crate::state::{
    live::typing::EXPIRE_MS,
    rooms::{RoomList, name_direct},
};

impl LiveClient {
    pub(super) fn handle_frame(self, frame: ServerFrame) {
        use ServerFrame as F;
        match frame {
            F::Welcome { user, rooms, more, longer_names, blocked, .. } => {
                self.set_reader_name(&user.username, &longer_names);
                self.set_blocked(blocked);
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
            F::Hidden { room, hidden } => self.rooms.update(|mine| mine.set_hidden(room, hidden)),
            F::Preferences { room, favourite, muted } => {
                self.rooms.update(|mine| mine.set_preferences(room, favourite, muted));
            }
            F::Reported { room, open } => {
                self.reports.update(|reports| _ = reports.insert(room, open));
            }
            F::Blocks { users } => self.set_blocked(users),
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
            F::Skip { room, rev } => self.handle_skip(room, rev),
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
    fn handle_rooms(self, mut rooms: Vec<MyRoom>, more: bool) {
        rooms.iter_mut().for_each(|room| self.name_direct(room));
        self.welcomed.update_value(|ids| ids.extend(rooms.iter().map(|room| room.id)));
        self.open_rooms(&rooms);
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
        self.forget_missing_rooms();
        self.store_room_ids();
        self.resend_outbox();
        self.find_stranded();
        self.load_linked_messages();
    }

    /// Sets my name in texts. Setting an equal one would draw all texts again.
    pub(super) fn set_reader_name(self, username: &str, longer: &[String]) {
        let name = ReaderName::new(username, longer);
        if self.reader_name.with_untracked(|before| *before != name) {
            self.reader_name.set(name);
        }
    }

    /// Sets whom I block. Setting an equal list would draw all messages again.
    fn set_blocked(self, users: Vec<UserId>) {
        self.blocked.maybe_update(|blocked| {
            let before = std::mem::replace(blocked, users.into_iter().collect());
            *blocked != before
        });
    }

    /// Subscribes to rooms, and creates their states where there are none.
    fn open_rooms(self, rooms: &[MyRoom]) {
        let Some(me) = self.me.with_value(|me| me.as_ref().map(|me| me.id)) else { return };
        let subscription = |room: &MyRoom| {
            let state = self.find_or_create_state(me, room);
            state.is_catching_up.set(true);
            let after_rev = Some(state.timeline.with_untracked(|t| t.rev()));
            Subscription { room: room.id, after_rev }
        };
        let subscriptions: Vec<_> = rooms.iter().map(subscription).collect();
        for rooms in subscriptions.chunks(rules::FRAME_MAX_ITEMS) {
            self.send_command(ClientFrame::SubscribeAll { rooms: rooms.to_vec() });
        }
    }

    fn find_or_create_state(self, me: UserId, room: &MyRoom) -> RoomState {
        let state = self.room_state(room.id);
        if state.as_ref().is_some_and(|state| state.first_seq != room.visible_from) {
            self.clear_previews(room.id);
        }
        let state = state.filter(|state| state.first_seq == room.visible_from);
        state.unwrap_or_else(|| {
            let state = RoomState::new(me, room);
            self.outbox.with_value(|outbox| {
                outbox.in_room(room.id).for_each(|entry| state.show_pending(entry));
            });
            self.room_states.update_value(|states| drop(states.insert(room.id, state.clone())));
            state
        })
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
            Row::Room(changed) => {
                self.rooms.update(|rooms| rooms.apply_room(changed));
                self.store_room_ids();
            }
            Row::Member(member) if self.is_me(member.user.id) => {
                self.rooms.update(|rooms| rooms.apply_membership(room, member));
            }
            Row::Member(member) => {
                let me = self.my_id();
                self.rooms.maybe_update(|rooms| rooms.add_person(room, &member.user, me));
            }
        }
        let applied = state.timeline.try_update(|t| t.apply(change));
        self.catch_up_if_missed(room, &state, applied);
    }

    fn handle_skip(self, room: RoomId, rev: Rev) {
        let Some(state) = self.room_state(room) else { return };
        let applied = state.timeline.try_update(|t| t.skip(rev));
        self.catch_up_if_missed(room, &state, applied);
    }

    fn catch_up_if_missed(self, room: RoomId, state: &RoomState, applied: Option<ApplyOutcome>) {
        if applied == Some(ApplyOutcome::MissedEarlier) && !state.is_catching_up.get_untracked() {
            self.subscribe(room, state);
        }
    }

    pub(super) fn handle_message(self, state: &RoomState, message: &Message) {
        let Some(me) = self.me.get_value() else { return };
        self.update_preview(message);
        // An edit or a reaction does not end what the author types now.
        if state.timeline.with_untracked(|t| message.seq > t.last_seq()) {
            state.typing.update(|typing| typing.remove(message.user.id));
        }
        self.rooms.maybe_update(|rooms| self.count_message(rooms, message, me.id));
        if message.user.id == me.id {
            self.remove_from_outbox(message.client_id);
        }
    }

    /// Counts a message among my unread ones. As on the server, somebody whom I block mentions nobody.
    fn count_message(self, rooms: &mut RoomList, message: &Message, me: UserId) -> bool {
        if untrack(|| self.blocks(message.user.id)) {
            return rooms.apply_message(message, me, &ReaderName::default());
        }
        self.reader_name.with_untracked(|name| rooms.apply_message(message, me, name))
    }

    /// Applies a read position, and then the changes that the server had not counted in it.
    fn handle_read(self, room: RoomId, read: ReadState, exact: bool) {
        let (Some(me), Some(state)) = (self.me.get_value(), self.room_state(room)) else { return };
        self.rooms.update(|rooms| {
            rooms.apply_read(room, read, exact);
            state.timeline.with_untracked(|t| {
                let later = t.messages_between(read.read_seq.next(), t.last_seq());
                for message in later.filter(|message| message.rev > read.last_rev) {
                    self.count_message(rooms, message, me.id);
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

    pub(super) fn handle_joined(self, mut room: MyRoom) {
        self.name_direct(&mut room);
        self.restore_lost_texts(room.id);
        self.open_rooms(std::slice::from_ref(&room));
        self.rooms.update(|rooms| rooms.insert(room));
        self.store_room_ids();
        self.find_stranded();
    }

    fn name_direct(self, room: &mut MyRoom) {
        name_direct(room, self.my_id());
    }

    fn handle_typing(self, room: RoomId, user: UserRef) {
        let Some(state) = self.room_state(room) else { return };
        if self.is_me(user.id) || untrack(|| self.blocks(user.id)) {
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
