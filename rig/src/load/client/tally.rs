//! What a crowd has heard, counted: figures since the measuring began, and faults of the whole run.

use std::ops::RangeInclusive;

use hdrhistogram::Histogram;

use super::wire::Stamp;

/// The longest latency that is told apart from longer ones, in microseconds.
const LONGEST_US: u64 = 120_000_000;

/// Counts of one crowd.
pub struct Tally {
    /// Messages sent since [`Tally::begin`].
    pub sends: u64,
    /// Messages acknowledged since then.
    pub acks: u64,
    /// Messages received by subscribers since then, each time counted.
    pub deliveries: u64,
    /// From when a message was meant to be sent to its ack, in microseconds.
    pub ack_us: Histogram<u32>,
    /// From when a message was meant to be sent to each of its deliveries, in microseconds.
    pub delivery_us: Histogram<u32>,
    /// Faults of the whole run.
    pub faults: Faults,
    /// Deliveries of the whole run.
    pub heard: u64,
    /// Acks of the whole run.
    pub stored: u64,
}

/// What must not happen, over a whole run.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Changes that came twice.
    pub duplicated: u64,
    /// Changes that came after later ones.
    pub misordered: u64,
    /// Changes left out by a `gap` frame: to be read by REST, which this client does not.
    pub gaps: u64,
    /// Messages that were refused.
    pub refused: u64,
    /// Sockets that ended before they were told to.
    pub closed: u64,
    /// The first complaint of the server.
    pub complaint: Option<String>,
}

impl Faults {
    /// Keeps the first complaint: the others are mostly the same.
    pub fn complain(&mut self, text: impl Into<String>) {
        self.complaint.get_or_insert_with(|| text.into());
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            sends: 0,
            acks: 0,
            deliveries: 0,
            ack_us: histogram(),
            delivery_us: histogram(),
            faults: Faults::default(),
            heard: 0,
            stored: 0,
        }
    }
}

/// An empty histogram of latencies in microseconds, exact to three digits.
pub fn histogram() -> Histogram<u32> {
    Histogram::new_with_bounds(1, LONGEST_US, 3).expect("bounds that a histogram can have")
}

impl Tally {
    /// Measuring begins: figures start from nothing, faults stay.
    pub fn begin(&mut self) {
        (self.sends, self.acks, self.deliveries) = (0, 0, 0);
        self.ack_us.reset();
        self.delivery_us.reset();
    }

    pub(super) fn acked(&mut self, stamp: Stamp, now_us: u64) {
        self.acks += 1;
        self.stored += 1;
        self.ack_us.saturating_record(now_us.saturating_sub(stamp.at_us));
    }

    pub(super) fn delivered(&mut self, stamp: Stamp, now_us: u64) {
        self.deliveries += 1;
        self.heard += 1;
        self.delivery_us.saturating_record(now_us.saturating_sub(stamp.at_us));
    }
}

/// What one subscriber has had of its room.
#[derive(Debug, Default)]
pub struct Follow {
    /// The newest change that came.
    pub last: i64,
    /// What was stepped over and has not come since.
    missing: Vec<RangeInclusive<i64>>,
}

impl Follow {
    /// From the change after this one on.
    pub fn after(rev: i64) -> Self {
        Self { last: rev, missing: Vec::new() }
    }

    /// Takes a change into account.
    pub fn heard(&mut self, rev: i64, faults: &mut Faults) {
        if rev == self.last + 1 {
            self.last = rev;
        } else if rev > self.last {
            self.missing.push(self.last + 1..=rev - 1);
            self.last = rev;
        } else if let Some(at) = self.missing.iter().position(|range| range.contains(&rev)) {
            faults.misordered += 1;
            let range = self.missing.swap_remove(at);
            let parts = [*range.start()..=rev - 1, rev + 1..=*range.end()];
            self.missing.extend(parts.into_iter().filter(|part| !part.is_empty()));
        } else {
            faults.duplicated += 1;
        }
    }

    /// What a `gap` up to `rev` leaves out.
    pub fn skip(&mut self, rev: i64, faults: &mut Faults) {
        faults.gaps += (rev - self.last).max(0) as u64;
        self.last = self.last.max(rev);
    }

    /// How many changes up to `head` have not come.
    pub fn lost(&self, head: i64) -> u64 {
        let within: i64 = self.missing.iter().map(|range| range.end() - range.start() + 1).sum();
        (within + (head - self.last).max(0)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_doubled_and_late_changes_are_told_apart() {
        let (mut follow, mut faults) = (Follow::after(10), Faults::default());
        for rev in [11, 12, 16, 14, 14, 12, 17] {
            follow.heard(rev, &mut faults);
        }
        assert_eq!((faults.misordered, faults.duplicated), (1, 2));
        assert_eq!(follow.lost(17), 2, "13 and 15");
        assert_eq!(follow.lost(20), 5);
        follow.skip(20, &mut faults);
        assert_eq!((faults.gaps, follow.lost(20)), (3, 2));
    }
}
