//! Throttles failed logins. The throttle slows the guesser and not the owner of the account: a failure
//! counts for its network, and for the account only among networks and devices that are unknown to it.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use moka::sync::Cache;
use shared::ids::{SessionId, UserId};
use uuid::Uuid;

use crate::{Error, Result, rate_limiter::RateLimiter};

const WINDOW: Duration = Duration::from_secs(5 * 60);
const ACCOUNT_WINDOW: Duration = Duration::from_secs(60 * 60);
/// The limit of a network for all accounts is this many times that for one account, because many
/// people can share a network.
const NETWORK_FACTOR: u32 = 10;
/// The limit of all unknown networks together for one account, in an hour, as a multiple of the
/// limit of one of them in five minutes. One network has twelve such windows in an hour, so it cannot
/// use this limit up alone.
const ACCOUNT_FACTOR: u32 = 20;
/// From this many times the limit on, a network does not even pass with credentials that were right
/// before. Otherwise it could try any number of passwords and see which one passes.
const CREDENTIALS_FACTOR: u32 = 10;
/// The burst of all attempts of a sender for an account, right ones too, as a multiple of the limit.
/// After it one can sign in as often as would refill the limit in 5 s: each attempt takes a core for
/// 0.1 s.
const CHECKS_FACTOR: u32 = 10;
const CHECKS_REFILL_S: u32 = 5;
/// How long a network is known to an account after the last login from it.
const KNOWN_NETWORK_TTL: Duration = Duration::from_secs(30 * 86_400);

/// The evidence that the sender of a login attempt owns the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// Nothing beyond the network.
    Stranger,
    /// The sender was right with exactly these credentials lately, from this network.
    KnownCredentials,
    /// A device that signed in to this account before.
    KnownDevice(Uuid),
    /// A session of this account (`None` with HTTP Basic).
    Owner(UserId, Option<SessionId>),
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// One network for all accounts.
    Network(IpAddr),
    /// One network for one account.
    AccountNetwork(String, IpAddr),
    Device(Uuid),
    Owner(UserId, Option<SessionId>),
}

/// The failed and running attempts of a key since `start`.
struct Window {
    start: Instant,
    length: Duration,
    attempts: AtomicU32,
}

pub(super) struct LoginThrottle {
    limit: u32,
    windows: Cache<Key, Arc<Window>>,
    /// The attempts of all strangers together, by account.
    accounts: Cache<String, Arc<Window>>,
    checks: RateLimiter<Key>,
    /// The networks from which someone signed in to an account.
    known: Cache<(String, IpAddr), ()>,
}

/// A login in progress. It counts as failed until [`LoginAttempt::succeeded`], so that concurrent
/// attempts cannot exceed a limit.
pub(super) struct LoginAttempt<'t> {
    throttle: &'t LoginThrottle,
    account: String,
    network: IpAddr,
    /// The window of this sender and account.
    own: Arc<Window>,
    /// The windows that the sender shares with others.
    shared: Vec<Arc<Window>>,
}

impl LoginThrottle {
    /// Allows `limit` failures in five minutes to each sender for each account.
    pub(super) fn new(limit: u32) -> Self {
        let windows = Cache::builder().max_capacity(200_000).time_to_live(WINDOW).build();
        let accounts = Cache::builder().max_capacity(100_000).time_to_live(ACCOUNT_WINDOW).build();
        let known = Cache::builder().max_capacity(100_000).time_to_live(KNOWN_NETWORK_TTL).build();
        let burst = limit.saturating_mul(CHECKS_FACTOR);
        let checks = RateLimiter::per_second(limit.div_ceil(CHECKS_REFILL_S), burst);
        Self { limit, windows, accounts, checks, known }
    }

    /// Counts an attempt, or fails with 429 and the seconds until a window ends.
    pub(super) fn begin(
        &self,
        account: &str,
        network: IpAddr,
        sender: Sender,
    ) -> Result<LoginAttempt<'_>> {
        let own_key = match sender {
            Sender::Stranger | Sender::KnownCredentials => {
                Key::AccountNetwork(account.to_owned(), network)
            }
            Sender::KnownDevice(device) => Key::Device(device),
            Sender::Owner(user, session) => Key::Owner(user, session),
        };
        let own_limit = match sender {
            Sender::KnownCredentials => self.limit.saturating_mul(CREDENTIALS_FACTOR),
            _ => self.limit,
        };
        let own = self.window(own_key.clone());
        // A refused attempt counts here too, for `CREDENTIALS_FACTOR`.
        own.count(own_limit)?;
        self.checks.check(&own_key, 1).map_err(Error::too_many)?;
        let mut attempt = LoginAttempt {
            throttle: self,
            account: account.to_owned(),
            network,
            own,
            shared: Vec::new(),
        };
        if sender == Sender::Stranger {
            attempt.count_shared().inspect_err(|_| attempt.refund_shared())?;
        }
        Ok(attempt)
    }

    /// Fails with 429 if a network has tried so much that it must not see which password is right.
    pub(super) fn check_flood(&self, account: &str, network: IpAddr) -> Result<()> {
        let key = Key::AccountNetwork(account.to_owned(), network);
        match self.windows.get(&key) {
            Some(window) => window.check(self.limit.saturating_mul(CREDENTIALS_FACTOR)),
            None => Ok(()),
        }
    }

    fn window(&self, key: Key) -> Arc<Window> {
        self.windows.get_with(key, || Window::new(WINDOW))
    }
}

impl LoginAttempt<'_> {
    /// Counts the attempt for its network, and for its account if the network is unknown to it.
    fn count_shared(&mut self) -> Result<()> {
        let throttle = self.throttle;
        let network = throttle.window(Key::Network(self.network));
        self.count_in(network, throttle.limit.saturating_mul(NETWORK_FACTOR))?;
        if !throttle.known.contains_key(&(self.account.clone(), self.network)) {
            let new = || Window::new(ACCOUNT_WINDOW);
            let account = throttle.accounts.get_with(self.account.clone(), new);
            self.count_in(account, throttle.limit.saturating_mul(ACCOUNT_FACTOR))?;
        }
        Ok(())
    }

    fn count_in(&mut self, window: Arc<Window>, limit: u32) -> Result<()> {
        window.count(limit).inspect_err(|_| window.refund())?;
        self.shared.push(window);
        Ok(())
    }

    /// Forgets the failures of this sender for the account, and makes its network known.
    pub(super) fn succeeded(self) {
        self.own.attempts.store(0, Relaxed);
        self.refund_shared();
        self.throttle.known.insert((self.account, self.network), ());
    }

    /// Takes the attempt back, because it failed for another reason than wrong credentials.
    pub(super) fn refund(&self) {
        self.own.refund();
        self.refund_shared();
    }

    fn refund_shared(&self) {
        self.shared.iter().for_each(|window| window.refund());
    }
}

impl Window {
    fn new(length: Duration) -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), length, attempts: AtomicU32::new(0) })
    }

    /// Counts an attempt; 429 if there were `limit` before.
    fn count(&self, limit: u32) -> Result<()> {
        if self.attempts.fetch_add(1, Relaxed) < limit { Ok(()) } else { Err(self.too_many()) }
    }

    /// 429 if there were `limit` attempts.
    fn check(&self, limit: u32) -> Result<()> {
        if self.attempts.load(Relaxed) < limit { Ok(()) } else { Err(self.too_many()) }
    }

    fn too_many(&self) -> Error {
        let remaining = self.length.saturating_sub(self.start.elapsed());
        Error::too_many(remaining.as_secs().max(1))
    }

    /// Takes one attempt back. Stops at zero, since a concurrent success may have reset the count.
    fn refund(&self) {
        let decrement = |attempts: u32| Some(attempts.saturating_sub(1));
        let _ = self.attempts.fetch_update(Relaxed, Relaxed, decrement);
    }
}

#[cfg(test)]
mod tests {
    use super::{Sender::*, *};

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// Fails to log in until the throttle refuses; returns how often it let the attempt pass.
    fn guess(throttle: &LoginThrottle, account: &str, network: IpAddr, sender: Sender) -> u32 {
        (0..).take_while(|_| throttle.begin(account, network, sender).is_ok()).count() as u32
    }

    #[test]
    fn a_guesser_is_limited_and_nobody_else() {
        let throttle = LoginThrottle::new(3);
        assert_eq!(guess(&throttle, "bob", address(1), Stranger), 3);
        let error = throttle.begin("bob", address(1), Stranger).err().unwrap();
        assert!(error.retry_after.is_some_and(|seconds| (290..=300).contains(&seconds)));
        assert!(throttle.begin("bob", address(2), Stranger).is_ok(), "another network");
        for sender in [KnownDevice(Uuid::nil()), Owner(UserId(1), None), KnownCredentials] {
            assert!(throttle.begin("bob", address(1), sender).is_ok(), "{sender:?}");
        }
    }

    #[test]
    fn a_network_is_limited_across_accounts() {
        let throttle = LoginThrottle::new(2);
        for name in 0..20 {
            assert!(throttle.begin(&format!("{name}"), address(1), Stranger).is_ok());
        }
        assert!(throttle.begin("other", address(1), Stranger).is_err());
        assert!(throttle.begin("other", address(1), KnownDevice(Uuid::nil())).is_ok());
    }

    #[test]
    fn strangers_together_are_limited_and_known_networks_pass() {
        let throttle = LoginThrottle::new(1);
        let home = address(255);
        throttle.begin("bob", home, Stranger).unwrap().succeeded();
        let guesses: u32 =
            (0..100).map(|last| guess(&throttle, "bob", address(last), Stranger)).sum();
        assert_eq!(guesses, 20);
        let error = throttle.begin("bob", address(200), Stranger).err().unwrap();
        assert!(error.retry_after.is_some_and(|seconds| (3_500..=3_600).contains(&seconds)));
        assert!(throttle.begin("bob", home, Stranger).is_ok());
        assert!(throttle.begin("bob", address(200), KnownDevice(Uuid::nil())).is_ok());
    }

    #[test]
    fn each_known_sender_is_limited() {
        let throttle = LoginThrottle::new(3);
        for sender in [KnownDevice(Uuid::nil()), Owner(UserId(1), Some(SessionId(Uuid::nil())))] {
            assert_eq!(guess(&throttle, "bob", address(1), sender), 3, "{sender:?}");
        }
    }

    #[test]
    fn refused_guesses_end_the_trust_in_known_credentials() {
        let throttle = LoginThrottle::new(3);
        for _ in 0..29 {
            let _ = throttle.begin("bob", address(1), Stranger);
        }
        assert!(throttle.check_flood("bob", address(1)).is_ok());
        assert!(throttle.begin("bob", address(1), KnownCredentials).is_ok());
        assert!(throttle.check_flood("bob", address(1)).is_err());
        assert!(throttle.begin("bob", address(1), KnownCredentials).is_err());
        assert!(throttle.check_flood("bob", address(2)).is_ok());
    }

    #[test]
    fn successful_and_interrupted_logins_are_not_limited() {
        let throttle = LoginThrottle::new(100);
        for _ in 0..500 {
            throttle.begin("ada", address(1), Stranger).unwrap().succeeded();
            throttle.begin("bob", address(1), Stranger).unwrap().refund();
        }
    }

    #[test]
    fn right_logins_are_limited_far_above_what_people_need() {
        let throttle = LoginThrottle::new(10);
        let sign_in = || throttle.begin("ada", address(1), Stranger).map(LoginAttempt::succeeded);
        let passed = (0..1_000).take_while(|_| sign_in().is_ok()).count();
        assert!((100..150).contains(&passed), "{passed}");
        assert!(throttle.begin("ada", address(2), Stranger).is_ok());
    }
}
