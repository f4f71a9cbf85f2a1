//! Incomplete search: at the end, a search of a room must find each message that is not deleted, once, and
//! nothing else.

use std::collections::BTreeSet;

use shared::ids::Seq;

use super::{Anomaly, Violations, index::HistoryIndex};

pub fn check(index: &HistoryIndex, violations: &mut Violations) {
    for (at, state) in index.node_states.values().flatten() {
        let existing = state.messages.iter().rev().filter(|message| message.deleted_at.is_none());
        let existing: Vec<Seq> = existing.map(|message| message.seq).collect();
        if state.found == existing {
            continue;
        }
        let found: BTreeSet<Seq> = state.found.iter().copied().collect();
        let missing: Vec<_> = existing.iter().filter(|seq| !found.contains(seq)).collect();
        let detail = match missing.first() {
            Some(seq) => format!("misses {} messages, the last of them {seq}", missing.len()),
            None => format!("finds {} of {} messages", state.found.len(), existing.len()),
        };
        let detail = format!("a search of room {} at node {} {detail}", state.room, state.node);
        violations.add(Anomaly::IncompleteSearch, [*at], detail);
    }
}
