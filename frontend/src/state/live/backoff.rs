//! How long to wait before the next try: exponential with full jitter, so that a thousand pages that
//! lost the same server do not come back in the same second.

/// The first ceiling, in milliseconds.
pub const BASE_MS: f64 = 500.0;
/// The last one.
pub const CAP_MS: f64 = 15_000.0;

/// Tries that failed in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff(u32);

impl Backoff {
    /// Milliseconds until the next try; `random` is uniform in 0..1.
    pub fn next(&mut self, random: f64) -> u32 {
        let ceiling = (BASE_MS * 2f64.powi(self.0.min(16) as i32)).min(CAP_MS);
        self.0 = self.0.saturating_add(1);
        (ceiling * random.clamp(0.0, 1.0)) as u32
    }

    /// It worked.
    pub fn reset(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_cap() {
        let mut backoff = Backoff::default();
        let ceilings: Vec<_> = (0..7).map(|_| backoff.next(1.0)).collect();
        assert_eq!(ceilings, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
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
