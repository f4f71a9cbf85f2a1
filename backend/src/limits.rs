//! The limits of everything that is neither a write to a room (those are in the ledger) nor a login
//! (those are in `auth`).

use std::{net::IpAddr, time::Duration};

use shared::{access::Rank, ids::UserId, problem::Code, users::User};

use crate::{
    Error, Result, Settings,
    concurrency_limiter::{ConcurrencyLimiter, KeyedSemaphore},
    rate_limiter::RateLimiter,
    tables::now,
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
/// The blocks that one user may set and remove per hour, and at once.
const BLOCKS: u32 = 300;
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
/// Changes of one profile, per hour and at once. Each tells whether a name is taken.
const PROFILES: (u32, u32) = (240, 30);
/// Lists of bans and reports, and reports that are closed, of one user, per second and at once.
const MODERATION: (u32, u32) = (5, 100);
/// Messages that one user reports, per hour and at once.
const REPORTS: (u32, u32) = (60, 30);
/// Mails to one address, per hour and at once.
const MAILS_PER_ADDRESS: u32 = 3;
/// All mails of a node, per hour and at once: a mail server that is used to send more of them to strangers is
/// soon refused by others.
const MAILS_TOTAL: (u32, u32) = (600, 200);
/// Links that a network may try, per hour and at once.
const CONFIRMATIONS: (u32, u32) = (600, 60);
/// Messages and edits of new accounts and guests per hour and at once: 20 a minute.
const NEWCOMER_MESSAGES: (u32, u32) = (1_200, 20);
/// Those of them with a link, per hour and at once.
const NEWCOMER_LINKS: u32 = 10;
/// Direct rooms that a new account begins or looks for, per day and at once.
const NEWCOMER_DIRECT_ROOMS: u32 = 20;
/// Invitations from a new account per day and at once.
const NEWCOMER_INVITATIONS: u32 = 3;
const HOUR_US: i64 = 3_600_000_000;
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
    /// The smaller limits of new accounts and guests.
    pub newcomers: Newcomers,
    /// Lists and actions of those who manage a room.
    pub moderation: RateLimiter<UserId>,
    /// Reports of messages.
    pub reports: RateLimiter<UserId>,
    /// Random passwords that admins set.
    pub random_passwords: RateLimiter<UserId>,
    /// Changes of profiles.
    pub profiles: RateLimiter<UserId>,
    /// Frames that sessions read, in units of `FRAME_MIN_BYTES`.
    frames: RateLimiter<UserId>,
    /// Direct rooms that a user creates or looks for.
    pub direct_rooms: RateLimiter<UserId>,
    /// Blocks that a user sets and removes.
    pub blocks: RateLimiter<UserId>,
    /// New accounts, by network.
    pub sign_ups: RateLimiter<IpAddr>,
    /// Attempts to create an account, with names that are taken too, by network.
    pub sign_up_attempts: RateLimiter<IpAddr>,
    /// Mails that strangers cause, and the links in them.
    pub mails: MailLimits,
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
            newcomers: Newcomers::new(settings.new_account_hours),
            moderation: RateLimiter::per_second(MODERATION.0, MODERATION.1),
            reports: RateLimiter::per_hour(REPORTS.0, REPORTS.1),
            random_passwords: RateLimiter::per_hour(RANDOM_PASSWORDS.0, RANDOM_PASSWORDS.1),
            profiles: RateLimiter::per_hour(PROFILES.0, PROFILES.1),
            frames: RateLimiter::per_second(frames, frames_at_once),
            direct_rooms: RateLimiter::per_hour(DIRECT_ROOMS, DIRECT_ROOMS),
            blocks: RateLimiter::per_hour(BLOCKS, BLOCKS),
            sign_ups: RateLimiter::per_hour(sign_ups, sign_ups),
            sign_up_attempts: RateLimiter::per_hour(attempts, attempts),
            mails: MailLimits::new(settings.mail.mails_per_hour),
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

/// The additional limits of new accounts and guests.
pub struct Newcomers {
    /// How long an account is new, in microseconds; 0 switches all of these limits off.
    new_us: i64,
    messages: RateLimiter<UserId>,
    links: RateLimiter<UserId>,
    direct_rooms: RateLimiter<UserId>,
    invitations: RateLimiter<UserId>,
}

impl Newcomers {
    /// An account is new for this many hours; with 0, nobody is limited.
    pub fn new(hours: u32) -> Self {
        Self {
            new_us: i64::from(hours) * HOUR_US,
            messages: RateLimiter::per_hour(NEWCOMER_MESSAGES.0, NEWCOMER_MESSAGES.1),
            links: RateLimiter::per_hour(NEWCOMER_LINKS, NEWCOMER_LINKS),
            direct_rooms: RateLimiter::per_day(NEWCOMER_DIRECT_ROOMS, NEWCOMER_DIRECT_ROOMS),
            invitations: RateLimiter::per_day(NEWCOMER_INVITATIONS, NEWCOMER_INVITATIONS),
        }
    }

    /// Counts a new or edited message.
    pub fn check_message(&self, user: &User, has_link: impl FnOnce() -> bool) -> Result<()> {
        self.check(user, &self.messages, "messages")?;
        if !self.is_limited(user, now()) || !has_link() {
            return Ok(());
        }
        self.links.check(&user.id, 1).map_err(|seconds| {
            let wait = describe_wait(seconds);
            let detail = format!(
                "New accounts and guests can post {NEWCOMER_LINKS} messages with links an hour. Try again in {wait}."
            );
            Error::new(Code::TooManyLinks, detail).retry_after(seconds)
        })
    }

    /// Counts a direct room.
    pub fn check_direct_room(&self, user: &User) -> Result<()> {
        self.check(user, &self.direct_rooms, "direct rooms")
    }

    /// Counts an invitation.
    pub fn check_invitation(&self, user: &User) -> Result<()> {
        self.check(user, &self.invitations, "invitations")
    }

    fn check(&self, user: &User, limiter: &RateLimiter<UserId>, what: &str) -> Result<()> {
        if !self.is_limited(user, now()) {
            return Ok(());
        }
        limiter.check(&user.id, 1).map_err(|seconds| {
            let detail = format!(
                "New accounts and guests can't send as many {what}. Try again in {}.",
                describe_wait(seconds)
            );
            Error::new(Code::TooManyRequests, detail).retry_after(seconds)
        })
    }

    /// Whether somebody has these limits: guests always, members while their account is new. Admins never,
    /// and neither does the first account, which is the owner.
    fn is_limited(&self, user: &User, now: i64) -> bool {
        let is_new = user.created_at.timestamp_micros() > now - self.new_us;
        self.new_us > 0 && !user.rank.is_admin() && (user.rank == Rank::Guest || is_new)
    }
}

/// A wait in words, in minutes if it is longer than two.
fn describe_wait(seconds: u64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        ..=120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// The limits of mails that strangers can cause, and of the links in them.
pub struct MailLimits {
    per_address: RateLimiter<String>,
    per_network: RateLimiter<IpAddr>,
    total: RateLimiter<()>,
    /// Links that confirm an address, by network.
    pub confirmations: RateLimiter<IpAddr>,
}

impl MailLimits {
    /// Allows each network this number of mails per hour.
    pub fn new(per_hour: u32) -> Self {
        Self {
            per_address: RateLimiter::per_hour(MAILS_PER_ADDRESS, MAILS_PER_ADDRESS),
            per_network: RateLimiter::per_hour(per_hour, per_hour),
            total: RateLimiter::per_hour(MAILS_TOTAL.0, MAILS_TOTAL.1),
            confirmations: RateLimiter::per_hour(CONFIRMATIONS.0, CONFIRMATIONS.1),
        }
    }

    /// Counts a mail to an address (in lower case) that a request from a network causes. Fails with the
    /// seconds to wait, whether or not there is an account with the address.
    pub fn check(&self, network: IpAddr, address: &str) -> Result<(), u64> {
        self.per_network.check(&network, 1)?;
        self.per_address.check(&address.to_owned(), 1)?;
        self.total.check(&(), 1)
    }
}

#[cfg(test)]
mod tests {
    use shared::Timestamp;

    use super::*;

    const CREATED: i64 = 1_000 * HOUR_US;

    fn user(rank: Rank, created_at: i64) -> User {
        User {
            id: UserId(1),
            username: "ada".to_owned(),
            display_name: None,
            pronouns: None,
            status: None,
            rank,
            is_admin: rank.is_admin(),
            is_disabled: false,
            is_pending: false,
            is_deleted: false,
            email: None,
            created_at: Timestamp::from_timestamp_micros(created_at).unwrap(),
        }
    }

    #[test]
    fn an_account_is_new_for_some_hours_and_a_guest_always() {
        let limits = Newcomers::new(24);
        let is_limited =
            |rank, hours| limits.is_limited(&user(rank, CREATED), CREATED + hours * HOUR_US);
        assert!(is_limited(Rank::Member, 0) && is_limited(Rank::Member, 23));
        assert!(!is_limited(Rank::Member, 24));
        assert!(is_limited(Rank::Guest, 23) && is_limited(Rank::Guest, 9_999));
        assert!(!is_limited(Rank::Admin, 0) && !is_limited(Rank::Owner, 0));
        assert!(!Newcomers::new(0).is_limited(&user(Rank::Guest, CREATED), CREATED));
    }

    #[test]
    fn links_have_a_limit_of_their_own() {
        let (limits, new) = (Newcomers::new(24), user(Rank::Member, now()));
        let passed = (0..20).take_while(|_| limits.check_message(&new, || true).is_ok()).count();
        assert_eq!(passed, NEWCOMER_LINKS as usize);
        let error = limits.check_message(&new, || true).unwrap_err();
        assert_eq!(error.code(), Code::TooManyLinks);
        assert!(error.retry_after > Some(60), "{error:?}");
        assert!(limits.check_message(&new, || false).is_ok());
        let old = user(Rank::Member, now() - 25 * HOUR_US);
        assert!((0..100).all(|_| limits.check_message(&old, || true).is_ok()));
    }

    #[test]
    fn an_address_and_a_network_get_three_mails_an_hour() {
        let limits = MailLimits::new(3);
        let network = |nth: u8| IpAddr::from([192, 0, 2, nth]);
        for nth in 0..3 {
            assert_eq!(limits.check(network(nth), "ada@example.org"), Ok(()));
        }
        let wait = limits.check(network(3), "ada@example.org").unwrap_err();
        assert!((1_000..=1_200).contains(&wait), "{wait}");
        for nth in 0..3 {
            assert_eq!(limits.check(network(9), &format!("{nth}@example.org")), Ok(()));
        }
        assert!(limits.check(network(9), "bob@example.org").is_err());
    }

    #[test]
    fn a_node_sends_a_limited_number_of_mails() {
        let limits = MailLimits::new(1_000_000);
        let sent = (0..MAILS_TOTAL.1 + 1).filter(|nth| {
            limits.check(IpAddr::from([192, 0, 2, 1]), &format!("{nth}@example.org")).is_ok()
        });
        assert_eq!(sent.count(), MAILS_TOTAL.1 as usize);
    }
}
