//! The checker finds the anomaly in each corrupted history. For leaks, see `leaks`.

use std::sync::Arc;

use shared::{
    Timestamp,
    access::Role,
    ids::{MessageId, Rev, Seq},
    messages::{Message, Reactions},
    problem::Code,
};

use super::{
    fixtures::*,
    model::{EDITOR, EMOJI, GUEST, READER, ROOM},
};
use crate::{
    checker::{Anomaly, check},
    history::{ChangedRow, Entry, Event, History},
};

#[test]
fn the_uncorrupted_history_has_no_violations() {
    assert_eq!(check(&History(valid_history())), []);
}

#[test]
fn lost_writes_are_found() {
    assert_finds(Anomaly::LostWrite, "node 1 does not have it", |entries| {
        let state = node_states(entries).pop().unwrap();
        state.messages.pop();
        state.last_seq.0 -= 1;
    });
    assert_finds(Anomaly::LostWrite, "the edit of 3", |entries| {
        let (_, old) = find_ack(entries, EDITED);
        node_states(entries)[0].messages[EDITED as usize - 1] = old;
    });
    assert_finds(Anomaly::LostWrite, "the reaction of", |entries| {
        let message = &mut node_states(entries)[0].messages[REACTED as usize - 1];
        Arc::make_mut(message).reactions = Reactions::default();
    });
    assert_finds(Anomaly::LostWrite, "3 joined, but", |entries| {
        node_states(entries)[1].members.retain(|member| member.user.id != GUEST);
    });
}

#[test]
fn wrong_reactions_are_found() {
    assert_finds(Anomaly::Duplicate, "a reaction twice", |entries| {
        for_each_message(entries, |message| {
            let copies = message.reactions.0.clone();
            message.reactions.0.extend(copies);
        });
    });
    assert_finds(Anomaly::AbortedRead, "a reaction that nobody added", |entries| {
        for_each_message(entries, |message| {
            if message.seq.0 == PLAIN {
                message.reactions.add(EMOJI, GUEST);
            }
        });
    });
    assert_finds(Anomaly::AbortedRead, "a reaction that nobody added", |entries| {
        let at = find(entries, |entry| matches!(entry.event, Event::Reacted { .. }));
        entries[at].event = Event::Refused { code: Code::NotFound, retry: false };
    });
}

#[test]
fn duplicates_are_found() {
    assert_finds(Anomaly::Duplicate, "is both 1 and 11", |entries| {
        for state in node_states(entries) {
            let mut copy = (*state.messages[0]).clone();
            (copy.id, copy.seq) = (MessageId(999), state.last_seq.next());
            state.last_seq = copy.seq;
            state.messages.push(copy.into());
        }
    });
    assert_finds(Anomaly::Duplicate, "twice", |entries| {
        let state = node_states(entries).remove(0);
        state.messages.push(state.messages[0].clone());
    });
}

#[test]
fn inconsistent_offsets_are_found() {
    assert_finds(Anomaly::InconsistentOffsets, "are both 5", |entries| {
        let state = node_states(entries).pop().unwrap();
        let (five, six) = (state.messages[4].clone(), state.messages[5].clone());
        state.messages[4] = Message { seq: five.seq, ..(*six).clone() }.into();
        state.messages[5] = Message { seq: six.seq, ..(*five).clone() }.into();
    });
    assert_finds(Anomaly::InconsistentOffsets, "in place of 5", |entries| {
        node_states(entries).into_iter().for_each(|state| drop(state.messages.remove(4)));
    });
    assert_finds(Anomaly::InconsistentOffsets, "sent 2 of room 1 before 1", |entries| {
        for_each_message(entries, |message| match message.seq.0 {
            1 => message.seq = Seq(2),
            2 => message.seq = Seq(1),
            _ => {}
        });
    });
    assert_finds(Anomaly::InconsistentOffsets, "two different contents", |entries| {
        let at = find_change(entries, READER + 1, 2);
        let Event::Change { rev, row: ChangedRow::Message(message), .. } = &mut entries[at].event
        else {
            unreachable!("a message");
        };
        rev.0 -= 1;
        Arc::make_mut(message).rev = *rev;
    });
    assert_finds(Anomaly::InconsistentOffsets, "differ in the members", |entries| {
        node_states(entries)[1].members[0].role = Role::Host;
    });
}

/// Lets a reader miss a change, subscribe again, and get this reply.
fn skip_change(entries: &mut Vec<Entry>, reply: impl FnOnce(Rev, [Event; 2]) -> Vec<Event>) {
    let (skipped, next) = (find_change(entries, READER, 2), find_change(entries, READER, 3));
    let missed = [skipped, next].map(|at| entries[at].event.clone());
    let Event::Change { rev, .. } = missed[1] else { unreachable!("a change") };
    let subscribe = Event::Subscribe { room: ROOM, after_rev: Rev(rev.0 - 2) };
    let events = std::iter::once(subscribe).chain(reply(rev, missed));
    for (nth, event) in events.enumerate() {
        insert(entries, next + 1 + nth, READER, event);
    }
    entries.remove(skipped);
}

#[test]
fn skips_without_gap_are_found() {
    let room = ROOM;
    assert_finds(Anomaly::SkipWithoutGap, "were skipped", |entries| {
        skip_change(entries, |rev, missed| {
            missed.into_iter().chain([Event::Subscribed { room, rev }]).collect()
        });
    });
    assert_finds(Anomaly::SkipWithoutGap, "were skipped", |entries| {
        skip_change(entries, |rev, _| {
            let from_rev = Rev(rev.0 - 2);
            vec![Event::Gap { room, from_rev, to_rev: rev, last_seq: Seq(3) }]
        });
    });
}

#[test]
fn aborted_reads_are_found() {
    assert_finds(Anomaly::AbortedRead, "was refused", |entries| {
        let (at, message) = find_ack(entries, PLAIN);
        let client_id = message.client_id;
        entries[at].event = Event::Nack { client_id, code: Code::NotAMember, retry: false };
    });
    assert_finds(Anomaly::AbortedRead, "a state that nobody wrote", |entries| {
        let at = find_change(entries, READER, PLAIN);
        let Event::Change { row: ChangedRow::Message(message), .. } = &mut entries[at].event else {
            unreachable!("a message");
        };
        Arc::make_mut(message).content.push('!');
    });
    assert_finds(Anomaly::AbortedRead, "a state that nobody wrote", |entries| {
        let at = find(entries, |entry| matches!(entry.event, Event::Edited { .. }));
        assert_eq!(entries[at].process, EDITOR);
        entries[at].event = Event::Refused { code: Code::NotTheAuthor, retry: false };
    });
    assert_finds(Anomaly::AbortedRead, "nobody sent", |entries| {
        let (_, message) = find_ack(entries, PLAIN);
        entries.retain(|entry| match &entry.event {
            Event::Send { draft, .. } => draft.client_id != message.client_id,
            _ => true,
        });
    });
}

#[test]
fn unseen_messages_are_found() {
    assert_finds(Anomaly::Unseen, "never held 1", |entries| {
        first_reader_state(entries).digests[0] = 0
    });
    assert_finds(Anomaly::Unseen, "holds nothing", |entries| {
        entries.retain(|entry| {
            !(entry.process == READER && matches!(entry.event, Event::ReaderState(_)))
        });
    });
}

#[test]
fn unstable_acks_are_found() {
    assert_finds(Anomaly::UnstableAck, "acknowledged as", |entries| {
        resend(entries, PLAIN, |message| message.id = MessageId(999));
    });
    assert_finds(Anomaly::UnstableAck, "differs from the message at node 0", |entries| {
        Arc::make_mut(&mut node_states(entries)[0].messages[0]).created_at = Timestamp::UNIX_EPOCH;
    });
}

#[test]
fn state_mismatches_are_found() {
    assert_finds(Anomaly::StateMismatch, "held 1 of", |entries| {
        first_reader_state(entries).digests[0] ^= 2
    });
    assert_finds(Anomaly::StateMismatch, "ended at change", |entries| {
        first_reader_state(entries).rev.0 -= 1
    });
    assert_finds(Anomaly::StateMismatch, "held the members", |entries| {
        drop(first_reader_state(entries).members.pop())
    });
}

#[test]
fn incomplete_searches_are_found() {
    assert_finds(Anomaly::IncompleteSearch, "misses 1 messages", |entries| {
        assert!(node_states(entries)[1].found.pop().is_some());
    });
    assert_finds(Anomaly::IncompleteSearch, "node 0 finds", |entries| {
        node_states(entries)[0].found.push(Seq(DELETED));
    });
}
