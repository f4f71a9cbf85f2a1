//! The limits of everything that is neither a write to a room (those are in the ledger) nor a login
//! (those are in `auth`).

use std::{net::IpAddr, time::Duration};

use shared::ids::UserId;

use crate::{
    Settings,
    concurrency_limiter::{ConcurrencyLimiter, KeyedSemaphore},
    rate_limiter::RateLimiter,
};

/// How long searches and histories wait for others to end.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
/// How many times as many exports may run at once in total as for each user.
const USERS_AT_ONCE: usize = 4;
/// How many whole histories the classic endpoint sends at once for each export. The classic page loads
/// one for each room that it opens.
const HISTORIES_PER_EXPORT: usize = 2;
/// Sockets of one user that read missed changes from the database at the same time.
const CATCH_UPS: usize = 2;
/// Subscriptions of one user per second, and at once. A reconnecting page renews all of its rooms.
const SUBSCRIPTIONS: (u32, u32) = (10, 20_000);
/// How many names one may try for each account that one may create.
const NAMES_PER_SIGN_UP: u32 = 10;

pub struct Limits {
    pub searches: ConcurrencyLimiter,
    pub exports: ConcurrencyLimiter,
    pub histories: ConcurrencyLimiter,
    pub catch_ups: KeyedSemaphore<UserId>,
    pub subscriptions: RateLimiter<UserId>,
    /// New accounts, by network.
    pub sign_ups: RateLimiter<IpAddr>,
    /// Attempts to create an account, with names that are taken too, by network.
    pub sign_up_attempts: RateLimiter<IpAddr>,
}

impl Limits {
    pub fn new(settings: &Settings) -> Self {
        // Half of the reader connections for searches, and half of those for any one user.
        let searches = (settings.storage.database_connections as usize / 2).max(1);
        let per_user = (searches / 2).max(1);
        let limiter = |name, (total, per_user), timeout| {
            ConcurrencyLimiter::new(name, total, per_user, timeout)
        };
        let exports = settings.exports_per_account as usize;
        let histories = HISTORIES_PER_EXPORT * exports;
        let sign_ups = settings.sign_ups_per_hour;
        let attempts = sign_ups.saturating_mul(NAMES_PER_SIGN_UP);
        Self {
            searches: limiter("searches", (searches, per_user), QUEUE_TIMEOUT),
            exports: limiter("exports", (USERS_AT_ONCE * exports, exports), Duration::ZERO),
            histories: limiter("histories", (USERS_AT_ONCE * histories, histories), QUEUE_TIMEOUT),
            catch_ups: KeyedSemaphore::new(CATCH_UPS),
            subscriptions: RateLimiter::per_second(SUBSCRIPTIONS.0, SUBSCRIPTIONS.1),
            sign_ups: RateLimiter::per_hour(sign_ups, sign_ups),
            sign_up_attempts: RateLimiter::per_hour(attempts, attempts),
        }
    }
}
