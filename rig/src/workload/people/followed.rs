//! A room as a reader holds it, and what each frame does to it.

use std::sync::Arc;

use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    messages::{Change, Message, MessagePage, Row},
    rooms::Member,
    timeline::{Applied, Timeline},
};

use crate::history::{Final, Fold};

/// A room that somebody reads.
pub struct Followed {
    /// Which.
    pub room: RoomId,
    /// Whether the server said that nothing is missing, and nothing has shown otherwise since.
    pub in_sync: bool,
    /// Whether the reader was put out of it.
    pub is_out: bool,
    timeline: Timeline,
    /// Messages from here on have come by themselves, or with the page after the last gap; those
    /// before it are to be read by REST when somebody scrolls up.
    from: Seq,
}

impl Followed {
    /// A room of which nothing is known yet.
    pub fn new(me: UserId, room: RoomId) -> Self {
        let timeline = Timeline::new(me, Seq(0), Rev(0));
        Self { room, in_sync: false, is_out: false, timeline, from: Seq(1) }
    }

    /// What to subscribe after.
    pub fn rev(&self) -> Rev {
        self.timeline.rev()
    }

    /// Whether a message is held, in whatever state.
    pub fn holds(&self, seq: Seq) -> bool {
        self.timeline.get(seq).is_some()
    }

    /// Takes a change; true if something before it is missing and nobody asked for that yet.
    pub fn apply(&mut self, change: Change) -> bool {
        let is_ahead = self.timeline.apply(change) == Applied::Ahead;
        is_ahead && std::mem::take(&mut self.in_sync)
    }

    /// The same for a message that many hold.
    pub fn message(&mut self, rev: Rev, message: &Message) -> bool {
        self.apply(Change { rev, row: Row::Message(message.clone()) })
    }

    /// Everything up to `rev` was sent.
    pub fn subscribed(&mut self, rev: Rev) {
        self.timeline.subscribed(rev);
        (self.in_sync, self.is_out) = (true, false);
    }

    /// After a gap: the newest page and the members. False if they are older than the gap.
    pub fn refill(&mut self, to_rev: Rev, page: MessagePage, members: Vec<Member>) -> bool {
        if page.as_of_rev < to_rev {
            return false;
        }
        self.timeline.reset(page.room_last_seq, to_rev);
        self.from = page.messages.first().map_or(Seq(1), |message| message.seq);
        members.into_iter().for_each(|member| self.timeline.member(member));
        (self.in_sync, self.is_out) = (true, false);
        self.timeline.page(page.messages, page.as_of_rev)
    }

    /// Whether nothing of the final state is missing, as far as one can tell.
    pub fn has_reached(&self, last: &Final) -> bool {
        self.in_sync && self.rev() >= last.last_rev
    }

    /// Scrolls up over what was skipped knowingly, and says what is held.
    pub fn fold(&mut self, last: &Final) -> Fold {
        let older = last.messages.iter().filter(|message| message.seq < self.from);
        let older: Vec<Message> =
            older.map(|message| Arc::unwrap_or_clone(message.clone())).collect();
        // A refused page leaves a hole, which the checker then finds.
        let _ = self.timeline.page(older, last.last_rev);
        Fold::of(self.room, &self.timeline)
    }
}
