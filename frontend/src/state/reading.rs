//! What counts as read: messages that were in sight for a moment, if none before them was left out.

use shared::ids::Seq;

/// A run of messages in sight, first and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub first: Seq,
    pub last: Seq,
}

impl Seen {
    /// The run at the beginning of these messages: it ends where one is missing.
    pub fn of(seqs: impl IntoIterator<Item = Seq>) -> Option<Self> {
        let mut seqs = seqs.into_iter();
        let first = seqs.next()?;
        let mut last = first;
        for seq in seqs {
            if seq != last.next() {
                break;
            }
            last = seq;
        }
        Some(Self { first, last })
    }
}

/// How far has been read, by two looks a moment apart, of somebody who had read up to `read`. Nothing
/// new where what they see begins later than the first that they have not read.
pub fn read_up_to(earlier: Seen, now: Seen, read: Seq) -> Option<Seq> {
    let first = earlier.first.max(now.first);
    let last = earlier.last.min(now.last);
    (first <= read.next() && last > read).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(first: i64, last: i64) -> Seen {
        Seen { first: Seq(first), last: Seq(last) }
    }

    #[test]
    fn a_sight_ends_where_a_message_is_missing() {
        assert_eq!(Seen::of([3, 4, 5, 9, 10].map(Seq)), Some(sight(3, 5)));
        assert_eq!(Seen::of([7].map(Seq)), Some(sight(7, 7)));
        assert_eq!(Seen::of([]), None);
    }

    #[test]
    fn what_was_seen_twice_is_read() {
        assert_eq!(read_up_to(sight(1, 9), sight(1, 9), Seq(4)), Some(Seq(9)));
        assert_eq!(read_up_to(sight(5, 9), sight(5, 12), Seq(4)), Some(Seq(9)));
        // On the way down, what left the view meanwhile was not seen for as long.
        assert_eq!(read_up_to(sight(3, 9), sight(5, 12), Seq(4)), Some(Seq(9)));
    }

    #[test]
    fn what_was_skipped_is_not_read() {
        assert_eq!(read_up_to(sight(40, 50), sight(40, 50), Seq(4)), None);
        assert_eq!(read_up_to(sight(6, 9), sight(6, 9), Seq(4)), None);
        assert_eq!(read_up_to(sight(3, 9), sight(6, 12), Seq(4)), None);
        assert_eq!(read_up_to(sight(3, 9), sight(40, 50), Seq(4)), None);
    }

    #[test]
    fn what_was_read_is_not_read_again() {
        assert_eq!(read_up_to(sight(1, 9), sight(1, 9), Seq(9)), None);
        assert_eq!(read_up_to(sight(1, 5), sight(1, 5), Seq(9)), None);
    }
}
