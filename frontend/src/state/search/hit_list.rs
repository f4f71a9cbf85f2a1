//! The hits of a search in one room, as far as they are loaded around the reader.

use std::ops::Range;

use shared::{Timestamp, ids::Seq};

/// One hit.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomHit {
    pub seq: Seq,
    /// When the text that was searched had been edited last: in any other text the ranges would mark the
    /// wrong words.
    pub edited_at: Option<Timestamp>,
    /// The matched bytes of the content.
    pub ranges: Vec<Range<usize>>,
}

/// Consecutive hits, with no unloaded hit between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HitList {
    /// Oldest first.
    pub hits: Vec<RoomHit>,
    /// The message from which the search for older hits continues; `None` if there are none.
    pub older: Option<Seq>,
    /// The message from which the search for newer hits continues; `None` if there are none.
    pub newer: Option<Seq>,
}

/// The position of a hit among all hits, counted from the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HitPosition {
    /// 1 for the newest.
    pub number: usize,
    /// How many hits are loaded.
    pub total: usize,
    /// Whether there may be older hits that are not loaded.
    pub has_more: bool,
}

impl HitList {
    /// The loaded hit next to a message, towards older or newer ones.
    pub fn next(&self, at: Seq, is_older: bool) -> Option<Seq> {
        let mut seqs = self.hits.iter().map(|hit| hit.seq);
        if is_older { seqs.rev().find(|seq| *seq < at) } else { seqs.find(|seq| *seq > at) }
    }

    /// The message from which the search for the next hit continues, if no loaded hit is next.
    pub fn resume_from(&self, at: Seq, is_older: bool) -> Option<Seq> {
        let from = if is_older { self.older } else { self.newer };
        from.filter(|_| self.next(at, is_older).is_none())
    }

    /// Whether a neighbour of a message, on either side, may not be loaded.
    pub fn needs_more_around(&self, at: Seq) -> bool {
        [true, false].iter().any(|is_older| self.resume_from(at, *is_older).is_some())
    }

    /// Adds the hits that a search from [`HitList::resume_from`] found.
    pub fn extend(&mut self, with: Self, is_older: bool) {
        if is_older {
            self.hits.splice(..0, with.hits);
            self.older = with.older;
        } else {
            self.hits.extend(with.hits);
            self.newer = with.newer;
        }
    }

    /// The position of a message, if it is a hit and all newer hits are loaded.
    pub fn position(&self, at: Seq) -> Option<HitPosition> {
        let index = self.hits.iter().position(|hit| hit.seq == at)?;
        let total = self.hits.len();
        let position = HitPosition { number: total - index, total, has_more: self.older.is_some() };
        self.newer.is_none().then_some(position)
    }

    /// The matched bytes of a message whose text was edited last at this time.
    pub fn ranges(&self, seq: Seq, edited_at: Option<Timestamp>) -> &[Range<usize>] {
        let found = self.hits.binary_search_by_key(&seq, |hit| hit.seq);
        let found = found.ok().map(|at| &self.hits[at]).filter(|hit| hit.edited_at == edited_at);
        found.map_or(&[], |hit| &hit.ranges)
    }

    /// Merges the hits around another message. Lists without a common hit may have a gap between
    /// them, so then the new list replaces the old one.
    pub fn merge(&mut self, with: Self) {
        let is_shared = |hit: &RoomHit| with.hits.iter().any(|other| other.seq == hit.seq);
        let (Some(first), Some(last)) = (with.hits.first(), with.hits.last()) else {
            return *self = with;
        };
        if !self.hits.iter().any(is_shared) {
            return *self = with;
        }
        let (first, last) = (first.seq, last.seq);
        let newer = self.hits.iter().position(|hit| hit.seq > last);
        let newer = newer.map_or_else(Vec::new, |at| self.hits.split_off(at));
        let older = self.hits.iter().position(|hit| hit.seq >= first).unwrap_or_default();
        self.hits.truncate(older);
        if self.hits.is_empty() {
            self.older = with.older;
        }
        if newer.is_empty() {
            self.newer = with.newer;
        }
        self.hits.extend(with.hits);
        self.hits.extend(newer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(seqs: &[i64], has_older: bool, has_newer: bool) -> HitList {
        let hit = |seq: &i64| RoomHit {
            seq: Seq(*seq),
            edited_at: None,
            ranges: Vec::from([0..1, 2..3]),
        };
        let hits = seqs.iter().map(hit).collect();
        HitList { hits, older: has_older.then_some(Seq(1)), newer: has_newer.then_some(Seq(99)) }
    }

    #[test]
    fn the_next_hit_is_found_from_a_hit_and_from_between_two() {
        let hits = list(&[3, 7, 9], false, false);
        let sides =
            |at| [true, false].map(|is_older| hits.next(Seq(at), is_older).map(|seq| seq.0));
        assert_eq!(sides(7), [Some(3), Some(9)]);
        assert_eq!(sides(5), [Some(3), Some(7)]);
        assert_eq!((sides(3)[0], sides(9)[1]), (None, None));
        assert!(!hits.needs_more_around(Seq(3)) && !hits.needs_more_around(Seq(9)));
        let more = list(&[3, 7, 9], true, true);
        assert!(more.needs_more_around(Seq(3)) && more.needs_more_around(Seq(9)));
        assert!(!more.needs_more_around(Seq(7)));
        let empty = HitList { older: Some(Seq(1)), ..HitList::default() };
        assert!(empty.needs_more_around(Seq(2)));
    }

    #[test]
    fn the_search_continues_over_a_stretch_without_hits() {
        let mut hits =
            HitList { older: Some(Seq(40)), newer: Some(Seq(60)), ..list(&[50], false, false) };
        assert_eq!(hits.resume_from(Seq(50), true), Some(Seq(40)));
        assert_eq!(hits.resume_from(Seq(50), false), Some(Seq(60)));
        assert_eq!(hits.resume_from(Seq(70), true), None, "50 is next");
        let nothing = HitList { older: Some(Seq(20)), newer: Some(Seq(41)), ..HitList::default() };
        hits.extend(nothing, true);
        assert_eq!((hits.resume_from(Seq(50), true), hits.newer), (Some(Seq(20)), Some(Seq(60))));
        hits.extend(list(&[3, 9], false, true), true);
        assert_eq!(hits.next(Seq(50), true), Some(Seq(9)));
        assert_eq!(hits.resume_from(Seq(3), true), None);
        hits.extend(list(&[77], true, false), false);
        let seqs: Vec<_> = hits.hits.iter().map(|hit| hit.seq.0).collect();
        assert_eq!((seqs, hits.older, hits.newer), (vec![3, 9, 50, 77], None, None));
    }

    #[test]
    fn a_hit_has_a_position_once_all_newer_hits_are_loaded() {
        let position =
            |has_older, has_newer, at| list(&[3, 7, 9], has_older, has_newer).position(Seq(at));
        let newest = HitPosition { number: 1, total: 3, has_more: false };
        assert_eq!(position(false, false, 9), Some(newest));
        let oldest = HitPosition { number: 3, total: 3, has_more: true };
        assert_eq!(position(true, false, 3), Some(oldest));
        assert_eq!(position(false, true, 9), None);
        assert_eq!(position(false, false, 8), None);
    }

    #[test]
    fn lists_with_a_common_hit_merge() {
        let mut hits = list(&[7, 9, 11], true, false);
        hits.merge(list(&[3, 5, 7, 9], false, true));
        assert_eq!(hits, list(&[3, 5, 7, 9, 11], false, false));
        hits.merge(list(&[20, 30], true, true));
        assert_eq!(hits, list(&[20, 30], true, true));
        hits.merge(HitList::default());
        assert_eq!(hits, HitList::default());
    }

    #[test]
    fn another_text_of_a_message_is_not_highlighted() {
        let hits = list(&[3, 7], false, false);
        assert_eq!(hits.ranges(Seq(7), None), [0..1, 2..3]);
        let edited_at = Some(Timestamp::UNIX_EPOCH);
        assert!(hits.ranges(Seq(7), edited_at).is_empty() && hits.ranges(Seq(5), None).is_empty());
    }
}
