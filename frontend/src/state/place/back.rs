//! The way back: where the reader was before each jump.

use shared::ids::Seq;

/// Places that are remembered.
const MOST: usize = 50;

/// A place in a room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// With what is newest.
    Newest,
    /// With this message first in sight, ending so many CSS pixels below the top.
    At(Seq, f64),
}

/// Where the reader was, last in first out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Back(Vec<Place>);

impl Back {
    /// The reader sets out from here. Twice from one message is once.
    pub fn push(&mut self, place: Place) {
        let message = |place: &Place| match place {
            Place::Newest => None,
            Place::At(seq, _) => Some(*seq),
        };
        if self.0.last().is_some_and(|last| message(last) == message(&place)) {
            self.0.pop();
        }
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(place);
    }

    /// Where they were before.
    pub fn pop(&mut self) -> Option<Place> {
        self.0.pop()
    }

    /// Whether there is no way back.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_the_way_that_was_taken() {
        let mut back = Back::default();
        assert_eq!((back.pop(), back.is_empty()), (None, true));
        let places = [Place::Newest, Place::At(Seq(7), 3.0), Place::At(Seq(9), 1.0), Place::Newest];
        places.iter().for_each(|place| back.push(*place));
        for place in places.iter().rev() {
            assert!(!back.is_empty());
            assert_eq!(back.pop(), Some(*place));
        }
        assert!(back.is_empty());
    }

    #[test]
    fn from_one_message_it_is_one_step() {
        let mut back = Back::default();
        [3.0, 8.0].iter().for_each(|offset| back.push(Place::At(Seq(7), *offset)));
        assert_eq!(back.pop(), Some(Place::At(Seq(7), 8.0)));
        assert_eq!(back.pop(), None);
    }

    #[test]
    fn a_long_way_is_forgotten_from_its_beginning() {
        let mut back = Back::default();
        (1..=60).for_each(|seq| back.push(Place::At(Seq(seq), 0.0)));
        let places: Vec<_> = std::iter::from_fn(|| back.pop()).collect();
        assert_eq!(places.len(), MOST);
        assert_eq!(places.last(), Some(&Place::At(Seq(11), 0.0)));
    }
}
