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
/// The direct rooms that one user may look for per hour, and at once.
const DIRECT_ROOMS: u32 = 200;
/// The frames that sessions read from all sockets of one user, in bytes per second for each message that
/// the user may post per second: four times what the messages may have. Reading and refusing a frame
/// costs as much as a frame that is accepted, and the ledger's limits do not count it.
const FRAME_BYTES_PER_MESSAGE: u32 = 16 * 1_024;
/// The frames at once, in bytes and in seconds of the rate, whichever is more. A reconnecting page renews
/// up to 20 000 subscriptions.
const FRAME_BURST: (u32, u32) = (5 * 1_024 * 1_024, 10);
/// A shorter frame counts as this many bytes.
const FRAME_MIN_BYTES: u32 = 256;
/// Invitations that an account may create per hour and at once, and how many times as many a network may.
const INVITATIONS: (u32, u32) = (30, 20);
const INVITATIONS_NETWORK_FACTOR: u32 = 5;
/// Tokens of invitations that a network may look up per hour and at once, and that an account may accept.
const INVITATION_LOOKUPS: (u32, u32) = (600, 60);
const INVITATION_ACCEPTS: (u32, u32) = (60, 20);
/// Requests of one admin to the lists and actions of the administration, per second and at once.
const ADMINISTRATION: (u32, u32) = (5, 100);
/// The random passwords that one admin sets, per hour and at once. Each costs a hash.
const RANDOM_PASSWORDS: (u32, u32) = (60, 20);
/// How many names one may try for each account that one may create.
const NAMES_PER_SIGN_UP: u32 = 10;

pub struct Limits {
    pub searches: ConcurrencyLimiter,
    pub exports: ConcurrencyLimiter,
    pub histories: ConcurrencyLimiter,
    pub catch_ups: KeyedSemaphore<UserId>,
    pub subscriptions: RateLimiter<UserId>,
    /// Lists and actions of the administration.
    pub administration: RateLimiter<UserId>,
    /// Random passwords that admins set.
    pub random_passwords: RateLimiter<UserId>,
    /// Frames that sessions read, in units of `FRAME_MIN_BYTES`.
    frames: RateLimiter<UserId>,
    /// Direct rooms that a user creates or looks for.
    pub direct_rooms: RateLimiter<UserId>,
    /// New accounts, by network.
    pub sign_ups: RateLimiter<IpAddr>,
    /// Attempts to create an account, with names that are taken too, by network.
    pub sign_up_attempts: RateLimiter<IpAddr>,
    /// New invitations, by account and by network.
    pub invitations: RateLimiter<UserId>,
    pub invitations_of_network: RateLimiter<IpAddr>,
    /// Looked-up tokens of invitations, by network.
    pub invitation_lookups: RateLimiter<IpAddr>,
    /// Tokens of invitations that an account tries to accept.
    pub invitation_accepts: RateLimiter<UserId>,
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
        let frames = (FRAME_BYTES_PER_MESSAGE / FRAME_MIN_BYTES) * settings.messages_per_second;
        let frames_at_once =
            frames.saturating_mul(FRAME_BURST.1).max(FRAME_BURST.0 / FRAME_MIN_BYTES);
        let attempts = sign_ups.saturating_mul(NAMES_PER_SIGN_UP);
        let (invitations, invitations_at_once) = INVITATIONS;
        let network = INVITATIONS_NETWORK_FACTOR;
        Self {
            searches: limiter("searches", (searches, per_user), QUEUE_TIMEOUT),
            exports: limiter("exports", (USERS_AT_ONCE * exports, exports), Duration::ZERO),
            histories: limiter("histories", (USERS_AT_ONCE * histories, histories), QUEUE_TIMEOUT),
            catch_ups: KeyedSemaphore::new(CATCH_UPS),
            subscriptions: RateLimiter::per_second(SUBSCRIPTIONS.0, SUBSCRIPTIONS.1),
            administration: RateLimiter::per_second(ADMINISTRATION.0, ADMINISTRATION.1),
            random_passwords: RateLimiter::per_hour(RANDOM_PASSWORDS.0, RANDOM_PASSWORDS.1),
            frames: RateLimiter::per_second(frames, frames_at_once),
            direct_rooms: RateLimiter::per_hour(DIRECT_ROOMS, DIRECT_ROOMS),
            sign_ups: RateLimiter::per_hour(sign_ups, sign_ups),
            sign_up_attempts: RateLimiter::per_hour(attempts, attempts),
            invitations: RateLimiter::per_hour(invitations, invitations_at_once),
            invitations_of_network: RateLimiter::per_hour(
                network * invitations,
                network * invitations_at_once,
            ),
            invitation_lookups: RateLimiter::per_hour(INVITATION_LOOKUPS.0, INVITATION_LOOKUPS.1),
            invitation_accepts: RateLimiter::per_hour(INVITATION_ACCEPTS.0, INVITATION_ACCEPTS.1),
        }
    }
    /// Counts a frame that a session has read from a socket of a user. Fails with the seconds for which
    /// the session has to read no more.
    pub fn count_frame(&self, user: UserId, bytes: usize) -> Result<(), u64> {
        let units = bytes.div_ceil(FRAME_MIN_BYTES as usize);
        self.frames.check(&user, u32::try_from(units).unwrap_or(u32::MAX))
    }
}
