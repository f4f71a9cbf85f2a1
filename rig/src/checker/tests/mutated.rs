//! Spoilt histories: the checker must say what is wrong with each.

use std::sync::Arc;

use shared::{
    Timestamp,
    ids::{MessageId, Rev, Seq},
    messages::Message,
    problem::Code,
    rooms::Role,
};

use super::{
    model::{EDITOR, GUEST, READER, ROOM},
    spoilt::*,
};
use crate::{
    checker::{Kind, check},
    history::{Entry, Event, History, Seen},
};

#[test]
fn nothing_is_wrong_with_the_honest_one() {
    assert_eq!(check(&History(honest())), []);
}

#[test]
fn lost_writes() {
    spoilt(Kind::LostWrite, "node 1 does not have it", |entries| {
        let last = finals(entries).pop().unwrap();
        last.messages.pop();
        last.last_seq.0 -= 1;
    });
    spoilt(Kind::LostWrite, "the edit of 3", |entries| {
        let (_, old) = acked(entries, EDITED);
        finals(entries)[0].messages[EDITED as usize - 1] = old;
    });
    spoilt(Kind::LostWrite, "3 joined", |entries| {
        finals(entries)[1].members.retain(|member| member.user.id != GUEST);
    });
}

#[test]
fn duplicates() {
    spoilt(Kind::Duplicate, "is both 1 and 11", |entries| {
        for last in finals(entries) {
            let mut copy = (*last.messages[0]).clone();
            (copy.id, copy.seq) = (MessageId(999), last.last_seq.next());
            last.last_seq = copy.seq;
            last.messages.push(copy.into());
        }
    });
    spoilt(Kind::Duplicate, "twice", |entries| {
        let last = finals(entries).remove(0);
        last.messages.push(last.messages[0].clone());
    });
}

#[test]
fn inconsistent_offsets() {
    spoilt(Kind::InconsistentOffsets, "are both 5", |entries| {
        let last = finals(entries).pop().unwrap();
        let (five, six) = (last.messages[4].clone(), last.messages[5].clone());
        last.messages[4] = Message { seq: five.seq, ..(*six).clone() }.into();
        last.messages[5] = Message { seq: six.seq, ..(*five).clone() }.into();
    });
    spoilt(Kind::InconsistentOffsets, "in place of 5", |entries| {
        finals(entries).into_iter().for_each(|last| drop(last.messages.remove(4)));
    });
    spoilt(Kind::InconsistentOffsets, "sent 2 of room 1 before 1", |entries| {
        everywhere(entries, |message| match message.seq.0 {
            1 => message.seq = Seq(2),
            2 => message.seq = Seq(1),
            _ => {}
        });
    });
    spoilt(Kind::InconsistentOffsets, "two different ones", |entries| {
        let at = seen(entries, READER + 1, 2);
        let Event::Change { rev, row: Seen::Message(message), .. } = &mut entries[at].event else {
            unreachable!("a message");
        };
        rev.0 -= 1;
        Arc::make_mut(message).rev = *rev;
    });
    spoilt(Kind::InconsistentOffsets, "differ in the members", |entries| {
        finals(entries)[1].members[0].role = Role::Admin;
    });
}

/// A reader misses a change, asks, and gets this instead.
fn skip(entries: &mut Vec<Entry>, answer: impl FnOnce(Rev, [Event; 2]) -> Vec<Event>) {
    let (lost, next) = (seen(entries, READER, 2), seen(entries, READER, 3));
    let missed = [lost, next].map(|at| entries[at].event.clone());
    let Event::Change { rev, .. } = missed[1] else { unreachable!("a change") };
    let subscribe = Event::Subscribe { room: ROOM, after_rev: Rev(rev.0 - 2) };
    let events = std::iter::once(subscribe).chain(answer(rev, missed));
    for (nth, event) in events.enumerate() {
        insert(entries, next + 1 + nth, READER, event);
    }
    entries.remove(lost);
}

#[test]
fn skips() {
    let room = ROOM;
    spoilt(Kind::SkipWithoutGap, "something was left out", |entries| {
        skip(entries, |rev, missed| {
            missed.into_iter().chain([Event::Subscribed { room, rev }]).collect()
        });
    });
    spoilt(Kind::SkipWithoutGap, "something was left out", |entries| {
        skip(entries, |rev, _| {
            let from_rev = Rev(rev.0 - 2);
            vec![Event::Gap { room, from_rev, to_rev: rev, last_seq: Seq(3) }]
        });
    });
}

#[test]
fn aborted_reads() {
    spoilt(Kind::AbortedRead, "was refused", |entries| {
        let (at, message) = acked(entries, PLAIN);
        let client_id = message.client_id;
        entries[at].event = Event::Nack { client_id, code: Code::NotAMember, retry: false };
    });
    spoilt(Kind::AbortedRead, "as nobody wrote it", |entries| {
        let at = seen(entries, READER, PLAIN);
        let Event::Change { row: Seen::Message(message), .. } = &mut entries[at].event else {
            unreachable!("a message");
        };
        Arc::make_mut(message).content.push('!');
    });
    spoilt(Kind::AbortedRead, "as nobody wrote it", |entries| {
        let at = find(entries, |entry| matches!(entry.event, Event::Edited { .. }));
        assert_eq!(entries[at].process, EDITOR);
        entries[at].event = Event::Refused { code: Code::NotTheAuthor, retry: false };
    });
    spoilt(Kind::AbortedRead, "nobody sent", |entries| {
        let (_, message) = acked(entries, PLAIN);
        entries.retain(|entry| match &entry.event {
            Event::Send { said, .. } => said.client_id != message.client_id,
            _ => true,
        });
    });
}

#[test]
fn unseen_ones() {
    spoilt(Kind::Unseen, "never held 1", |entries| fold(entries).digests[0] = 0);
    spoilt(Kind::Unseen, "holds nothing", |entries| {
        entries.retain(|entry| !(entry.process == READER && matches!(entry.event, Event::Fold(_))));
    });
}

#[test]
fn unstable_acks() {
    spoilt(Kind::UnstableAck, "acknowledged as", |entries| {
        again(entries, PLAIN, |message| message.id = MessageId(999));
    });
    spoilt(Kind::UnstableAck, "otherwise than node 0", |entries| {
        Arc::make_mut(&mut finals(entries)[0].messages[0]).created_at = Timestamp::UNIX_EPOCH;
    });
}

#[test]
fn fold_mismatches() {
    spoilt(Kind::FoldMismatch, "held 1 of", |entries| fold(entries).digests[0] ^= 2);
    spoilt(Kind::FoldMismatch, "ended at change", |entries| fold(entries).rev.0 -= 1);
    spoilt(Kind::FoldMismatch, "held the members", |entries| drop(fold(entries).members.pop()));
}
