//! Moderation of a room: the DTOs of time-outs and bans, and the validation of time-outs and slow mode.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::UserId,
    problem::FieldError,
    rules::{SLOW_MAX_S, TIME_OUT_MAX_MINUTES},
    users::UserRef,
};

/// `PUT /rooms/{id}/members/{user}/timeout`: keeps a member from posting, from now on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimeOut {
    /// 1 to 40 320, which are 28 days.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 40_320)))]
    pub minutes: u32,
}

/// Somebody who was removed from a room and can neither join nor be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ban {
    /// The account.
    pub user: UserRef,
    /// Who banned it; absent if that account no longer exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserRef>,
    /// When it was banned.
    pub created_at: Timestamp,
}

/// `GET /rooms/{id}/bans`: the banned accounts, ordered by user id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BanList {
    /// One page of the list.
    pub bans: Vec<Ban>,
    /// The `after` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// Checks the length of a time-out.
pub fn validate_time_out(minutes: u32) -> Result<(), FieldError> {
    if (1..=TIME_OUT_MAX_MINUTES).contains(&minutes) {
        return Ok(());
    }
    let message = format!("must be 1 to {TIME_OUT_MAX_MINUTES}, but is {minutes}");
    Err(FieldError::new("minutes", message))
}

/// Checks the seconds of a slow mode; 0 is off.
pub fn validate_slow_mode(seconds: u32) -> Result<(), FieldError> {
    if seconds <= SLOW_MAX_S {
        return Ok(());
    }
    let message = format!("must be at most {SLOW_MAX_S} seconds, but is {seconds}");
    Err(FieldError::new("policies.slow_s", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_limits() {
        assert!(validate_time_out(0).is_err());
        assert!(validate_time_out(1).is_ok() && validate_time_out(40_320).is_ok());
        assert!(validate_time_out(40_321).is_err());
        assert!(validate_slow_mode(0).is_ok() && validate_slow_mode(21_600).is_ok());
        assert_eq!(validate_slow_mode(21_601).unwrap_err().field, "policies.slow_s");
    }
}
