//! A set of numbers that are mostly consecutive.

use std::collections::HashMap;

/// A set of numbers; 64 consecutive ones take one entry, so that the numbers of a room with millions of
/// messages take few megabytes.
#[derive(Default)]
pub struct NumberSet(HashMap<i64, u64>);

impl NumberSet {
    /// Adds a number; false if the set has it already.
    pub fn insert(&mut self, number: i64) -> bool {
        let word = self.0.entry(number.div_euclid(64)).or_default();
        let bit = 1 << number.rem_euclid(64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_new_once() {
        let mut set = NumberSet::default();
        for number in [0, 1, 63, 64, 65, 127, 128, i64::MAX, -1, i64::MIN] {
            assert!(set.insert(number), "{number}");
        }
        for number in [0, 63, 64, 128, i64::MAX, -1, i64::MIN] {
            assert!(!set.insert(number), "{number}");
        }
        assert!(set.insert(2));
    }
}
