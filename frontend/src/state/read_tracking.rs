//! Decides which messages count as read: those that were visible in two successive samples,
//! provided that everything before them is read or that the reader skipped it.

use shared::ids::Seq;

/// A run of consecutive messages on the screen, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisibleRun {
    pub first: Seq,
    pub last: Seq,
}

impl VisibleRun {
    /// The consecutive messages that `seqs` begins with; it stops at the first missing number.
    pub fn from_seqs(seqs: impl IntoIterator<Item = Seq>) -> Option<Self> {
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

/// The new read position, from two samples taken a moment apart and the current position `read`.
/// `None` if nothing is newly read, or if the visible run skips unread messages. It may skip them if the
/// reader jumped to the newest message, `skipped_to`, and the run contains that message.
pub fn new_read_position(
    earlier: VisibleRun,
    now: VisibleRun,
    read: Seq,
    skipped_to: Option<Seq>,
) -> Option<Seq> {
    let first = earlier.first.max(now.first);
    let last = earlier.last.min(now.last);
    let has_skipped = skipped_to.is_some_and(|target| last >= target);
    ((first <= read.next() || has_skipped) && last > read).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The position without a jump to the newest message.
    fn new_read_position(earlier: VisibleRun, now: VisibleRun, read: Seq) -> Option<Seq> {
        super::new_read_position(earlier, now, read, None)
    }

    #[test]
    fn a_jump_to_the_newest_message_reads_what_it_skips() {
        let jump = |earlier, now| super::new_read_position(earlier, now, Seq(4), Some(Seq(50)));
        assert_eq!(jump(run(40, 50), run(40, 50)), Some(Seq(50)));
        assert_eq!(jump(run(40, 50), run(42, 52)), Some(Seq(50)));
        assert_eq!(jump(run(51, 60), run(51, 60)), Some(Seq(60)), "new messages came meanwhile");
        assert_eq!(jump(run(40, 49), run(40, 50)), None, "the newest was not visible long enough");
        assert_eq!(jump(run(20, 30), run(20, 30)), None, "the reader went elsewhere");
        assert_eq!(jump(run(3, 9), run(3, 9)), Some(Seq(9)));
    }

    fn run(first: i64, last: i64) -> VisibleRun {
        VisibleRun { first: Seq(first), last: Seq(last) }
    }

    #[test]
    fn a_run_ends_before_a_missing_message() {
        assert_eq!(VisibleRun::from_seqs([3, 4, 5, 9, 10].map(Seq)), Some(run(3, 5)));
        assert_eq!(VisibleRun::from_seqs([7].map(Seq)), Some(run(7, 7)));
        assert_eq!(VisibleRun::from_seqs([]), None);
    }

    #[test]
    fn messages_in_both_samples_are_read() {
        assert_eq!(new_read_position(run(1, 9), run(1, 9), Seq(4)), Some(Seq(9)));
        assert_eq!(new_read_position(run(5, 9), run(5, 12), Seq(4)), Some(Seq(9)));
        // While the reader scrolls down, messages that left the viewport in between do not count.
        assert_eq!(new_read_position(run(3, 9), run(5, 12), Seq(4)), Some(Seq(9)));
    }

    #[test]
    fn skipped_messages_stay_unread() {
        assert_eq!(new_read_position(run(40, 50), run(40, 50), Seq(4)), None);
        assert_eq!(new_read_position(run(6, 9), run(6, 9), Seq(4)), None);
        assert_eq!(new_read_position(run(3, 9), run(6, 12), Seq(4)), None);
        assert_eq!(new_read_position(run(3, 9), run(40, 50), Seq(4)), None);
    }

    #[test]
    fn the_position_does_not_move_for_messages_that_are_read() {
        assert_eq!(new_read_position(run(1, 9), run(1, 9), Seq(9)), None);
        assert_eq!(new_read_position(run(1, 5), run(1, 5), Seq(9)), None);
    }
}
