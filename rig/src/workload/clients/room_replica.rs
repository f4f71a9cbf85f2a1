//! A reader's replica of a room: a timeline, and whether it is complete.

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
    /// Whether the server confirmed that the replica is complete, and no change was missed since.
    pub in_sync: bool,
    /// Whether the reader was removed from the room.
    pub is_removed: bool,
    timeline: Timeline,
    /// The first message that came by socket, or with the page after the last gap. A browser would
    /// read earlier messages by REST when the user scrolls up.
    first_loaded: Seq,
}

impl RoomReplica {
    pub fn new(me: UserId, room: RoomId) -> Self {
        let timeline = Timeline::new(me, Seq(0), Rev(0));
        Self { room, in_sync: false, is_removed: false, timeline, first_loaded: Seq(1) }
    }

    /// No change up to this one is missing. The client subscribes after it.
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
        self.apply(Change::new(rev, Row::Message(message.clone())))
    }

    /// Handles `subscribed`: the server has sent everything up to `rev`.
    pub fn complete_replay(&mut self, rev: Rev) {
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
        self.first_loaded = page.messages.first().map_or(Seq(1), |message| message.seq);
        members.into_iter().for_each(|member| self.timeline.upsert_member(member));
        (self.in_sync, self.is_removed) = (true, false);
        self.timeline.insert_page(page.messages, page.as_of_rev)
    }

    /// Whether the replica has every change of the final state.
    pub fn has_caught_up(&self, node: &NodeState) -> bool {
        self.in_sync && self.rev() >= node.last_rev
    }

    /// Adds the messages before `first_loaded` from the node's final state, as if the reader had
    /// read them by REST, and returns the reader's final state.
    pub fn final_state(&mut self, node: &NodeState) -> ReaderState {
        let earlier = node.messages.iter().filter(|message| message.seq < self.first_loaded);
        let earlier: Vec<Message> =
            earlier.map(|message| Arc::unwrap_or_clone(message.clone())).collect();
        // If the timeline refuses the page, the checker finds the missing messages.
        let _ = self.timeline.insert_page(earlier, node.last_rev);
        ReaderState::new(self.room, &self.timeline)
    }
}
