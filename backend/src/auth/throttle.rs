//! Throttling of failed logins, per account and per address, in windows of five minutes.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use moka::sync::Cache;

use crate::{Error, Result};

const WINDOW_LENGTH: Duration = Duration::from_secs(5 * 60);
/// The limit of an address is this many times that of an account, because many people can share an
/// address.
const ADDRESS_FACTOR: u32 = 10;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Address(IpAddr),
}

/// The failed and running attempts of a key since `start`.
struct Window {
    start: Instant,
    attempts: AtomicU32,
}

pub(super) struct LoginThrottle {
    account_limit: u32,
    windows: Cache<Key, Arc<Window>>,
}

/// A login in progress. It counts as failed until [`LoginAttempt::succeeded`], so that concurrent
/// attempts cannot exceed the limit.
pub(super) struct LoginAttempt {
    account: Arc<Window>,
    address: Arc<Window>,
}

impl LoginThrottle {
    pub(super) fn new(account_limit: u32) -> Self {
        let windows = Cache::builder().max_capacity(200_000).time_to_live(WINDOW_LENGTH).build();
        Self { account_limit, windows }
    }

    /// Counts an attempt, or fails with 429 and the seconds until the window ends.
    pub(super) fn begin(&self, account: &str, address: IpAddr) -> Result<LoginAttempt> {
        let address_limit = self.account_limit.saturating_mul(ADDRESS_FACTOR);
        let address = self.count_attempt(Key::Address(network_of(address)), address_limit)?;
        match self.count_attempt(Key::Account(account.to_owned()), self.account_limit) {
            Ok(account) => Ok(LoginAttempt { account, address }),
            Err(error) => {
                address.refund();
                Err(error)
            }
        }
    }

    fn count_attempt(&self, key: Key, limit: u32) -> Result<Arc<Window>> {
        let new = || Arc::new(Window { start: Instant::now(), attempts: AtomicU32::new(0) });
        let window = self.windows.get_with(key, new);
        if window.attempts.fetch_add(1, Relaxed) < limit {
            return Ok(window);
        }
        window.refund();
        let remaining = WINDOW_LENGTH.saturating_sub(window.start.elapsed());
        Err(Error::too_many(remaining.as_secs().max(1)))
    }
}

impl LoginAttempt {
    /// Resets the count of the account and refunds the attempt to the address.
    pub(super) fn succeeded(self) {
        self.account.attempts.store(0, Relaxed);
        self.address.refund();
    }
}

impl Window {
    /// Takes one attempt back. Stops at zero, since a concurrent success may have reset the count.
    fn refund(&self) {
        let decrement = |attempts: u32| Some(attempts.saturating_sub(1));
        let _ = self.attempts.fetch_update(Relaxed, Relaxed, decrement);
    }
}

/// An IPv6 customer has a whole /64, so all its addresses count as one.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_limited_across_addresses() {
        let throttle = LoginThrottle::new(3);
        let from = |last: u8| IpAddr::from([192, 0, 2, last]);
        for last in 0..3 {
            assert!(throttle.begin("ada", from(last)).is_ok());
        }
        let error = throttle.begin("ada", from(9)).err().unwrap();
        assert!(error.retry_after.is_some_and(|seconds| (290..=300).contains(&seconds)));
        throttle.begin("bob", from(9)).unwrap().succeeded();
    }

    #[test]
    fn an_address_is_limited_across_accounts() {
        let throttle = LoginThrottle::new(2);
        let address = |last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        for name in 0..20u16 {
            assert!(throttle.begin(&name.to_string(), address(name)).is_ok());
        }
        assert!(throttle.begin("other", address(99)).is_err());
    }

    #[test]
    fn successful_logins_are_not_limited() {
        let throttle = LoginThrottle::new(2);
        for _ in 0..50 {
            throttle.begin("ada", [127, 0, 0, 1].into()).unwrap().succeeded();
        }
    }
}
