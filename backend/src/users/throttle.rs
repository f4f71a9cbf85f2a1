//! Failed tries to sign in, by account and by address, in windows of five minutes.

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

const WINDOW: Duration = Duration::from_secs(5 * 60);
/// Many people can sit behind one address.
const PER_ADDRESS: u32 = 10;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Who {
    Account(String),
    Address(IpAddr),
}

struct Window {
    since: Instant,
    tries: AtomicU32,
}

/// Counts tries.
pub(super) struct Throttle {
    per_account: u32,
    windows: Cache<Who, Arc<Window>>,
}

/// A try under way. It counts as failed until it is said to have worked, so that a hundred at once
/// are a hundred.
pub(super) struct Try {
    account: Arc<Window>,
    address: Arc<Window>,
}

impl Throttle {
    pub(super) fn new(per_account: u32) -> Self {
        let windows = Cache::builder().max_capacity(200_000).time_to_live(WINDOW).build();
        Self { per_account, windows }
    }

    /// Begins a try, or says how long to wait for the next.
    pub(super) fn begin(&self, account: &str, address: IpAddr) -> Result<Try> {
        let of_address = self.per_account.saturating_mul(PER_ADDRESS);
        let address = self.count(Who::Address(network(address)), of_address)?;
        match self.count(Who::Account(account.to_owned()), self.per_account) {
            Ok(account) => Ok(Try { account, address }),
            Err(error) => {
                address.give_back();
                Err(error)
            }
        }
    }

    fn count(&self, who: Who, limit: u32) -> Result<Arc<Window>> {
        let fresh = || Arc::new(Window { since: Instant::now(), tries: AtomicU32::new(0) });
        let window = self.windows.get_with(who, fresh);
        if window.tries.fetch_add(1, Relaxed) < limit {
            return Ok(window);
        }
        window.give_back();
        let left = WINDOW.saturating_sub(window.since.elapsed());
        Err(Error::too_many(left.as_secs().max(1)))
    }
}

impl Try {
    /// It was the right password: the account starts anew, the address gets its try back.
    pub(super) fn worked(self) {
        self.account.tries.store(0, Relaxed);
        self.address.give_back();
    }
}

impl Window {
    /// Never below zero: another try may have set it to zero in between.
    fn give_back(&self) {
        let less = |tries: u32| Some(tries.saturating_sub(1));
        let _ = self.tries.fetch_update(Relaxed, Relaxed, less);
    }
}

/// One customer of IPv6 has a whole /64: more addresses than there are tries.
fn network(address: IpAddr) -> IpAddr {
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
    fn an_account_has_its_tries_wherever_they_come_from() {
        let throttle = Throttle::new(3);
        let from = |last: u8| IpAddr::from([192, 0, 2, last]);
        for last in 0..3 {
            assert!(throttle.begin("ada", from(last)).is_ok());
        }
        let error = throttle.begin("ada", from(9)).err().unwrap();
        assert!(error.retry_after.is_some_and(|seconds| (290..=300).contains(&seconds)));
        throttle.begin("bob", from(9)).unwrap().worked();
    }

    #[test]
    fn an_address_has_its_tries_whoever_they_are_for() {
        let throttle = Throttle::new(2);
        let address = |last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        for name in 0..20u16 {
            assert!(throttle.begin(&name.to_string(), address(name)).is_ok());
        }
        assert!(throttle.begin("other", address(99)).is_err());
    }

    #[test]
    fn signing_in_does_not_use_tries_up() {
        let throttle = Throttle::new(2);
        for _ in 0..50 {
            throttle.begin("ada", [127, 0, 0, 1].into()).unwrap().worked();
        }
    }
}
