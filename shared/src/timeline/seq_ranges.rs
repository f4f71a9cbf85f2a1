//! A set of message numbers as sorted, disjoint, non-adjacent runs.

use crate::ids::Seq;

/// Runs of message numbers, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeqRanges(Vec<(i64, i64)>);

impl SeqRanges {
    /// Adds a run and merges it with adjacent ones. An empty run (`to < from`) adds nothing.
    pub fn insert(&mut self, from: Seq, to: Seq) {
        let (mut from, mut to) = (from.0, to.0);
        if to < from {
            return;
        }
        let start = self.0.partition_point(|run| run.1 + 1 < from);
        let end = self.0.partition_point(|run| run.0 <= to + 1);
        if start < end {
            from = from.min(self.0[start].0);
            to = to.max(self.0[end - 1].1);
        }
        self.0.splice(start..end, [(from, to)]);
    }

    /// Whether a number is in one of the runs.
    pub fn contains(&self, seq: Seq) -> bool {
        self.run(seq).is_some()
    }

    /// The run that a number is in.
    pub fn run(&self, seq: Seq) -> Option<(Seq, Seq)> {
        let at = self.0.partition_point(|run| run.1 < seq.0);
        let (from, to) = self.0.get(at).filter(|run| run.0 <= seq.0)?;
        Some((Seq(*from), Seq(*to)))
    }

    /// The runs, lowest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Seq, Seq)> + '_ {
        self.0.iter().map(|&(from, to)| (Seq(from), Seq(to)))
    }

    /// Whether there is no run.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes all runs.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_contain_the_same_numbers_as_a_set(runs in prop::collection::vec((1..40i64, -1..8i64), 0..20)) {
            let mut ranges = SeqRanges::default();
            let mut set = BTreeSet::new();
            for (from, length) in runs {
                ranges.insert(Seq(from), Seq(from + length));
                set.extend(from..=from + length);
            }
            for n in 0..60 {
                prop_assert_eq!(ranges.contains(Seq(n)), set.contains(&n));
            }
            let runs: Vec<_> = ranges.iter().collect();
            for n in 0..60 {
                let run = runs.iter().find(|(from, to)| (*from..=*to).contains(&Seq(n)));
                prop_assert_eq!(ranges.run(Seq(n)), run.copied());
            }
            prop_assert!(runs.windows(2).all(|pair| pair[0].1.0 + 1 < pair[1].0.0));
        }
    }
}
