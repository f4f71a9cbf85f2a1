//! Detects a dead connection by the time since the last received frame. Sent frames do not count:
//! the browser accepts them as long as the connection is not known to be lost.

/// The time since the last received frame, and its limit. All times are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct SilenceTimer {
    timeout: f64,
    last_received_at: f64,
}

impl SilenceTimer {
    pub fn new(timeout: u32, now: f64) -> Self {
        Self { timeout: timeout.into(), last_received_at: now }
    }

    /// Starts over, because a frame arrived.
    pub fn receive(&mut self, now: f64) {
        self.last_received_at = now;
    }

    pub fn set_timeout(&mut self, timeout: u64) {
        self.timeout = timeout as f64;
    }

    /// The time until the connection counts as dead. It is never longer than the limit, also after
    /// the clock was set back.
    pub fn remaining(&self, now: f64) -> u32 {
        (self.last_received_at + self.timeout - now).clamp(0.0, self.timeout) as u32
    }

    pub fn is_over(&self, now: f64) -> bool {
        now - self.last_received_at >= self.timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_received_frames_prolong_the_connection() {
        let mut timer = SilenceTimer::new(15_000, 0.0);
        // Between these moments the page may send as much as it likes.
        assert_eq!([0.0, 9_000.0, 14_999.0].map(|now| timer.remaining(now)), [15_000, 6_000, 1]);
        assert!(!timer.is_over(14_999.0) && timer.is_over(15_000.0));
        timer.receive(14_000.0);
        assert_eq!(timer.remaining(15_000.0), 14_000);
        timer.set_timeout(35_000);
        assert_eq!((timer.remaining(50_000.0), timer.is_over(50_000.0)), (0, true));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_prolong_the_wait() {
        let timer = SilenceTimer::new(15_000, 1_000_000.0);
        assert_eq!(timer.remaining(0.0), 15_000);
    }
}
