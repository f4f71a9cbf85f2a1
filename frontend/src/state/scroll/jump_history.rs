//! The scroll positions before each jump, for going back, and the text in which the browser keeps
//! positions.

use std::fmt::{self, Display, Formatter};

use shared::ids::Seq;

const MAX_ENTRIES: usize = 50;
/// Browsers place rows at multiples of about this part of a pixel. With whole pixels, a room would move a
/// little each time that it is opened again.
const PARTS_OF_PX: f64 = 64.0;

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

    /// Parses the text of a position; `None` if it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "bottom" {
            return Some(Self::Bottom);
        }
        let (seq, bottom) = text.split_once(':')?;
        let (seq, bottom) = (seq.parse().ok().map(Seq)?, bottom.parse::<i32>().ok()?);
        (seq >= Seq(1)).then_some(Self::Message(seq, f64::from(bottom) / PARTS_OF_PX))
    }
}

/// `bottom`, or the message and the distance in 64ths of a pixel, such as `120:21760`.
impl Display for ScrollPosition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bottom => f.write_str("bottom"),
            Self::Message(seq, bottom) => write!(f, "{seq}:{}", (*bottom * PARTS_OF_PX) as i32),
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

/// Where a reader was in a room, and the positions to go back to from there.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomPlace {
    pub position: ScrollPosition,
    pub history: JumpHistory,
}

impl RoomPlace {
    /// Parses the text of a place; `None` if it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut positions = text.split(' ').map(ScrollPosition::parse);
        let position = positions.next()??;
        let history = JumpHistory(positions.flatten().take(MAX_ENTRIES).collect());
        Some(Self { position, history })
    }
}

/// The position, then the history, separated by blanks.
impl Display for RoomPlace {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.position)?;
        self.history.0.iter().try_for_each(|position| write!(f, " {position}"))
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
    fn a_place_survives_as_text() {
        let mut history = JumpHistory::default();
        history.push(ScrollPosition::Bottom);
        history.push(ScrollPosition::Message(Seq(7), -12.0));
        for position in [ScrollPosition::Bottom, ScrollPosition::Message(Seq(120), 340.0)] {
            let place = RoomPlace { position, history: history.clone() };
            assert_eq!(RoomPlace::parse(&place.to_string()), Some(place));
        }
        let text = ScrollPosition::Message(Seq(3), 18.5).to_string();
        assert_eq!(text, "3:1184");
        for other in ["", "null", "7", "7:", ":3", "0:3", "-1:3", "seven:3", "7:x bottom"] {
            assert_eq!(RoomPlace::parse(other), None, "{other:?}");
        }
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
