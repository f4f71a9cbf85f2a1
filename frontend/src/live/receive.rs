//! What each frame of the server means for the state.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    ids::{ClientId, Rev, RoomId, Seq, UserId},
    live::{ClientFrame, RemovedReason, ServerFrame},
    messages::{Change, Message, Row},
    problem::Problem,
    rooms::MyRoom,
    timeline::Applied,
    users::{User, UserRef},
};

use super::{Departure, Link, Live, RoomState, outbox};
use crate::state::live::{backoff::Backoff, typing::FORGET_MS};

/// Takes a frame.
pub fn receive(live: Live, frame: ServerFrame) {
    use ServerFrame as F;
    match frame {
        F::Welcome { user, rooms, .. } => live.welcome(user, rooms),
        F::Subscribed { room, rev } => live.subscribed(room, rev),
        F::Gap { room, to_rev, last_seq, .. } => live.gap(room, to_rev, last_seq),
        F::Ack { client_id, message } => live.ack(client_id, message),
        F::Nack { client_id, problem, retry } => live.nack(client_id, problem, retry),
        F::Joined { room } => live.joined(room),
        F::Removed { room, reason } => live.removed(room, reason),
        F::Read { room, read, exact } => {
            live.rooms.update(|rooms| rooms.read(room, read, exact));
        }
        F::Typing { room, user } => live.heard_typing(room, user),
        F::Presence { room, online, offline } => live.presence(room, online, &offline),
        F::Heartbeat { heads } => heads.into_iter().for_each(|(room, rev)| live.head(room, rev)),
        F::User { user } => live.session.changed(user),
        F::Error { problem } => live.ui.error(problem.detail),
        F::Goaway { .. } => {}
        F::Message { .. } | F::Member { .. } | F::Room { .. } => {
            if let Some((room, change)) = frame.into_change() {
                live.change(room, change);
            }
        }
    }
}

impl Live {
    fn welcome(self, user: User, rooms: Vec<MyRoom>) {
        if self.me.with_value(|me| me.as_ref().is_none_or(|me| me.id != user.id)) {
            // Another tab signed somebody else in: nothing that this page shows is theirs.
            let _ = window().location().reload();
            return;
        }
        self.session.changed(user);
        self.states.update_value(|states| {
            states.retain(|id, _| rooms.iter().any(|room| room.id == *id));
        });
        rooms.iter().for_each(|room| self.open(room));
        self.rooms.update(|mine| mine.welcome(rooms));
        self.link.set(Link::Up);
        self.welcomes.update(|n| *n += 1);
        self.resend();
    }

    /// Sends everything that the outbox holds; what the server has already, it only acknowledges.
    pub(super) fn resend(self) {
        let frames =
            self.outbox.with_value(|o| o.unrefused().map(|e| e.frame()).collect::<Vec<_>>());
        frames.into_iter().for_each(|frame| self.command(frame));
    }

    /// Begins, or goes on, listening to a room.
    fn open(self, room: &MyRoom) {
        let Some(me) = self.me.with_value(|me| me.as_ref().map(|me| me.id)) else { return };
        let state = self.state(room.id).unwrap_or_else(|| {
            let state = RoomState::new(me, room);
            self.outbox.with_value(|outbox| {
                outbox.of(room.id).for_each(|entry| show(&state, entry));
            });
            self.states.update_value(|states| drop(states.insert(room.id, state.clone())));
            state
        });
        self.subscribe(room.id, &state);
    }

    fn subscribe(self, room: RoomId, state: &RoomState) {
        state.catching_up.set(true);
        let after_rev = Some(state.timeline.with_untracked(|t| t.rev()));
        self.command(ClientFrame::Subscribe { room, after_rev });
    }

    fn subscribed(self, room: RoomId, rev: Rev) {
        let Some(state) = self.state(room) else { return };
        state.timeline.update(|t| t.subscribed(rev));
        state.catching_up.set(false);
    }

    fn gap(self, room: RoomId, to_rev: Rev, last_seq: Seq) {
        let Some(state) = self.state(room) else { return };
        state.timeline.update(|t| t.reset(last_seq, to_rev));
        state.catching_up.set(false);
        state.epoch.update(|n| *n += 1);
        self.forget_quotes(room);
    }

    fn change(self, room: RoomId, change: Change) {
        let (Some(state), Some(me)) = (self.state(room), self.me.get_value()) else { return };
        match &change.row {
            Row::Message(message) => {
                self.quote_changed(message);
                state.typing.update(|typing| typing.done(message.user.id));
                self.rooms.maybe_update(|rooms| {
                    let before = rooms.get(room).map(|room| room.last_seq);
                    rooms.message(message, &me);
                    rooms.get(room).map(|room| room.last_seq) != before
                });
                if message.user.id == me.id {
                    self.done(message.client_id);
                }
            }
            Row::Room(changed) => self.rooms.update(|rooms| rooms.changed(changed)),
            Row::Member(_) => {}
        }
        let applied = state.timeline.try_update(|t| t.apply(change));
        if applied == Some(Applied::Ahead) && !state.catching_up.get_untracked() {
            self.subscribe(room, &state);
        }
    }

    fn head(self, room: RoomId, rev: Rev) {
        let Some(state) = self.state(room) else { return };
        let behind = state.timeline.with_untracked(|t| t.rev() < rev);
        if behind && !state.catching_up.get_untracked() {
            self.subscribe(room, &state);
        }
    }

    fn ack(self, client_id: ClientId, message: Message) {
        let (Some(state), Some(me)) = (self.state(message.room), self.me.get_value()) else {
            return;
        };
        self.rooms.update(|rooms| rooms.message(&message, &me));
        state.timeline.update(|t| t.message(message));
        self.done(client_id);
    }

    /// The server has it: it need not be kept.
    fn done(self, client_id: ClientId) {
        if self.outbox.try_update_value(|outbox| outbox.remove(client_id)).flatten().is_some() {
            outbox::delete(client_id);
        }
    }

    fn nack(self, client_id: ClientId, problem: Problem, retry: bool) {
        if retry {
            return self.send_later(client_id);
        }
        let refused =
            self.outbox.try_update_value(|o| o.refuse(client_id, problem.clone())).flatten();
        let Some(entry) = refused else { return };
        if let Some(state) = self.state(entry.room) {
            state.timeline.update(|t| t.refused(client_id, problem));
        }
        outbox::put(entry);
    }

    fn send_later(self, client_id: ClientId) {
        spawn_local(async move {
            // At least a second: the server has just said that it is busy.
            let wait = 1_000 + Backoff::default().next(js_sys::Math::random()) * 4;
            TimeoutFuture::new(wait).await;
            let frame = self.outbox.with_value(|o| o.to_send(client_id).map(|e| e.frame()));
            if let Some(frame) = frame {
                self.command(frame);
            }
        });
    }

    fn joined(self, room: MyRoom) {
        self.open(&room);
        self.rooms.update(|rooms| rooms.joined(room));
    }

    fn removed(self, room: RoomId, reason: RemovedReason) {
        self.states.update_value(|states| drop(states.remove(&room)));
        self.forget_quotes(room);
        let was = self.rooms.try_update(|rooms| rooms.removed(room)).flatten();
        if let Some(was) = was {
            self.departure.set(Some(Departure { room, name: was.name, reason }));
        }
    }

    fn heard_typing(self, room: RoomId, user: UserRef) {
        let Some(state) = self.state(room) else { return };
        if self.me.with_value(|me| me.as_ref().is_some_and(|me| me.id == user.id)) {
            return;
        }
        state.typing.update(|typing| typing.heard(user, js_sys::Date::now()));
        spawn_local(async move {
            TimeoutFuture::new(FORGET_MS as u32 + 50).await;
            state.typing.update(|typing| typing.forget(js_sys::Date::now()));
        });
    }

    fn presence(self, room: RoomId, online: Vec<UserId>, offline: &[UserId]) {
        let Some(state) = self.state(room) else { return };
        state.online.update(|known| {
            known.extend(online);
            known.retain(|user| !offline.contains(user));
        });
    }
}

/// Shows what the outbox still holds after a reload.
pub(super) fn show(state: &RoomState, entry: &crate::state::live::outbox::Entry) {
    state.timeline.update(|t| {
        t.send(entry.client_id, entry.content.clone(), entry.reply_to);
        if let Some(problem) = &entry.refused {
            t.refused(entry.client_id, problem.clone());
        }
    });
}
