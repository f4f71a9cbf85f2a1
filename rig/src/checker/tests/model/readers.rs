//! The readers' connections.

use std::sync::Arc;

use shared::{
    ids::{Rev, Seq},
    live::RemovedReason,
    messages::{Change, Row},
    timeline::ApplyOutcome,
};

use super::{Model, ROOM, Reader};
use crate::history::{Entry, Event};

/// The maximum of replayed changes. With more, the server replies to a subscription with a gap.
const REPLAY_MAX: usize = 12;

impl Model {
    /// Ends the subscription with `removed`.
    pub(super) fn leave(&mut self, nth: usize) {
        self.readers[nth].sent_rev = None;
        let event = Event::LeftRoom { room: ROOM, reason: RemovedReason::Removed };
        self.record(self.readers[nth].process, event);
    }

    /// Closes the connection and opens another.
    pub fn connect(&mut self, nth: usize) {
        let Reader { process, user, .. } = self.readers[nth];
        self.readers[nth].sent_rev = None;
        self.record(process, Event::Closed { code: None });
        self.record(process, Event::Connect { node: 1, user });
        self.record(process, Event::Welcome);
        self.subscribe(nth);
    }

    /// The changed rows after `after`, in their latest states; a member once for each change, because each
    /// has an event.
    fn changes_after(&self, after: Rev) -> Vec<Change> {
        let messages = self.messages.iter().map(|m| (m.rev, Row::Message(m.clone())));
        let member = |change: &Change| match &change.row {
            Row::Member(member) => {
                let latest = self.members[&member.user.id].clone();
                Some((change.rev, Row::Member(latest)))
            }
            _ => None,
        };
        let members = self.log.iter().filter_map(member);
        let mut rows: Vec<_> = messages.chain(members).filter(|(rev, _)| *rev > after).collect();
        rows.sort_by_key(|(rev, _)| *rev);
        rows.into_iter().map(|(rev, row)| Change::new(rev, row)).collect()
    }

    pub fn subscribe(&mut self, nth: usize) {
        let (process, after_rev) = (self.readers[nth].process, self.readers[nth].timeline.rev());
        self.record(process, Event::Subscribe { room: ROOM, after_rev });
        if !self.is_member(self.readers[nth].user) {
            return self.leave(nth);
        }
        self.replay(nth, after_rev);
    }

    /// Sends the changes after `after`, or a gap, after which the reader reads a page.
    fn replay(&mut self, nth: usize, after: Rev) {
        let (process, rev) = (self.readers[nth].process, self.rev);
        let missed = self.changes_after(after);
        self.readers[nth].sent_rev = Some(rev);
        if missed.len() <= REPLAY_MAX {
            for change in missed {
                let _ = self.receive(nth, change);
            }
            self.record(process, Event::Subscribed { room: ROOM, rev });
            return self.readers[nth].timeline.advance_rev(rev);
        }
        let last_seq = Seq(self.messages.len() as i64);
        self.record(process, Event::Gap { room: ROOM, from_rev: after, to_rev: rev, last_seq });
        self.record(process, Event::ReadPage { room: ROOM });
        let newest = self.messages.len().saturating_sub(5);
        let messages: Arc<[_]> = self.messages[newest..].iter().cloned().map(Arc::new).collect();
        self.record(process, Event::Page { room: ROOM, as_of_rev: rev, messages });
        let timeline = &mut self.readers[nth].timeline;
        timeline.reset(last_seq, rev);
        assert!(timeline.insert_page(self.messages[newest..].to_vec(), rev));
        self.members.values().for_each(|member| timeline.upsert_member(member.clone()));
    }

    fn receive(&mut self, nth: usize, change: Change) -> ApplyOutcome {
        let (process, rev) = (self.readers[nth].process, change.rev);
        self.record(process, Event::Change { room: ROOM, rev, row: change.row.clone().into() });
        self.readers[nth].timeline.apply(change)
    }

    /// Delivers waiting live changes, at most `at_most`.
    pub fn deliver(&mut self, nth: usize, at_most: usize) {
        let Some(sent) = self.readers[nth].sent_rev else { return };
        let waiting = self.log.iter().filter(|change| change.rev > sent).take(at_most).cloned();
        for mut change in waiting.collect::<Vec<_>>() {
            self.readers[nth].sent_rev = Some(change.rev);
            // A server may send the latest state in place of an older one. The model does so for
            // every other message that has been deleted since.
            if let Row::Message(message) = &mut change.row
                && message.seq.0 % 2 == 0
            {
                let latest = &self.messages[message.seq.0 as usize - 1];
                if latest.deleted_at.is_some() {
                    *message = latest.clone();
                }
            }
            assert_eq!(self.receive(nth, change), ApplyOutcome::InOrder);
        }
    }

    /// Overflows the server's queue for this reader: the server drops the queue and replays the
    /// changes from the database. If the replay skips revs, the client notices that and subscribes
    /// again.
    pub fn overflow_queue(&mut self, nth: usize) {
        let Some(sent) = self.readers[nth].sent_rev else { return };
        let missed = self.changes_after(sent);
        let has_skip = missed.first().is_some_and(|change| change.rev > sent.next());
        let after = self.readers[nth].timeline.rev();
        self.replay(nth, sent);
        if has_skip && missed.len() <= REPLAY_MAX {
            let (process, room) = (self.readers[nth].process, ROOM);
            let skip = self.entries.len() - missed.len();
            let at_us = self.entries[skip].at_us;
            let event = Event::Subscribe { room, after_rev: after };
            self.entries.insert(skip, Entry { at_us, process, event });
            self.replay(nth, after);
        }
    }

    /// Delivers all waiting changes, then the reply to a ping.
    pub fn ping(&mut self, nth: usize) {
        let pinged_us = self.now_us;
        self.deliver(nth, usize::MAX);
        self.record(self.readers[nth].process, Event::Pong { pinged_us });
    }
}
