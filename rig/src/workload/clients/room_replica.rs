//! A reader's replica of a room.

use std::sync::Arc;

use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    messages::{Change, Message, MessagePage, Row},
    rooms::Member,
    timeline::{ApplyOutcome, Timeline},
};

use crate::history::{NodeState, ReaderState};

pub struct RoomReplica {
    pub room: RoomId,
    /// Whether the server confirmed that nothing is missing, and nothing contradicts that since.
    pub in_sync: bool,
    /// Whether the reader was removed from the room.
    pub is_removed: bool,
    timeline: Timeline,
    /// The first message that the replica received by itself or with the page after the last gap. A
    /// browser would read earlier ones by REST when the user scrolls up.
    first: Seq,
}

impl RoomReplica {
    pub fn new(me: UserId, room: RoomId) -> Self {
        let timeline = Timeline::new(me, Seq(0), Rev(0));
        Self { room, in_sync: false, is_removed: false, timeline, first: Seq(1) }
    }

    /// The last change, to subscribe after.
    pub fn rev(&self) -> Rev {
        self.timeline.rev()
    }

    /// Applies a change. Returns true if an earlier change is missing and the reader must subscribe
    /// again.
    pub fn apply(&mut self, change: Change) -> bool {
        let is_ahead = self.timeline.apply(change) == ApplyOutcome::MissedEarlier;
        is_ahead && std::mem::take(&mut self.in_sync)
    }

    /// Applies a message that several readers share.
    pub fn apply_message(&mut self, rev: Rev, message: &Message) -> bool {
        self.apply(Change { rev, row: Row::Message(message.clone()) })
    }

    /// The server has sent everything up to `rev`.
    pub fn subscribed(&mut self, rev: Rev) {
        self.timeline.advance_rev(rev);
        (self.in_sync, self.is_removed) = (true, false);
    }

    /// Continues after a gap with the newest page and the members. Returns false if the page is
    /// older than the end of the gap.
    pub fn reset(&mut self, to_rev: Rev, page: MessagePage, members: Vec<Member>) -> bool {
        if page.as_of_rev < to_rev {
            return false;
        }
        self.timeline.reset(page.room_last_seq, to_rev);
        self.first = page.messages.first().map_or(Seq(1), |message| message.seq);
        members.into_iter().for_each(|member| self.timeline.upsert_member(member));
        (self.in_sync, self.is_removed) = (true, false);
        self.timeline.insert_page(page.messages, page.as_of_rev)
    }

    pub fn has_caught_up(&self, node: &NodeState) -> bool {
        self.in_sync && self.rev() >= node.last_rev
    }

    /// Reads the messages before the last gap, and returns the final state.
    pub fn final_state(&mut self, node: &NodeState) -> ReaderState {
        let earlier = node.messages.iter().filter(|message| message.seq < self.first);
        let earlier: Vec<Message> =
            earlier.map(|message| Arc::unwrap_or_clone(message.clone())).collect();
        // If the timeline refuses the page, the checker finds the missing messages.
        let _ = self.timeline.insert_page(earlier, node.last_rev);
        ReaderState::new(self.room, &self.timeline)
    }
}
