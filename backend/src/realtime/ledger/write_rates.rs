//! The rates at which one account may write. They are far above what a person types; fairness
//! between accounts is up to `fair_queue`.

use shared::{ids::UserId, problem::Code};

use crate::{Error, Result, rate_limiter::RateLimiter};

/// The burst of messages, and of their texts, in seconds of the sustained rate.
const BURST_S: u32 = 10;
/// The mean size of the texts at the full rate of messages, in KiB. The burst of the lowest rate
/// (40 KiB) is enough for the longest message.
const TEXT_KIB: u32 = 4;
/// The rate of other writes as a multiple of that of messages.
const OTHER_FACTOR: u32 = 10;
/// The burst of other writes, in seconds: marking thousands of rooms as read is one click.
const OTHER_BURST_S: u32 = 50;

/// The limits of all accounts.
pub(super) struct WriteRates {
    messages: RateLimiter<UserId>,
    /// KiB of text.
    text: RateLimiter<UserId>,
    others: RateLimiter<UserId>,
}

impl WriteRates {
    pub(super) fn new(messages_per_second: u32) -> Self {
        let others = OTHER_FACTOR * messages_per_second;
        let text = TEXT_KIB * messages_per_second;
        Self {
            messages: RateLimiter::per_second(messages_per_second, BURST_S * messages_per_second),
            text: RateLimiter::per_second(text, BURST_S * text),
            others: RateLimiter::per_second(others, OTHER_BURST_S.saturating_mul(others)),
        }
    }

    /// Counts a write with `text_bytes` of text; 429 if the account exceeds its rate.
    pub(super) fn check(&self, account: UserId, text_bytes: usize) -> Result<()> {
        let allowed = match text_bytes {
            0 => self.others.check(&account, 1),
            bytes => {
                let kib = u32::try_from(bytes.div_ceil(1_024)).unwrap_or(u32::MAX);
                self.messages.check(&account, 1).and_then(|()| self.text.check(&account, kib))
            }
        };
        allowed.map_err(|seconds| {
            let what = if text_bytes == 0 { "changes" } else { "messages" };
            let plural = if seconds == 1 { "" } else { "s" };
            let detail = format!("Too many {what} at once. Try again in {seconds} second{plural}.");
            Error::new(Code::TooManyRequests, detail).retry_after(seconds)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId(1);

    #[test]
    fn a_burst_of_ten_seconds_passes() {
        let rates = WriteRates::new(20);
        let passed = (0..400).take_while(|_| rates.check(ADA, 100).is_ok()).count();
        assert!((200..260).contains(&passed), "{passed}");
        let error = rates.check(ADA, 100).unwrap_err();
        assert_eq!((error.code(), error.retry_after), (Code::TooManyRequests, Some(1)));
        assert!(rates.check(ADA, 0).is_ok(), "other writes have their own limit");
        assert!(rates.check(UserId(2), 100).is_ok());
    }

    #[test]
    fn long_messages_are_limited_by_their_size() {
        let rates = WriteRates::new(20);
        let passed = (0..400).take_while(|_| rates.check(ADA, 16_384).is_ok()).count();
        assert!((50..70).contains(&passed), "{passed}");
    }

    #[test]
    fn the_lowest_rate_allows_the_longest_message() {
        let rates = WriteRates::new(1);
        assert!(rates.check(ADA, shared::rules::CONTENT_MAX_BYTES).is_ok());
        assert!(WriteRates::new(1_000_000).check(ADA, 16_384).is_ok());
    }
}
