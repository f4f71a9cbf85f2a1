//! The hits of a search in one room, as far as they are known around where the reader is.

use std::ops::Range;

use shared::ids::{Rev, Seq};

/// A hit, as far as the room needs to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Which message.
    pub seq: Seq,
    /// In which state it was found: of another text the ranges would be wrong.
    pub rev: Rev,
    /// The bytes that were looked for.
    pub ranges: Vec<Range<usize>>,
}

/// Hits without one left out between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trail {
    /// Oldest first.
    pub marks: Vec<Mark>,
    /// Up to where it is to be looked for older ones, if there may be any.
    pub older: Option<Seq>,
    /// From where on for newer ones.
    pub newer: Option<Seq>,
}

/// Where a hit stands among all of them, the newest being the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub nth: usize,
    /// So many are known.
    pub of: usize,
    /// Whether there may be more.
    pub more: bool,
}

impl Trail {
    /// The next hit before a message, or after it.
    pub fn next(&self, at: Seq, is_older: bool) -> Option<Seq> {
        let mut seqs = self.marks.iter().map(|mark| mark.seq);
        if is_older { seqs.rev().find(|seq| *seq < at) } else { seqs.find(|seq| *seq > at) }
    }

    /// From where it is to be looked for that, where none is known.
    pub fn goes_on(&self, at: Seq, is_older: bool) -> Option<Seq> {
        let from = if is_older { self.older } else { self.newer };
        from.filter(|_| self.next(at, is_older).is_none())
    }

    /// Whether more has to be asked for to say what is next to a message.
    pub fn ends_at(&self, at: Seq) -> bool {
        [true, false].iter().any(|is_older| self.goes_on(at, *is_older).is_some())
    }

    /// Takes what was found on from there.
    pub fn go_on(&mut self, with: Self, is_older: bool) {
        if is_older {
            self.marks.splice(..0, with.marks);
            self.older = with.older;
        } else {
            self.marks.extend(with.marks);
            self.newer = with.newer;
        }
    }

    /// Which hit a message is, if it is one and every newer one is known.
    pub fn place(&self, at: Seq) -> Option<Place> {
        let at =
            self.marks.iter().position(|mark| mark.seq == at).filter(|_| self.newer.is_none())?;
        let of = self.marks.len();
        Some(Place { nth: of - at, of, more: self.older.is_some() })
    }

    /// What to mark in a message in this state.
    pub fn ranges(&self, seq: Seq, rev: Rev) -> &[Range<usize>] {
        let found = self.marks.binary_search_by_key(&seq, |mark| mark.seq);
        let found = found.ok().map(|at| &self.marks[at]).filter(|mark| mark.rev == rev);
        found.map_or(&[], |mark| &mark.ranges)
    }

    /// Takes hits around another place: beside those that are here where the two touch, else
    /// instead of them.
    pub fn extend(&mut self, with: Self) {
        let touches = |mark: &Mark| with.marks.iter().any(|other| other.seq == mark.seq);
        let (Some(first), Some(last)) = (with.marks.first(), with.marks.last()) else {
            return *self = with;
        };
        if !self.marks.iter().any(touches) {
            return *self = with;
        }
        let (first, last) = (first.seq, last.seq);
        let newer = self.marks.iter().position(|mark| mark.seq > last);
        let newer = newer.map_or_else(Vec::new, |at| self.marks.split_off(at));
        let older = self.marks.iter().position(|mark| mark.seq >= first).unwrap_or_default();
        self.marks.truncate(older);
        if self.marks.is_empty() {
            self.older = with.older;
        }
        if newer.is_empty() {
            self.newer = with.newer;
        }
        self.marks.extend(with.marks);
        self.marks.extend(newer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(seqs: &[i64], has_older: bool, has_newer: bool) -> Trail {
        let mark =
            |seq: &i64| Mark { seq: Seq(*seq), rev: Rev(*seq), ranges: Vec::from([0..1, 2..3]) };
        let marks = seqs.iter().map(mark).collect();
        Trail { marks, older: has_older.then_some(Seq(1)), newer: has_newer.then_some(Seq(99)) }
    }

    #[test]
    fn one_goes_from_hit_to_hit_and_to_them_from_between() {
        let hits = trail(&[3, 7, 9], false, false);
        let sides =
            |at| [true, false].map(|is_older| hits.next(Seq(at), is_older).map(|seq| seq.0));
        assert_eq!(sides(7), [Some(3), Some(9)]);
        assert_eq!(sides(5), [Some(3), Some(7)]);
        assert_eq!((sides(3)[0], sides(9)[1]), (None, None));
        assert!(!hits.ends_at(Seq(3)) && !hits.ends_at(Seq(9)));
        let more = trail(&[3, 7, 9], true, true);
        assert!(more.ends_at(Seq(3)) && more.ends_at(Seq(9)) && !more.ends_at(Seq(7)));
        assert!(Trail { older: Some(Seq(1)), ..Trail::default() }.ends_at(Seq(2)));
    }

    #[test]
    fn the_way_goes_on_over_a_stretch_without_a_hit() {
        let mut hits =
            Trail { older: Some(Seq(40)), newer: Some(Seq(60)), ..trail(&[50], false, false) };
        assert_eq!(hits.goes_on(Seq(50), true), Some(Seq(40)));
        assert_eq!(hits.goes_on(Seq(50), false), Some(Seq(60)));
        assert_eq!(hits.goes_on(Seq(70), true), None, "50 is next");
        hits.go_on(Trail { older: Some(Seq(20)), newer: Some(Seq(41)), ..Trail::default() }, true);
        assert_eq!((hits.goes_on(Seq(50), true), hits.newer), (Some(Seq(20)), Some(Seq(60))));
        hits.go_on(trail(&[3, 9], false, true), true);
        assert_eq!((hits.next(Seq(50), true), hits.goes_on(Seq(3), true)), (Some(Seq(9)), None));
        hits.go_on(trail(&[77], true, false), false);
        let seqs: Vec<_> = hits.marks.iter().map(|mark| mark.seq.0).collect();
        assert_eq!((seqs, hits.older, hits.newer), (vec![3, 9, 50, 77], None, None));
    }

    #[test]
    fn a_hit_is_numbered_where_all_newer_ones_are_known() {
        let place =
            |has_older, has_newer, at| trail(&[3, 7, 9], has_older, has_newer).place(Seq(at));
        assert_eq!(place(false, false, 9), Some(Place { nth: 1, of: 3, more: false }));
        assert_eq!(place(true, false, 3), Some(Place { nth: 3, of: 3, more: true }));
        assert_eq!(place(false, true, 9), None);
        assert_eq!(place(false, false, 8), None);
    }

    #[test]
    fn trails_that_touch_are_one() {
        let mut hits = trail(&[7, 9, 11], true, false);
        hits.extend(trail(&[3, 5, 7, 9], false, true));
        assert_eq!(hits, trail(&[3, 5, 7, 9, 11], false, false));
        hits.extend(trail(&[20, 30], true, true));
        assert_eq!(hits, trail(&[20, 30], true, true));
        hits.extend(Trail::default());
        assert_eq!(hits, Trail::default());
    }

    #[test]
    fn another_state_of_a_message_is_not_marked() {
        let hits = trail(&[3, 7], false, false);
        assert_eq!(hits.ranges(Seq(7), Rev(7)), [0..1, 2..3]);
        assert!(hits.ranges(Seq(7), Rev(8)).is_empty() && hits.ranges(Seq(5), Rev(5)).is_empty());
    }
}
