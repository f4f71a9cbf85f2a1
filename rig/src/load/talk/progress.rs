//! One line a second while it runs, on standard error.

use std::time::{Duration, Instant};

use crate::load::client::tally::Tally;

/// Tells how a run is going.
pub struct Progress<'a> {
    /// When the next line is due.
    pub next: Instant,
    doing: &'a str,
    began: Instant,
    last: (Instant, u64, u64),
}

impl<'a> Progress<'a> {
    /// From here on.
    pub fn new(doing: &'a str, tally: &Tally) -> Self {
        let now = Instant::now();
        let last = (now, tally.heard, tally.stored);
        Self { next: now + Duration::from_secs(1), doing, began: now, last }
    }

    /// A line, if one is due.
    pub fn tell(&mut self, now: Instant, tally: &Tally) {
        if now < self.next {
            return;
        }
        let (since, heard, stored) =
            std::mem::replace(&mut self.last, (now, tally.heard, tally.stored));
        let per_s = |before, after| (after - before) as f64 / (now - since).as_secs_f64();
        eprintln!(
            "  {} {:3} s: {:8.0} deliveries/s, {:7.0} acks/s, delivery p99 {:8.2} ms",
            self.doing,
            (now - self.began).as_secs(),
            per_s(heard, tally.heard),
            per_s(stored, tally.stored),
            tally.delivery_us.value_at_quantile(0.99) as f64 / 1_000.0,
        );
        self.next += Duration::from_secs(1);
    }
}
