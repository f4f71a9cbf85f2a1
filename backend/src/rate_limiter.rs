//! Rate limits per key, such as an account or an address (GCRA, a leaky bucket without a timer).

use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

const DAY: Duration = Duration::from_secs(86_400);
/// The number of checks between two sweeps, which remove the keys that have their full burst again.
const CHECKS_PER_SWEEP: u32 = 1_024;

/// Allows each key a burst at once, and a lower rate for as long as it likes.
pub struct RateLimiter<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    burst: NonZeroU32,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> RateLimiter<K> {
    /// Allows `rate` per second and `burst` at once; both count as at least 1.
    pub fn per_second(rate: u32, burst: u32) -> Self {
        Self::new(Quota::per_second(at_least_one(rate)), burst)
    }

    /// Allows `rate` per hour and `burst` at once; both count as at least 1.
    pub fn per_hour(rate: u32, burst: u32) -> Self {
        Self::new(Quota::per_hour(at_least_one(rate)), burst)
    }

    /// Allows `rate` per day and `burst` at once; both count as at least 1.
    pub fn per_day(rate: u32, burst: u32) -> Self {
        let period = DAY / at_least_one(rate).get();
        Self::new(Quota::with_period(period).unwrap_or(Quota::per_hour(NonZeroU32::MIN)), burst)
    }

    fn new(quota: Quota, burst: u32) -> Self {
        let burst = at_least_one(burst);
        let limiter = DefaultKeyedRateLimiter::keyed(quota.allow_burst(burst));
        Self { limiter, burst, checks: AtomicU32::new(0) }
    }

    /// Takes `cost` from the key's burst (at most the whole burst), or fails with the whole seconds
    /// after which there is enough, at least 1.
    pub fn check(&self, key: &K, cost: u32) -> Result<(), u64> {
        if self.checks.fetch_add(1, Relaxed) % CHECKS_PER_SWEEP == CHECKS_PER_SWEEP - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        match self.limiter.check_key_n(key, at_least_one(cost).min(self.burst)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                Err((wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1))
            }
            // Impossible: the cost is at most the burst.
            Err(_) => Err(1),
        }
    }
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_rest_waits() {
        let limiter = RateLimiter::per_hour(60, 3);
        assert!((0..3).all(|_| limiter.check(&"ada", 1).is_ok()));
        let wait = limiter.check(&"ada", 1).unwrap_err();
        assert!((50..=60).contains(&wait), "{wait}");
        assert!(limiter.check(&"bob", 3).is_ok(), "keys are independent");
        assert!(limiter.check(&"bob", 1).is_err());
        assert!(limiter.check(&"cleo", 1_000).is_ok(), "a cost above the burst takes all of it");
        assert!(limiter.check(&"cleo", 1).is_err());
    }

    #[test]
    fn a_limit_of_a_day_waits_for_hours() {
        let limiter = RateLimiter::per_day(3, 3);
        assert!((0..3).all(|_| limiter.check(&1, 1).is_ok()));
        let wait = limiter.check(&1, 1).unwrap_err();
        assert!((28_700..=28_800).contains(&wait), "{wait}");
    }

    #[test]
    fn a_wait_of_less_than_a_second_is_one() {
        let limiter = RateLimiter::per_second(1_000, 1);
        assert!(limiter.check(&1, 1).is_ok());
        assert_eq!(limiter.check(&1, 1), Err(1));
    }

    #[test]
    fn keys_with_their_full_burst_use_no_memory() {
        let limiter = RateLimiter::per_second(1_000_000, 1);
        for key in 0..100 * CHECKS_PER_SWEEP {
            assert!(limiter.check(&key, 1).is_ok());
        }
        assert!(limiter.limiter.len() <= 2 * CHECKS_PER_SWEEP as usize);
    }
}
