//! One order: numbers are dense, identify one row each, are the same at every node, and keep each
//! sender's messages in the order of sending.

use std::collections::HashMap;

use shared::ids::{Rev, RoomId, Seq, UserId};

use super::{
    Anomaly, Violations,
    index::{Index, MessageKey},
    operations::Sends,
};
use crate::history::{ChangedRow, Event, NodeState, Transport, digest};

pub fn check(index: &Index, violations: &mut Violations) {
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
fn check_seqs(index: &Index, violations: &mut Violations) {
    let mut seen = HashMap::new();
    for (at, message) in &index.observed {
        let key: MessageKey = (message.room, message.seq);
        let ids = (message.id, message.client_id);
        let (first, known) = seen.entry(key).or_insert((*at, ids));
        if *known != ids {
            let detail = format!("{} and {} are both {} of {}", known.1, ids.1, key.1, key.0);
            violations.add(Anomaly::InconsistentOffsets, [*first, *at], detail);
        }
    }
}

/// The content of a change, as far as two changes can be told apart.
#[derive(Clone, Copy, PartialEq)]
enum ChangeContent {
    Message(u64),
    Member(UserId, bool),
    Room,
}

/// Each `rev` identifies one change.
fn check_revs(index: &Index, violations: &mut Violations) {
    let mut seen: HashMap<(RoomId, Rev), (usize, ChangeContent)> = HashMap::new();
    let mut add = |at: usize, room: RoomId, rev: Rev, content: ChangeContent| {
        let (first, known) = seen.entry((room, rev)).or_insert((at, content));
        if *known != content {
            let detail = format!("change {rev} of room {room} has two different contents");
            violations.add(Anomaly::InconsistentOffsets, [*first, at], detail);
        }
    };
    for (at, message) in &index.observed {
        add(*at, message.room, message.rev, ChangeContent::Message(digest(message)));
    }
    for (at, entry) in index.entries.iter().enumerate() {
        let Event::Change { room, rev, row } = &entry.event else { continue };
        let content = match row {
            // The server may send the latest state in place of an older one.
            ChangedRow::Message(message) if message.rev >= *rev => continue,
            ChangedRow::Message(message) => ChangeContent::Message(digest(message)),
            ChangedRow::Member(member) => ChangeContent::Member(member.user.id, member.left),
            ChangedRow::Room(_) => ChangeContent::Room,
        };
        add(at, *room, *rev, content);
    }
}

/// The numbers run from 1 to `last_seq` without holes, and no change is newer than `last_rev`.
fn check_dense(room: RoomId, at: usize, state: &NodeState, violations: &mut Violations) {
    let expected = (1..).map(Seq);
    let wrong = state.messages.iter().zip(expected).find(|(message, seq)| message.seq != *seq);
    let count = state.messages.len() as i64;
    let newer = state.messages.iter().find(|message| message.rev > state.last_rev);
    let detail = if let Some((message, seq)) = wrong {
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

/// Two nodes return the same state.
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

/// Messages that one process sent by socket, each acknowledged at the first attempt, have ascending
/// numbers. After several attempts no order is certain: the first attempt may have failed on its way,
/// unknown to the sender, and the message behind it not.
fn check_sender_order(index: &Index, violations: &mut Violations) {
    let mut sent: HashMap<(u32, RoomId), Vec<(usize, usize)>> = HashMap::new();
    for sends in index.sends.values() {
        if let (Some((process, invoked)), Some(ack)) = (single_attempt(sends), sends.acks().next())
        {
            sent.entry((process, sends.draft.room)).or_default().push((invoked, ack));
        }
    }
    for ((process, room), mut sent) in sent {
        sent.sort_unstable();
        let seq = |ack: usize| match &index.entries[ack].event {
            Event::Ack { message, .. } => message.seq,
            _ => Seq(0),
        };
        for pair in sent.windows(2) {
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

/// The process and invocation of a message that was sent once, by socket.
fn single_attempt(sends: &Sends) -> Option<(u32, usize)> {
    match &sends.attempts[..] {
        [attempt] if attempt.via == Transport::Socket => {
            Some((attempt.process, attempt.operation.invoked))
        }
        _ => None,
    }
}
