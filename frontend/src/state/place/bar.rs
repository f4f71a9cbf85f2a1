//! The scrollbar of a whole room. A place is a message's number, so it needs none of the messages.

use shared::ids::Seq;

/// What part of the room is in sight, in messages: a number, and how much of that message is above.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sight {
    /// Where the view begins.
    pub from: f64,
    /// Where it ends: with all of the room's last message in sight, one more than its number.
    pub to: f64,
}

impl Sight {
    /// The first message in sight.
    pub fn first(self) -> Seq {
        Seq(self.from as i64)
    }

    /// As much of the room from this message on.
    pub fn at(self, seq: Seq) -> Self {
        let from = seq.0 as f64;
        Self { from, to: from + self.to - self.from }
    }
}

/// A scrollbar: parts of its height are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    last: f64,
    sight: Sight,
}

impl Bar {
    /// Of a room with so many messages.
    pub fn new(last_seq: Seq, sight: Sight) -> Self {
        Self { last: last_seq.0 as f64, sight }
    }

    /// The same with this message first in sight.
    pub fn at(self, seq: Seq) -> Self {
        Self { sight: self.sight.at(seq), ..self }
    }

    /// Where the thumb is so many messages on.
    pub fn moved(self, by: f64) -> f64 {
        let from = self.sight.from + by;
        Self { sight: Sight { from, to: from + self.shown() }, ..self }.part()
    }

    /// How high the thumb is.
    pub fn size(self) -> f64 {
        (self.shown() / self.last.max(1.0)).min(1.0)
    }

    /// Where the thumb is: 0 with the first message in sight, 1 with the last.
    pub fn part(self) -> f64 {
        let most = self.last - self.shown();
        if most > 0.0 { ((self.sight.from - 1.0) / most).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Where the view begins when the thumb is there.
    pub fn place(self, part: f64) -> f64 {
        1.0 + part.clamp(0.0, 1.0) * (self.last - self.shown()).max(0.0)
    }

    /// Messages in sight.
    pub fn shown(self) -> f64 {
        self.sight.to - self.sight.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(last: i64, from: f64, to: f64) -> Bar {
        Bar::new(Seq(last), Sight { from, to })
    }

    #[test]
    fn the_thumb_is_at_the_ends_with_the_room() {
        for last in [40, 300, 1_000_000] {
            assert_eq!(bar(last, 1.0, 20.5).part(), 0.0);
            let end = last as f64 + 1.0;
            assert_eq!(bar(last, end - 19.5, end).part(), 1.0);
        }
        assert_eq!(bar(1_000_000, 500_000.0, 500_030.0).size(), 0.000_03);
    }

    #[test]
    fn a_place_is_where_the_thumb_is() {
        for (last, from, to) in [(40, 7.25, 20.0), (300, 280.5, 299.0), (9_999_999, 5e6, 5e6 + 9.0)]
        {
            let bar = bar(last, from, to);
            assert!((bar.place(bar.part()) - from).abs() < 1e-6, "{bar:?}");
        }
        assert_eq!(bar(300, 1.0, 21.0).place(7.0), 281.0);
        assert_eq!(bar(300, 1.0, 21.0).place(-7.0), 1.0);
    }

    #[test]
    fn a_step_is_so_many_messages() {
        assert_eq!(bar(300, 1.0, 21.0).moved(28.0), 0.1);
        assert_eq!(bar(300, 1.0, 21.0).at(Seq(29)).part(), 0.1);
        let empty = bar(0, 0.0, 0.0);
        assert_eq!((empty.part(), empty.size(), empty.place(1.0)), (0.0, 0.0, 1.0));
    }
}
