//! Prints the progress of a load on standard error, one line a second.

use std::time::{Duration, Instant};

use crate::load::client::counters::Counters;

pub struct Progress<'a> {
    /// When the next line is due.
    pub next: Instant,
    activity: &'a str,
    started: Instant,
    /// The time, deliveries and acks of the last line.
    last_line: (Instant, u64, u64),
}

impl<'a> Progress<'a> {
    pub fn new(activity: &'a str, counters: &Counters) -> Self {
        let now = Instant::now();
        let last_line = (now, counters.total_deliveries, counters.total_acks);
        Self { next: now + Duration::from_secs(1), activity, started: now, last_line }
    }

    pub fn print_if_due(&mut self, now: Instant, counters: &Counters) {
        if now < self.next {
            return;
        }
        let (deliveries, acks) = (counters.total_deliveries, counters.total_acks);
        let last = std::mem::replace(&mut self.last_line, (now, deliveries, acks));
        let per_s = |before, after| (after - before) as f64 / (now - last.0).as_secs_f64();
        eprintln!(
            "  {} {:3} s: {:8.0} deliveries/s, {:7.0} acks/s, delivery p99 {:8.2} ms",
            self.activity,
            (now - self.started).as_secs(),
            per_s(last.1, deliveries),
            per_s(last.2, acks),
            counters.delivery_us.value_at_quantile(0.99) as f64 / 1_000.0,
        );
        self.next += Duration::from_secs(1);
    }
}
