//! Notices that the clock of the database was set.

use std::time::Duration;

use tokio::time::Instant;

use super::queue::{LEASE, STEP_MIN};

/// For how long a clock that was set ahead is in doubt.
const DOUBT: Duration = Duration::from_secs(3_600);

/// Compares the clock of the database with the monotonic clock of this node.
#[derive(Debug)]
pub(super) struct ClockWatch {
    last: Option<(Instant, i64)>,
    doubted_until: Option<Instant>,
    leases_due: Option<Instant>,
}

impl ClockWatch {
    /// The clock may have been set back before the start.
    pub fn start(now: Instant) -> Self {
        Self { last: None, doubted_until: None, leases_due: Some(now + LEASE) }
    }

    /// Takes a reading of the clock in µs. Returns true if it was set back, or may have been: for the first
    /// reading.
    pub fn read(&mut self, now: Instant, clock: i64) -> bool {
        let Some((last_at, last_clock)) = self.last.replace((now, clock)) else { return true };
        let elapsed = now - last_at;
        // A thousandth for the drift of both clocks.
        let tolerance = (STEP_MIN + elapsed / 1_000).as_micros() as i64;
        let step = clock.saturating_sub(last_clock).saturating_sub(elapsed.as_micros() as i64);
        if step.saturating_abs() <= tolerance {
            return false;
        }
        let seconds = step / 1_000_000;
        if step > 0 {
            tracing::warn!(seconds, "the clock was set ahead; cleaning up waits for an hour");
            self.doubted_until = Some(now + DOUBT);
        } else {
            tracing::warn!(seconds, "the clock was set back");
            self.leases_due = Some(now + LEASE);
        }
        step < 0
    }

    /// Whether the clock was set ahead during the last hour.
    pub fn is_in_doubt(&self, now: Instant) -> bool {
        self.doubted_until.is_some_and(|until| now < until)
    }

    /// Returns true once after the clock was set back, when every node that lives has extended its leases by the
    /// new time.
    pub fn take_leases_due(&mut self, now: Instant) -> bool {
        self.leases_due.take_if(|due| *due <= now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const NOON: i64 = 1_800_000_000 * SECOND;

    #[test]
    fn a_clock_that_runs_is_trusted() {
        let start = Instant::now();
        let mut watch = ClockWatch::start(start);
        assert!(watch.read(start, NOON));
        for (elapsed, clock) in [(1, 1), (2, 59), (3, 2), (86_403, 86_310), (86_404, 86_312)] {
            let now = start + Duration::from_secs(elapsed);
            assert!(!watch.read(now, NOON + clock * SECOND), "{elapsed}");
            assert!(!watch.is_in_doubt(now), "{elapsed}");
        }
    }

    #[test]
    fn a_clock_that_is_set_ahead_is_in_doubt_for_an_hour() {
        let start = Instant::now();
        let mut watch = ClockWatch::start(start);
        watch.read(start, NOON);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!watch.read(at(1), NOON + 3_600 * SECOND));
        assert!(watch.is_in_doubt(at(1)) && watch.is_in_doubt(at(3_600)));
        assert!(watch.read(at(2), NOON + 2 * SECOND), "set back again");
        assert!(watch.is_in_doubt(at(2)), "it is not known which time is right");
        assert!(!watch.is_in_doubt(at(3_601)));
    }

    #[test]
    fn leases_are_due_once_after_the_start_and_after_each_step_back() {
        let start = Instant::now();
        let mut watch = ClockWatch::start(start);
        watch.read(start, NOON);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!watch.take_leases_due(at(29)));
        assert!(watch.take_leases_due(at(30)) && !watch.take_leases_due(at(31)));
        assert!(watch.read(at(40), NOON - 3_600 * SECOND));
        assert!(!watch.take_leases_due(at(69)));
        assert!(watch.take_leases_due(at(70)) && !watch.take_leases_due(at(71)));
    }
}
