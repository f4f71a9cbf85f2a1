//! The numbers and names of things, one type each so that none is taken for another.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(#[cfg_attr(feature = "schema", schemars(range(min = 0, max = 9_007_199_254_740_991i64)))] pub i64);

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

number! {
    /// A person's account, numbered from 1 in the order of registration.
    UserId
}
number! {
    /// A room, for ever: a deleted room's number is not given again.
    RoomId
}
number! {
    /// A message anywhere on this server. Says nothing about order; that is [`Seq`].
    MessageId
}
number! {
    /// A message's number in its room: dense, from 1, never reused. A deleted message keeps its
    /// own. Everything that a reader does (paging, permalinks, unread) counts in these.
    Seq
}
number! {
    /// A change's number in its room: consecutive, from 1. A row carries the number of its last
    /// change, so catching up is "all rows with a greater one, in this order".
    Rev
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

macro_rules! name {
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

name! {
    /// The name that a client gives its message before the first try (a UUID, best version 7 of
    /// RFC 9562). Unique per author and room, for ever: sending it again returns the original.
    ClientId
}
name! {
    /// One sign-in of one person on one device.
    SessionId
}
