//! Inconsistent offsets: each `seq` and each `rev` identifies one row, `seq` has no holes, all
//! nodes return the same state, and each sender's messages keep the order of sending.

use std::collections::HashMap;

use shared::ids::{Rev, RoomId, Seq, UserId};

use super::{
    Anomaly, Violations,
    index::{HistoryIndex, MessageKey},
    operations::SentMessage,
};
use crate::history::{ChangedRow, Event, NodeState, Transport, digest};

pub fn check(index: &HistoryIndex, violations: &mut Violations) {
    check_seqs(index, violations);
    check_revs(index, violations);
    for (room, states) in &index.node_states {
        for (at, state) in states {
            check_dense(*room, *at, state, violations);
        }
        if let Some((first, others)) = states.split_first() {
            others.iter().for_each(|other| check_nodes_agree(*first, *other, violations));
        }
    }
    check_sender_order(index, violations);
}

/// Each `seq` identifies one message.
fn check_seqs(index: &HistoryIndex, violations: &mut Violations) {
    let mut seen = HashMap::new();
    for (at, message) in &index.observed {
        let key: MessageKey = (message.room, message.seq);
        let ids = (message.id, message.client_id);
        let (first_at, first_ids) = seen.entry(key).or_insert((*at, ids));
        if *first_ids != ids {
            let detail = format!("{} and {} are both {} of {}", first_ids.1, ids.1, key.1, key.0);
            violations.add(Anomaly::InconsistentOffsets, [*first_at, *at], detail);
        }
    }
}

/// The content of a change, for comparison.
#[derive(Clone, Copy, PartialEq)]
enum ChangeContent {
    /// The [`digest`].
    Message(u64),
    /// The user, and whether the user left.
    Member(UserId, bool),
    Room,
}

/// Each `rev` identifies one change.
fn check_revs(index: &HistoryIndex, violations: &mut Violations) {
    let mut seen: HashMap<(RoomId, Rev), (usize, ChangeContent)> = HashMap::new();
    let mut add = |at: usize, room: RoomId, rev: Rev, content: ChangeContent| {
        let (first_at, first_content) = seen.entry((room, rev)).or_insert((at, content));
        if *first_content != content {
            let detail = format!("change {rev} of room {room} has two different contents");
            violations.add(Anomaly::InconsistentOffsets, [*first_at, at], detail);
        }
    };
    for (at, message) in &index.observed {
        add(*at, message.room, message.rev, ChangeContent::Message(digest(message)));
    }
    for (at, entry) in index.entries.iter().enumerate() {
        let Event::Change { room, rev, row } = &entry.event else { continue };
        let content = match row {
            // `index.observed` has the message of this rev. With a higher rev, the server sent the
            // latest state in place of an older one, which is allowed.
            ChangedRow::Message(message) if message.rev >= *rev => continue,
            ChangedRow::Message(message) => ChangeContent::Message(digest(message)),
            // Of a member who changed again, an earlier event comes with the latest state.
            ChangedRow::Member(member) if member.rev > *rev => continue,
            ChangedRow::Member(member) => ChangeContent::Member(member.user.id, member.left),
            ChangedRow::Room(_) => ChangeContent::Room,
        };
        add(at, *room, *rev, content);
    }
}

/// The `seq` of the messages runs from 1 to `last_seq` without holes, and no `rev` is above
/// `last_rev`.
fn check_dense(room: RoomId, at: usize, state: &NodeState, violations: &mut Violations) {
    let expected = (1..).map(Seq);
    let misplaced = state.messages.iter().zip(expected).find(|(message, seq)| message.seq != *seq);
    let count = state.messages.len() as i64;
    let newer = state.messages.iter().find(|message| message.rev > state.last_rev);
    let detail = if let Some((message, seq)) = misplaced {
        format!("node {} has {} in place of {seq} in room {room}", state.node, message.seq)
    } else if Seq(count) != state.last_seq {
        format!("node {} has {count} messages and last_seq {}", state.node, state.last_seq)
    } else if let Some(newer) = newer {
        format!("node {} has change {} and last_rev {}", state.node, newer.rev, state.last_rev)
    } else {
        return;
    };
    violations.add(Anomaly::InconsistentOffsets, [at], detail);
}

/// Two nodes returned the same state of a room.
fn check_nodes_agree(
    (first_at, first): (usize, &NodeState),
    (second_at, second): (usize, &NodeState),
    violations: &mut Violations,
) {
    let room = first.room;
    let mut pairs = first.messages.iter().zip(&second.messages);
    let detail = if let Some((message, _)) = pairs.find(|(one, two)| one != two) {
        format!("they differ at {} of room {room}", message.seq)
    } else if first.messages.len() != second.messages.len() {
        format!("one has {} messages, the other {}", first.messages.len(), second.messages.len())
    } else if (first.last_seq, first.last_rev) != (second.last_seq, second.last_rev) {
        format!("only one is at {}, {}", first.last_seq, first.last_rev)
    } else if first.members != second.members {
        format!("they differ in the members of room {room}")
    } else {
        return;
    };
    let detail = format!("nodes {} and {}: {detail}", first.node, second.node);
    violations.add(Anomaly::InconsistentOffsets, [first_at, second_at], detail);
}

/// Messages that one process sent by socket, each acknowledged at the first attempt, have an
/// ascending `seq`. A retried message has no certain place, because its first attempt may have been
/// lost while later messages arrived.
fn check_sender_order(index: &HistoryIndex, violations: &mut Violations) {
    // The invocation and the ack of each message.
    let mut sends: HashMap<(u32, RoomId), Vec<(usize, usize)>> = HashMap::new();
    for sent in index.sent_messages.values() {
        if let (Some((process, invoked)), Some(ack)) = (single_attempt(sent), sent.acks().next()) {
            sends.entry((process, sent.draft.room)).or_default().push((invoked, ack));
        }
    }
    for ((process, room), mut sends) in sends {
        sends.sort_unstable();
        let seq = |ack: usize| match &index.entries[ack].event {
            Event::Ack { message, .. } => message.seq,
            _ => Seq(0),
        };
        for pair in sends.windows(2) {
            let [first, second] = [pair[0].1, pair[1].1];
            let seqs = [seq(first), seq(second)];
            if seqs[0] >= seqs[1] {
                let [first_seq, second_seq] = seqs;
                let detail = format!(
                    "process {process} sent {first_seq} of room {room} before {second_seq}"
                );
                violations.add(Anomaly::InconsistentOffsets, [first, second], detail);
            }
        }
    }
}

/// The process and the invocation of a message that was sent once, by socket; `None` for others.
fn single_attempt(sent: &SentMessage) -> Option<(u32, usize)> {
    match &sent.attempts[..] {
        [attempt] if attempt.via == Transport::Socket => {
            Some((attempt.process, attempt.operation.invoked))
        }
        _ => None,
    }
}
