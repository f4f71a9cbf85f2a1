//! Judges a history, in Jepsen's vocabulary. Pure: the same history gets the same verdict anywhere.
//!
//! What is judged is what can be known for certain. The order of two entries says what came first
//! only within one process, or when one was acknowledged before the other was asked for; an answer
//! that never came, and a refusal that may be tried again, leave open whether the thing was done.
//!
//! - **Lost write**: acknowledged, and not in every node's final state.
//! - **Duplicate**: one `client_id` under two numbers.
//! - **Inconsistent offsets**: two things under one number (`seq` or `rev`), numbers that are not
//!   dense, nodes that differ, a sender's own order turned round.
//! - **Skip without gap**: see [`stream`].
//! - **Aborted read**: something was read that was refused, or that nobody wrote.
//! - **Unseen**: acknowledged, and not in what a reader held at the end.
//! - **Leak after removal**, **leak after delete**: see [`removal`] and [`deletion`].
//! - **Unstable ack**: two answers to one `client_id` that differ, or one that the final state belies.
//! - **Fold mismatch**: what a reader held at the end is not the final state.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::history::History;

mod deletion;
mod facts;
mod folds;
mod order;
mod removal;
mod stream;
#[cfg(test)]
mod tests;
mod walk;
mod writes;

use facts::Facts;

/// Violations of one kind that are kept; a broken server makes thousands.
const OF_A_KIND: usize = 100;

/// What kind of promise was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    LostWrite,
    Duplicate,
    InconsistentOffsets,
    SkipWithoutGap,
    AbortedRead,
    Unseen,
    LeakAfterRemoval,
    LeakAfterDelete,
    UnstableAck,
    FoldMismatch,
}

impl fmt::Display for Kind {
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
            Self::FoldMismatch => "fold mismatch",
        })
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which.
    pub kind: Kind,
    /// What happened, in a sentence.
    pub detail: String,
    /// The entries that show it, as indexes into the history.
    pub entries: Vec<usize>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (entries {:?})", self.kind, self.detail, self.entries)
    }
}

/// Everything that is wrong with a run, by kind, then by time; at most a hundred of each kind.
pub fn check(history: &History) -> Vec<Violation> {
    let facts = Facts::of(&history.0);
    let mut found = Found::default();
    writes::check(&facts, &mut found);
    order::check(&facts, &mut found);
    folds::check(&facts, &mut found);
    walk::check(&facts, &mut found);
    found.0.into_values().flatten().collect()
}

#[derive(Default)]
struct Found(BTreeMap<Kind, Vec<Violation>>);

impl Found {
    fn add<const N: usize>(&mut self, kind: Kind, entries: [usize; N], detail: impl Into<String>) {
        let kept = self.0.entry(kind).or_default();
        if kept.len() < OF_A_KIND {
            kept.push(Violation { kind, detail: detail.into(), entries: entries.to_vec() });
        }
    }
}
