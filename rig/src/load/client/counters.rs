//! Counts the acks, deliveries and errors of a client pool.

use std::ops::RangeInclusive;

use super::wire::Stamp;

/// Latencies in microseconds.
pub type Histogram = hdrhistogram::Histogram<u32>;

/// The maximum of a histogram, in microseconds. Higher latencies count as this one.
const MAX_LATENCY_US: u64 = 120_000_000;

/// An empty histogram with three significant digits.
pub fn new_histogram() -> Histogram {
    Histogram::new_with_bounds(1, MAX_LATENCY_US, 3).expect("the bounds are valid")
}

pub struct Counters {
    /// Messages sent since [`Counters::reset`].
    pub sends: u64,
    /// Acks since the reset.
    pub acks: u64,
    /// Deliveries to subscribers since the reset.
    pub deliveries: u64,
    /// From the scheduled time of a message to its ack.
    pub ack_us: Histogram,
    /// From the scheduled time of a message to each delivery.
    pub delivery_us: Histogram,
    /// Errors of the whole run.
    pub errors: Errors,
    /// Deliveries of the whole run.
    pub total_deliveries: u64,
    /// Acks of the whole run.
    pub total_acks: u64,
}

/// Counts of events that must not happen.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    /// Changes that came twice.
    pub duplicated: u64,
    /// Changes that came after later ones.
    pub misordered: u64,
    /// Changes in `gap` frames. A browser reads them by REST; this client does not.
    pub gaps: u64,
    /// Messages that were refused.
    pub refused: u64,
    /// Sockets that the server closed.
    pub closed: u64,
    /// The first error message; later ones are mostly the same.
    pub first_message: Option<String>,
}

impl Errors {
    pub fn add_message(&mut self, text: impl Into<String>) {
        self.first_message.get_or_insert_with(|| text.into());
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            sends: 0,
            acks: 0,
            deliveries: 0,
            ack_us: new_histogram(),
            delivery_us: new_histogram(),
            errors: Errors::default(),
            total_deliveries: 0,
            total_acks: 0,
        }
    }
}

impl Counters {
    /// Starts the measurement: resets all but the counts of the whole run.
    pub fn reset(&mut self) {
        (self.sends, self.acks, self.deliveries) = (0, 0, 0);
        self.ack_us.reset();
        self.delivery_us.reset();
    }

    pub(super) fn add_ack(&mut self, stamp: Stamp, now_us: u64) {
        self.acks += 1;
        self.total_acks += 1;
        self.ack_us.saturating_record(now_us.saturating_sub(stamp.scheduled_us));
    }

    pub(super) fn add_delivery(&mut self, stamp: Stamp, now_us: u64) {
        self.deliveries += 1;
        self.total_deliveries += 1;
        self.delivery_us.saturating_record(now_us.saturating_sub(stamp.scheduled_us));
    }
}

/// The changes that one subscriber has received.
#[derive(Debug, Default)]
pub struct RevTracker {
    /// The highest rev.
    pub last: i64,
    /// Skipped revs that have not come yet.
    missing: Vec<RangeInclusive<i64>>,
}

impl RevTracker {
    pub fn starting_after(rev: i64) -> Self {
        Self { last: rev, missing: Vec::new() }
    }

    /// Counts a change as new, misordered or duplicated.
    pub fn add(&mut self, rev: i64, errors: &mut Errors) {
        if rev == self.last + 1 {
            self.last = rev;
        } else if rev > self.last {
            self.missing.push(self.last + 1..=rev - 1);
            self.last = rev;
        } else if let Some(at) = self.missing.iter().position(|range| range.contains(&rev)) {
            errors.misordered += 1;
            let range = self.missing.swap_remove(at);
            let parts = [*range.start()..=rev - 1, rev + 1..=*range.end()];
            self.missing.extend(parts.into_iter().filter(|part| !part.is_empty()));
        } else {
            errors.duplicated += 1;
        }
    }

    /// Skips all changes up to the end of a `gap`.
    pub fn skip_to(&mut self, rev: i64, errors: &mut Errors) {
        errors.gaps += (rev - self.last).max(0) as u64;
        self.last = self.last.max(rev);
    }

    /// The number of changes up to the rev `head` that have not come.
    pub fn count_lost(&self, head: i64) -> u64 {
        let skipped: i64 = self.missing.iter().map(|range| range.end() - range.start() + 1).sum();
        (skipped + (head - self.last).max(0)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_duplicated_and_misordered_changes_are_distinguished() {
        let (mut revs, mut errors) = (RevTracker::starting_after(10), Errors::default());
        for rev in [11, 12, 16, 14, 14, 12, 17] {
            revs.add(rev, &mut errors);
        }
        assert_eq!((errors.misordered, errors.duplicated), (1, 2));
        assert_eq!(revs.count_lost(17), 2, "13 and 15");
        assert_eq!(revs.count_lost(20), 5);
        revs.skip_to(20, &mut errors);
        assert_eq!((errors.gaps, revs.count_lost(20)), (3, 2));
    }
}
