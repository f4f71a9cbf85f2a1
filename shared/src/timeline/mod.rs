//! A room as one reader holds it: the one reducer of browser, load rig and tests.
//!
//! Changes come in any order and any number of times (live, replayed, read by REST); a row is taken
//! when its `rev` is newer than the one held, so applying is idempotent and commutative. `rev` says
//! up to where *nothing is missing*: it steps only by a consecutive live change or by `subscribed`.

use std::collections::BTreeMap;

use crate::{
    ids::{ClientId, Rev, Seq, UserId},
    messages::{Change, Message, Row},
    problem::Problem,
    rooms::{Member, Room},
};

mod seq_ranges;
#[cfg(test)]
mod tests;

pub use seq_ranges::SeqRanges;

/// What one reader holds of one room.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    me: UserId,
    rev: Rev,
    /// A page read before this may lack changes that nobody will send again.
    base_rev: Rev,
    last_seq: Seq,
    /// Messages from here on come by themselves, so each of them is shown when it comes.
    live_from: Seq,
    /// The newest known state of each message, those outside `loaded` included: a page that is on
    /// its way must not bring back what was edited or deleted meanwhile.
    messages: BTreeMap<Seq, Message>,
    loaded: SeqRanges,
    members: BTreeMap<UserId, Member>,
    room: Option<Room>,
    pending: Vec<PendingMessage>,
}

/// A message of mine that the server has not acknowledged yet.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingMessage {
    /// My name for it.
    pub client_id: ClientId,
    /// The text.
    pub content: String,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
    /// Why the server refused it, if it did; it is being sent otherwise.
    pub rejection: Option<Problem>,
}

/// What a change meant for the one who applied it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyOutcome {
    /// It was the next one, or nothing new.
    InOrder,
    /// Changes before it are missing: subscribe again, after [`Timeline::rev`].
    MissedEarlier,
}

/// One place in the timeline, top to bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item<'a> {
    /// A message, or its tombstone.
    Message(&'a Message),
    /// Messages that are not loaded, both ends included.
    Gap {
        /// The first of them.
        from: Seq,
        /// The last of them.
        to: Seq,
    },
    /// A message of mine on its way.
    Pending(&'a PendingMessage),
}

impl Timeline {
    /// A room whose newest message and change are these, with nothing loaded.
    pub fn new(me: UserId, last_seq: Seq, rev: Rev) -> Self {
        Self {
            me,
            rev,
            base_rev: rev,
            last_seq,
            live_from: last_seq.next(),
            messages: BTreeMap::new(),
            loaded: SeqRanges::default(),
            members: BTreeMap::new(),
            room: None,
            pending: Vec::new(),
        }
    }

    /// After a `gap`: forgets what may be stale, keeps what is pending. Load a page next.
    pub fn reset(&mut self, last_seq: Seq, rev: Rev) {
        let pending = std::mem::take(&mut self.pending);
        *self = Self { pending, ..Self::new(self.me, last_seq, rev) };
    }

    /// Takes a change that came by the socket, live or replayed.
    pub fn apply(&mut self, change: Change) -> ApplyOutcome {
        let ahead = change.rev > self.rev.next();
        if change.rev == self.rev.next() {
            self.rev = change.rev;
        }
        match change.row {
            Row::Message(message) => self.upsert_message(message),
            Row::Member(member) => self.upsert_member(member),
            Row::Room(room) => self.upsert_room(room),
        }
        if ahead { ApplyOutcome::MissedEarlier } else { ApplyOutcome::InOrder }
    }

    /// Everything up to `rev` was sent: what `subscribed` says.
    pub fn advance_rev(&mut self, rev: Rev) {
        self.rev = self.rev.max(rev);
    }

    /// Takes a dense run of messages that was read by REST as of `as_of_rev`. False if it was read
    /// before a reset and may be stale: then it changed nothing, and is to be read again.
    #[must_use]
    pub fn insert_page(&mut self, messages: Vec<Message>, as_of_rev: Rev) -> bool {
        if as_of_rev < self.base_rev {
            return false;
        }
        if let (Some(first), Some(last)) = (messages.first(), messages.last()) {
            self.loaded.insert(first.seq, last.seq);
        }
        messages.into_iter().for_each(|message| self.upsert_message(message));
        true
    }

    /// Takes a message's state, unless a newer one is held.
    pub fn upsert_message(&mut self, message: Message) {
        let seq = message.seq;
        self.last_seq = self.last_seq.max(seq);
        if seq >= self.live_from {
            self.loaded.insert(seq, seq);
        }
        if message.user.id == self.me {
            self.remove_pending(message.client_id);
        }
        if self.messages.get(&seq).is_none_or(|held| held.rev < message.rev) {
            self.messages.insert(seq, message);
        }
    }

    /// Takes a member's state, unless a newer one is held.
    pub fn upsert_member(&mut self, member: Member) {
        if self.members.get(&member.user.id).is_none_or(|held| held.rev < member.rev) {
            self.members.insert(member.user.id, member);
        }
    }

    /// Takes the room's state, unless a newer one is held.
    pub fn upsert_room(&mut self, room: Room) {
        if self.room.as_ref().is_none_or(|held| held.rev < room.rev) {
            self.room = Some(room);
        }
    }

    /// A message of mine sets out, or sets out again. One that is here already is not shown twice.
    pub fn add_pending(&mut self, client_id: ClientId, content: String, reply_to: Option<Seq>) {
        let mine = |m: &Message| m.client_id == client_id && m.user.id == self.me;
        if self.messages.values().rev().any(mine) {
            return;
        }
        match self.pending.iter_mut().find(|p| p.client_id == client_id) {
            Some(pending) => pending.rejection = None,
            None => {
                self.pending.push(PendingMessage { client_id, content, reply_to, rejection: None })
            }
        }
    }

    /// The server refused a message of mine.
    pub fn mark_rejected(&mut self, client_id: ClientId, problem: Problem) {
        if let Some(pending) = self.pending.iter_mut().find(|p| p.client_id == client_id) {
            pending.rejection = Some(problem);
        }
    }

    /// A message of mine is no longer on its way: acknowledged, or given up.
    pub fn remove_pending(&mut self, client_id: ClientId) {
        self.pending.retain(|pending| pending.client_id != client_id);
    }

    /// What there is to see, top to bottom; loaded runs with the holes between and after them.
    /// What comes before the first run is [`Timeline::first_loaded`]'s to say.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let mut end = None;
        let runs = self.loaded.iter().flat_map(move |(from, to)| {
            let hole = end.map(|end: Seq| Item::Gap { from: end.next(), to: Seq(from.0 - 1) });
            end = Some(to);
            hole.into_iter().chain(self.messages.range(from..=to).map(|(_, m)| Item::Message(m)))
        });
        let tail =
            self.loaded.iter().next_back().map(|(_, to)| to).filter(|to| *to < self.last_seq);
        let tail = tail.map(|to| Item::Gap { from: to.next(), to: self.last_seq });
        runs.chain(tail).chain(self.pending.iter().map(Item::Pending))
    }

    /// Nothing up to this change is missing: what to subscribe after.
    pub fn rev(&self) -> Rev {
        self.rev
    }

    /// The room's newest message that I know of.
    pub fn last_seq(&self) -> Seq {
        self.last_seq
    }

    /// The first message of the lowest loaded run; older ones exist unless it is number 1.
    pub fn first_loaded(&self) -> Option<Seq> {
        self.loaded.iter().next().map(|(from, _)| from)
    }

    /// The loaded runs, lowest first, both ends of each included.
    pub fn loaded_runs(&self) -> impl DoubleEndedIterator<Item = (Seq, Seq)> + '_ {
        self.loaded.iter()
    }

    /// The loaded run that a message is in.
    pub fn loaded_run(&self, seq: Seq) -> Option<(Seq, Seq)> {
        self.loaded.run(seq)
    }

    /// The messages of a run, or of a part of one, both ends included; none if it ends before it
    /// begins.
    pub fn messages_between(
        &self,
        from: Seq,
        to: Seq,
    ) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.range(from..to.next().max(from)).map(|(_, message)| message)
    }

    /// Whether a message is loaded.
    pub fn is_loaded(&self, seq: Seq) -> bool {
        self.loaded.contains(seq)
    }

    /// A message by its number, if it is loaded.
    pub fn get(&self, seq: Seq) -> Option<&Message> {
        self.messages.get(&seq).filter(|_| self.loaded.contains(seq))
    }

    /// The loaded messages, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Message> {
        self.messages.values().rev().filter(|m| self.loaded.contains(m.seq))
    }

    /// The members that I know of, by account number; nobody who left.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|member| !member.left)
    }

    /// The room's own state, once a change or a read has brought it.
    pub fn room(&self) -> Option<&Room> {
        self.room.as_ref()
    }

    /// My messages on their way, in the order of sending.
    pub fn pending(&self) -> &[PendingMessage] {
        &self.pending
    }
}
