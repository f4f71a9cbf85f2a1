//! The readers' links: what the server sends over them, and how they break.

use std::sync::Arc;

use shared::{
    ids::{Rev, Seq},
    live::RemovedReason,
    messages::{Change, Row},
    timeline::Applied,
};

use super::{ROOM, Reader, World};
use crate::history::{Entry, Event};

/// Changes in one answer at most; what needs more gets a gap.
const ANSWER: usize = 12;

impl World {
    pub(super) fn out(&mut self, nth: usize) {
        self.readers[nth].sent = None;
        let event = Event::OutOf { room: ROOM, reason: RemovedReason::Removed };
        self.note(self.readers[nth].process, event);
    }

    /// A link breaks and another is made.
    pub fn connect(&mut self, nth: usize) {
        let Reader { process, user, .. } = self.readers[nth];
        self.readers[nth].sent = None;
        self.note(process, Event::Closed { code: None });
        self.note(process, Event::Connect { node: 1, user });
        self.note(process, Event::Welcome);
        self.subscribe(nth);
    }

    /// What was missed, in latest states.
    fn missed(&self, after: Rev) -> Vec<Change> {
        let messages = self.messages.iter().map(|m| (m.rev, Row::Message(m.clone())));
        let members = self.members.values().map(|m| (m.rev, Row::Member(m.clone())));
        let mut rows: Vec<_> = messages.chain(members).filter(|(rev, _)| *rev > after).collect();
        rows.sort_by_key(|(rev, _)| *rev);
        rows.into_iter().map(|(rev, row)| Change { rev, row }).collect()
    }

    pub fn subscribe(&mut self, nth: usize) {
        let (process, after_rev) = (self.readers[nth].process, self.readers[nth].timeline.rev());
        self.note(process, Event::Subscribe { room: ROOM, after_rev });
        if !self.is_in(self.readers[nth].user) {
            return self.out(nth);
        }
        self.replay(nth, after_rev);
    }

    fn replay(&mut self, nth: usize, after: Rev) {
        let (process, rev) = (self.readers[nth].process, self.rev);
        let missed = self.missed(after);
        self.readers[nth].sent = Some(rev);
        if missed.len() <= ANSWER {
            for change in missed {
                let _ = self.take(nth, change);
            }
            self.note(process, Event::Subscribed { room: ROOM, rev });
            return self.readers[nth].timeline.subscribed(rev);
        }
        let last_seq = Seq(self.messages.len() as i64);
        self.note(process, Event::Gap { room: ROOM, from_rev: after, to_rev: rev, last_seq });
        self.note(process, Event::Read { room: ROOM });
        let newest = self.messages.len().saturating_sub(5);
        let messages: Arc<[_]> = self.messages[newest..].iter().cloned().map(Arc::new).collect();
        self.note(process, Event::Page { room: ROOM, as_of_rev: rev, messages });
        let timeline = &mut self.readers[nth].timeline;
        timeline.reset(last_seq, rev);
        assert!(timeline.page(self.messages[newest..].to_vec(), rev));
        self.members.values().for_each(|member| timeline.member(member.clone()));
    }

    fn take(&mut self, nth: usize, change: Change) -> Applied {
        let (process, rev) = (self.readers[nth].process, change.rev);
        self.note(process, Event::Change { room: ROOM, rev, row: change.row.clone().into() });
        self.readers[nth].timeline.apply(change)
    }

    /// Live changes arrive, as many as there are.
    pub fn deliver(&mut self, nth: usize, at_most: usize) {
        let Some(sent) = self.readers[nth].sent else { return };
        let waiting = self.log.iter().filter(|change| change.rev > sent).take(at_most).cloned();
        for mut change in waiting.collect::<Vec<_>>() {
            self.readers[nth].sent = Some(change.rev);
            // Some are still in the server's hands: what was deleted meanwhile has no text.
            if let Row::Message(message) = &mut change.row
                && message.seq.0 % 2 == 0
            {
                let now = &self.messages[message.seq.0 as usize - 1];
                if now.deleted_at.is_some() {
                    *message = now.clone();
                }
            }
            assert_eq!(self.take(nth, change), Applied::InOrder);
        }
    }

    /// The server dropped what waits for this reader, and reads it again; the client notices and
    /// asks, too.
    pub fn refill(&mut self, nth: usize) {
        let Some(sent) = self.readers[nth].sent else { return };
        let missed = self.missed(sent);
        let is_jump = missed.first().is_some_and(|change| change.rev > sent.next());
        let after = self.readers[nth].timeline.rev();
        self.replay(nth, sent);
        if is_jump && missed.len() <= ANSWER {
            let (process, room) = (self.readers[nth].process, ROOM);
            let jump = self.entries.len() - missed.len();
            let at_us = self.entries[jump].at_us;
            let event = Event::Subscribe { room, after_rev: after };
            self.entries.insert(jump, Entry { at_us, process, event });
            self.replay(nth, after);
        }
    }

    /// Everything that waits arrives, and an echo after it.
    pub fn echo(&mut self, nth: usize) {
        let asked_us = self.now_us;
        self.deliver(nth, usize::MAX);
        self.note(self.readers[nth].process, Event::Pong { asked_us });
    }
}
