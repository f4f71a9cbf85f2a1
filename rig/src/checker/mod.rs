//! Checks a history for anomalies, in Jepsen's terms. The checker is pure: the same history always
//! gives the same result.
//!
//! The checker reports only what is certain. The order of two entries is known only within one
//! process, or when one operation completed before the other was invoked. An operation without a
//! reply, or with a refusal that may be retried, is indeterminate (Jepsen: info).
//!
//! Entries are identified by their index in the history; a variable `at` is such an index.
//!
//! - **Lost write**: acknowledged, and missing from the final state of a node.
//! - **Duplicate**: one `client_id` under two numbers.
//! - **Inconsistent offsets**: two rows under one number (`seq` or `rev`), numbers that are not
//!   dense, nodes that differ, or a sender's messages out of order.
//! - **Skip without gap**: see [`continuity`].
//! - **Aborted read**: a client read a message that was refused, or a state that no client wrote.
//! - **Unseen**: acknowledged, and missing from the final state of a reader.
//! - **Leak after removal**, **leak after delete**: see [`removal`] and [`deletion`].
//! - **Unstable ack**: two different acks of one `client_id`, or an ack that contradicts the final
//!   state.
//! - **State mismatch**: the final state of a reader differs from the final state of the nodes.
//! - **Incomplete search**: see [`search`].

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::history::History;

mod connection;
mod continuity;
mod deletion;
mod index;
mod operations;
mod order;
mod removal;
mod replay;
mod search;
mod state_diff;
#[cfg(test)]
mod tests;
mod writes;

use index::HistoryIndex;

/// A broken server produces thousands of violations; the first ones suffice to find the cause.
const MAX_PER_ANOMALY: usize = 100;

/// The kind of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anomaly {
    LostWrite,
    Duplicate,
    InconsistentOffsets,
    SkipWithoutGap,
    AbortedRead,
    Unseen,
    LeakAfterRemoval,
    LeakAfterDelete,
    UnstableAck,
    StateMismatch,
    IncompleteSearch,
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LostWrite => "lost write",
            Self::Duplicate => "duplicate",
            Self::InconsistentOffsets => "inconsistent offsets",
            Self::SkipWithoutGap => "skip without gap",
            Self::AbortedRead => "aborted read",
            Self::Unseen => "unseen",
            Self::LeakAfterRemoval => "leak after removal",
            Self::LeakAfterDelete => "leak after delete",
            Self::UnstableAck => "unstable ack",
            Self::StateMismatch => "state mismatch",
            Self::IncompleteSearch => "incomplete search",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    pub anomaly: Anomaly,
    /// What happened, in a sentence.
    pub detail: String,
    /// The indexes of the entries that prove it.
    pub entries: Vec<usize>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (entries {:?})", self.anomaly, self.detail, self.entries)
    }
}

/// Checks a history and returns all violations, grouped by anomaly; at most 100 for each anomaly.
pub fn check(history: &History) -> Vec<Violation> {
    let index = HistoryIndex::new(&history.0);
    let mut violations = Violations::default();
    writes::check(&index, &mut violations);
    order::check(&index, &mut violations);
    state_diff::check(&index, &mut violations);
    search::check(&index, &mut violations);
    replay::check(&index, &mut violations);
    violations.0.into_values().flatten().collect()
}

#[derive(Default)]
struct Violations(BTreeMap<Anomaly, Vec<Violation>>);

impl Violations {
    fn add<const N: usize>(
        &mut self,
        anomaly: Anomaly,
        entries: [usize; N],
        detail: impl Into<String>,
    ) {
        let violations = self.0.entry(anomaly).or_default();
        if violations.len() < MAX_PER_ANOMALY {
            let (detail, entries) = (detail.into(), entries.to_vec());
            violations.push(Violation { anomaly, detail, entries });
        }
    }
}
