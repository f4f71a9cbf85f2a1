//! Ids and sequence numbers. Each has a type of its own, so that the compiler rejects mix-ups.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};
use uuid::Uuid;

/// The greatest id and number: JavaScript's `Number.MAX_SAFE_INTEGER`, above which clients would lose
/// precision.
pub const NUMBER_MAX: i64 = 9_007_199_254_740_991;

/// Whether a number from a client is in the range of ids and numbers.
pub(crate) fn is_in_range(number: i64) -> bool {
    (0..=NUMBER_MAX).contains(&number)
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(#[cfg_attr(feature = "schema", schemars(range(min = 0, max = 9_007_199_254_740_991i64)))] pub i64);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize_number(deserializer).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self {
                Self(number)
            }
        }
    };
}

/// Reads a number, and rejects what is out of range.
fn deserialize_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = i64::deserialize(deserializer)?;
    if is_in_range(number) {
        return Ok(number);
    }
    Err(de::Error::custom(format_args!("must be 0 to {NUMBER_MAX}, but is {number}")))
}

number! {
    /// The id of a user, from 1 in the order of registration.
    UserId
}
number! {
    /// The id of a room. The id of a deleted room is not reused.
    RoomId
}
number! {
    /// The id of an invitation, from 1 in the order of creation.
    InvitationId
}
number! {
    /// The id of a message on this server. It defines no order; [`Seq`] does.
    MessageId
}
number! {
    /// The number of a message in its room: dense, from 1, never reused. A deleted message keeps
    /// its number. Pages, permalinks and unread counts use it.
    Seq
}
number! {
    /// The number of a change in its room: consecutive, from 1. A row carries the number of its
    /// last change, so a client catches up with "all rows with a greater `rev`, in this order".
    Rev
}

number! {
    /// The id of an entry of the audit log.
    AuditId
}

number! {
    /// The id of a report.
    ReportId
}

impl Seq {
    /// The number of the message after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Rev {
    /// The number of the change after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id! {
    /// The idempotency key that a client gives a message (a UUID, preferably version 7 of RFC
    /// 9562). It is unique per author and room for ever: sending it again returns the original
    /// message.
    ClientId
}
uuid_id! {
    /// The id of a session: one sign-in on one device.
    SessionId
}
