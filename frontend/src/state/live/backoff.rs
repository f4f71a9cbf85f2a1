//! Exponential backoff with full jitter, so that a thousand pages that lost the same server do not
//! reconnect in the same second.

/// The upper limit of the first delay, in milliseconds. It doubles with each attempt.
const BASE_MS: f64 = 500.0;
/// The upper limit of all delays, in milliseconds.
const MAX_MS: f64 = 15_000.0;

/// Counts consecutive failed attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff(u32);

impl Backoff {
    /// The delay before the next attempt in milliseconds; `random` is uniform in 0..1.
    pub fn next(&mut self, random: f64) -> u32 {
        let limit = (BASE_MS * 2f64.powi(self.0.min(16) as i32)).min(MAX_MS);
        self.0 = self.0.saturating_add(1);
        (limit * random.clamp(0.0, 1.0)) as u32
    }

    /// Starts over after a successful attempt.
    pub fn reset(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_doubles_up_to_the_maximum() {
        let mut backoff = Backoff::default();
        let limits: Vec<_> = (0..7).map(|_| backoff.next(1.0)).collect();
        assert_eq!(limits, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
        backoff.reset();
        assert_eq!(backoff.next(1.0), 500);
    }

    #[test]
    fn the_jitter_is_full() {
        let mut backoff = Backoff(3);
        assert_eq!(backoff.next(0.0), 0);
        assert_eq!(backoff.next(0.5), 4_000);
        for _ in 0..100 {
            assert!(backoff.next(1.0) <= 15_000);
        }
    }
}
