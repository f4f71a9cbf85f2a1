//! The state of one room at a client, and the reducer that applies changes to it. The browser, the
//! load rig and the tests use it.
//!
//! Changes arrive in any order and any number of times (live, replayed, over REST). A row replaces the
//! stored one if its `rev` is newer, so `apply` is idempotent and commutative. The `rev` of the
//! timeline is a watermark: no change up to it is missing. Only a consecutive live change or
//! `subscribed` advances it.

use std::collections::BTreeMap;

use crate::{
    ids::{ClientId, Rev, Seq, UserId},
    messages::{Change, Message, Row},
    problem::Problem,
    rooms::{Member, Room, RoomEvent},
    text::Format,
    users::{DELETED_USERNAME, UserRef},
};

mod seq_ranges;
#[cfg(test)]
mod tests;

pub use seq_ranges::SeqRanges;

/// The state of one room at one client.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    me: UserId,
    rev: Rev,
    /// The `rev` of the initial state. A page that is older can lack changes that the server will
    /// not send again.
    base_rev: Rev,
    last_seq: Seq,
    /// The first message after the initial state. The socket delivers this message and every later
    /// one, so each counts as loaded when it arrives.
    live_from: Seq,
    /// The newest state of each message, also outside `loaded`, because a page in flight must not
    /// undo a later edit or deletion.
    messages: BTreeMap<Seq, Message>,
    loaded: SeqRanges,
    members: BTreeMap<UserId, Member>,
    /// How often the display name of an author of stored messages changed.
    renames: BTreeMap<UserId, u32>,
    room: Option<Room>,
    /// By the message after which they stand, and by `rev`. An event never changes.
    events: BTreeMap<(Seq, Rev), RoomEvent>,
    pending: Vec<PendingMessage>,
}

/// A message of the caller that the server has not acknowledged yet.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingMessage {
    /// The idempotency key.
    pub client_id: ClientId,
    /// How the text is written.
    pub format: Format,
    /// The text.
    pub content: String,
    /// The message that it replies to.
    pub reply_to: Option<Seq>,
    /// Why the server rejected it; `None` while it is being sent.
    pub rejection: Option<Problem>,
}

/// The result of applying a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyOutcome {
    /// The change was the next one, or an old one.
    InOrder,
    /// Earlier changes are missing: the client must subscribe again with [`Timeline::rev`] as
    /// `after_rev`.
    MissedEarlier,
}

/// An item of the timeline.
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
    /// A message of the caller that is being sent.
    Pending(&'a PendingMessage),
}

impl Timeline {
    /// A timeline with nothing loaded, for a room with this newest message and change.
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
            renames: BTreeMap::new(),
            room: None,
            events: BTreeMap::new(),
            pending: Vec::new(),
        }
    }

    /// Clears everything except the pending messages, after a `gap` frame. The client must load a
    /// page again.
    pub fn reset(&mut self, last_seq: Seq, rev: Rev) {
        let pending = std::mem::take(&mut self.pending);
        *self = Self { pending, ..Self::new(self.me, last_seq, rev) };
    }

    /// Applies a change from the socket, live or replayed.
    pub fn apply(&mut self, change: Change) -> ApplyOutcome {
        let Change { rev, row, event } = change;
        let outcome = self.skip(rev);
        match row {
            Row::Message(message) => self.upsert_message(message),
            Row::Member(member) => self.upsert_member(member),
            Row::Room(room) => self.upsert_room(room),
        }
        self.insert_events(event.map(|event| *event));
        outcome
    }

    /// Counts a change whose row the client does not get.
    pub fn skip(&mut self, rev: Rev) -> ApplyOutcome {
        let is_ahead = rev > self.rev.next();
        if rev == self.rev.next() {
            self.rev = rev;
        }
        if is_ahead { ApplyOutcome::MissedEarlier } else { ApplyOutcome::InOrder }
    }

    /// Advances the watermark after a `subscribed` frame.
    pub fn advance_rev(&mut self, rev: Rev) {
        self.rev = self.rev.max(rev);
    }

    /// Inserts consecutive messages that a REST request returned, with every change up to
    /// `as_of_rev`. Returns false and changes nothing if the page is older than the last reset and
    /// can be stale: load it again.
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

    /// Stores events that a change or a page contained.
    pub fn insert_events(&mut self, events: impl IntoIterator<Item = RoomEvent>) {
        let events = events.into_iter().map(|event| ((event.after_seq, event.rev), event));
        self.events.extend(events);
    }

    /// Stores a message, unless the stored one is newer.
    pub fn upsert_message(&mut self, mut message: Message) {
        if let Some(member) = self.members.get(&message.user.id).filter(|it| names_author(it)) {
            message.user.clone_from(&member.user);
        }
        let seq = message.seq;
        self.last_seq = self.last_seq.max(seq);
        if seq >= self.live_from {
            self.loaded.insert(seq, seq);
        }
        if message.user.id == self.me {
            self.remove_pending(message.client_id);
        }
        if self.messages.get(&seq).is_none_or(|stored| stored.rev < message.rev) {
            self.messages.insert(seq, message);
        }
    }

    /// Stores a member, unless the stored one is newer. A new display name is a change of the member only,
    /// so the stored messages of the author get it here.
    pub fn upsert_member(&mut self, member: Member) {
        if self.members.get(&member.user.id).is_none_or(|stored| stored.rev < member.rev) {
            if names_author(&member) {
                self.rename_author(&member.user);
            }
            self.members.insert(member.user.id, member);
        }
    }

    fn rename_author(&mut self, author: &UserRef) {
        let theirs = self.messages.values_mut().filter(|message| message.user.id == author.id);
        let mut is_renamed = false;
        for message in theirs.filter(|message| message.user != *author) {
            message.user.clone_from(author);
            is_renamed = true;
        }
        if is_renamed {
            *self.renames.entry(author.id).or_default() += 1;
        }
    }

    /// How often the display name of an author of stored messages changed: a message looks different then,
    /// without a change of its own.
    pub fn renames(&self, author: UserId) -> u32 {
        self.renames.get(&author).copied().unwrap_or(0)
    }

    /// Stores the room, unless the stored one is newer.
    pub fn upsert_room(&mut self, room: Room) {
        if self.room.as_ref().is_none_or(|stored| stored.rev < room.rev) {
            self.room = Some(room);
        }
    }

    /// Adds a message that is being sent, or clears the rejection of a retried one. Does nothing if the
    /// message has already arrived.
    pub fn add_pending(
        &mut self,
        client_id: ClientId,
        (format, content): (Format, String),
        reply_to: Option<Seq>,
    ) {
        let is_this = |m: &Message| m.client_id == client_id && m.user.id == self.me;
        if self.messages.values().rev().any(is_this) {
            return;
        }
        match self.pending.iter_mut().find(|p| p.client_id == client_id) {
            Some(pending) => pending.rejection = None,
            None => {
                let rejection = None;
                self.pending.push(PendingMessage {
                    client_id,
                    format,
                    content,
                    reply_to,
                    rejection,
                });
            }
        }
    }

    /// Marks a pending message as rejected.
    pub fn mark_rejected(&mut self, client_id: ClientId, problem: Problem) {
        if let Some(pending) = self.pending.iter_mut().find(|p| p.client_id == client_id) {
            pending.rejection = Some(problem);
        }
    }

    /// Removes a pending message after its acknowledgement or cancellation.
    pub fn remove_pending(&mut self, client_id: ClientId) {
        self.pending.retain(|pending| pending.client_id != client_id);
    }

    /// The items from top to bottom: the loaded runs, the gaps between and after them, and the
    /// pending messages. A gap before the first run is not an item: see [`Timeline::first_loaded`].
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let mut previous_end = None;
        let runs = self.loaded.iter().flat_map(move |(from, to)| {
            let gap =
                previous_end.map(|end: Seq| Item::Gap { from: end.next(), to: Seq(from.0 - 1) });
            previous_end = Some(to);
            gap.into_iter().chain(self.messages.range(from..=to).map(|(_, m)| Item::Message(m)))
        });
        let last_end = self.loaded.iter().next_back().map(|(_, to)| to);
        let last_gap = last_end.filter(|to| *to < self.last_seq);
        let last_gap = last_gap.map(|to| Item::Gap { from: to.next(), to: self.last_seq });
        runs.chain(last_gap).chain(self.pending.iter().map(Item::Pending))
    }

    /// The watermark: no change up to it is missing. It is the `after_rev` of the next `subscribe`.
    pub fn rev(&self) -> Rev {
        self.rev
    }

    /// The newest message of the room, as far as the client knows.
    pub fn last_seq(&self) -> Seq {
        self.last_seq
    }

    /// The first message of the lowest loaded run; older messages exist unless its number is 1.
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

    /// The messages from `from` to `to`, both included; empty if `to < from`.
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

    /// The known members, ordered by user id, without those who left.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|member| !member.left)
    }

    /// The room, once a change or a response contained it.
    pub fn room(&self) -> Option<&Room> {
        self.room.as_ref()
    }

    /// The events that stand after a message and before the next one, in their order; those after 0 stand
    /// before the first message.
    pub fn events_after(&self, seq: Seq) -> impl Iterator<Item = &RoomEvent> {
        self.events.range((seq, Rev(0))..(seq.next(), Rev(0))).map(|(_, event)| event)
    }

    /// The pending messages, in the order of sending.
    pub fn pending(&self) -> &[PendingMessage] {
        &self.pending
    }
}

/// Whether the messages of a former or present member have the name of the row. Who left keeps the name of that
/// time, except that a deleted account has none any more.
fn names_author(member: &Member) -> bool {
    !member.left || member.user.username == DELETED_USERNAME
}
