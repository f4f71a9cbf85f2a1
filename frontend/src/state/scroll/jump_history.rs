//! The scroll positions before each jump, for going back.

use shared::ids::Seq;

const MAX_ENTRIES: usize = 50;

/// A scroll position in a room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScrollPosition {
    /// At the bottom, with the newest message.
    Bottom,
    /// This message is the first on the screen and ends this many CSS pixels below the top.
    Message(Seq, f64),
}

impl ScrollPosition {
    fn message(self) -> Option<Seq> {
        match self {
            Self::Bottom => None,
            Self::Message(seq, _) => Some(seq),
        }
    }
}

/// The positions before the last jumps, most recent last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JumpHistory(Vec<ScrollPosition>);

impl JumpHistory {
    /// Adds the position before a jump. It replaces the last one if both are at the same message.
    pub fn push(&mut self, position: ScrollPosition) {
        if self.0.last().is_some_and(|last| last.message() == position.message()) {
            self.0.pop();
        }
        if self.0.len() == MAX_ENTRIES {
            self.0.remove(0);
        }
        self.0.push(position);
    }

    /// Removes and returns the position before the last jump.
    pub fn pop(&mut self) -> Option<ScrollPosition> {
        self.0.pop()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_in_reverse_order() {
        use ScrollPosition::{Bottom, Message};
        let mut history = JumpHistory::default();
        assert_eq!((history.pop(), history.is_empty()), (None, true));
        let positions = [Bottom, Message(Seq(7), 3.0), Message(Seq(9), 1.0), Bottom];
        positions.iter().for_each(|position| history.push(*position));
        for position in positions.iter().rev() {
            assert!(!history.is_empty());
            assert_eq!(history.pop(), Some(*position));
        }
        assert!(history.is_empty());
    }

    #[test]
    fn two_jumps_from_one_message_are_one_step_back() {
        let mut history = JumpHistory::default();
        [3.0, 8.0].iter().for_each(|y| history.push(ScrollPosition::Message(Seq(7), *y)));
        assert_eq!(history.pop(), Some(ScrollPosition::Message(Seq(7), 8.0)));
        assert_eq!(history.pop(), None);
    }

    #[test]
    fn the_oldest_entries_are_dropped() {
        let mut history = JumpHistory::default();
        (1..=60).for_each(|seq| history.push(ScrollPosition::Message(Seq(seq), 0.0)));
        let positions: Vec<_> = std::iter::from_fn(|| history.pop()).collect();
        assert_eq!(positions.len(), MAX_ENTRIES);
        assert_eq!(positions.last(), Some(&ScrollPosition::Message(Seq(11), 0.0)));
    }
}
