//! Unseen messages and state mismatches: the final state of each reader must equal the final state
//! of the first node.

use std::collections::{BTreeSet, HashMap};

use shared::{ids::RoomId, rooms::Member};

use super::{Anomaly, Violations, index::HistoryIndex};
use crate::history::{Event, NodeState, ReaderState, digest};

pub fn check(index: &HistoryIndex, violations: &mut Violations) {
    let mut digests_by_room = HashMap::new();
    let acked_seqs = acked_seqs(index);
    for (at, reader) in &index.reader_states {
        let nodes = index.node_states.get(&reader.room);
        let Some((node_at, node)) = nodes.and_then(|nodes| nodes.first()) else { continue };
        let digests: &Vec<u64> = digests_by_room
            .entry(reader.room)
            .or_insert_with(|| node.messages.iter().map(|message| digest(message)).collect());
        let acked = acked_seqs.get(&reader.room);
        let is_acked = |seq: i64| acked.is_some_and(|acked| acked.contains(&seq));
        let process = index.entries[*at].process;
        for (anomaly, detail) in diff(reader, node, digests, is_acked) {
            violations.add(anomaly, [*at, *node_at], format!("reader {process} {detail}"));
        }
    }
    check_missing_states(index, violations);
}

/// The acknowledged messages of each room.
fn acked_seqs(index: &HistoryIndex) -> HashMap<RoomId, BTreeSet<i64>> {
    let mut acked: HashMap<_, BTreeSet<_>> = HashMap::new();
    for ack in index.sent_messages.values().flat_map(|sent| sent.acks()) {
        if let Event::Ack { message, .. } = &index.entries[ack].event {
            acked.entry(message.room).or_default().insert(message.seq.0);
        }
    }
    acked
}

/// The differences between a reader and a node, each with a description for "reader N ..".
fn diff(
    reader: &ReaderState,
    node: &NodeState,
    node_digests: &[u64],
    is_acked: impl Fn(i64) -> bool,
) -> Vec<(Anomaly, String)> {
    let (mut unseen, mut different) = (Vec::new(), Vec::new());
    for nth in 0..node_digests.len().max(reader.digests.len()) {
        let digest = |all: &[u64]| all.get(nth).copied().unwrap_or(0);
        let (held, expected) = (digest(&reader.digests), digest(node_digests));
        let seq = nth as i64 + 1;
        if held == 0 && expected != 0 && is_acked(seq) {
            unseen.push(seq);
        } else if held != expected {
            different.push(seq);
        }
    }
    let room = reader.room;
    let mut differences = Vec::new();
    if !unseen.is_empty() {
        let detail = format!("never held {} of room {room}, acknowledged", list_seqs(&unseen));
        differences.push((Anomaly::Unseen, detail));
    }
    if !different.is_empty() {
        let detail = format!("held {} of room {room} in a different state", list_seqs(&different));
        differences.push((Anomaly::StateMismatch, detail));
    }
    if reader.rev != node.last_rev {
        let detail = format!("ended at change {} of {} in {room}", reader.rev, node.last_rev);
        differences.push((Anomaly::StateMismatch, detail));
    }
    if reader.members != node.members {
        let list_members = |members: &[Member]| {
            let members = members.iter().map(|m| format!("{} ({})", m.user.id, m.rev));
            members.collect::<Vec<_>>().join(", ")
        };
        let (held, expected) = (list_members(&reader.members), list_members(&node.members));
        let detail = format!("held the members {held} of room {room} instead of {expected}");
        differences.push((Anomaly::StateMismatch, detail));
    }
    differences
}

/// The first five as text, and the number of the others.
fn list_seqs(seqs: &[i64]) -> String {
    let first: Vec<_> = seqs.iter().take(5).map(i64::to_string).collect();
    let more = if seqs.len() > 5 { format!(" and {} more", seqs.len() - 5) } else { String::new() };
    first.join(", ") + &more
}

/// A reader that was subscribed at the end must report a final state.
fn check_missing_states(index: &HistoryIndex, violations: &mut Violations) {
    let mut subscribed = HashMap::new();
    for (at, entry) in index.entries.iter().enumerate() {
        match &entry.event {
            Event::Subscribe { room, .. } if index.node_states.contains_key(room) => {
                subscribed.insert((entry.process, *room), at);
            }
            Event::LeftRoom { room, .. } => drop(subscribed.remove(&(entry.process, *room))),
            Event::ReaderState(state) => drop(subscribed.remove(&(entry.process, state.room))),
            _ => {}
        }
    }
    for ((process, room), at) in subscribed {
        let detail = format!("reader {process} holds nothing of room {room} at the end");
        violations.add(Anomaly::Unseen, [at], detail);
    }
}
