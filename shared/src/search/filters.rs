//! What a query can ask of a message beside its text.

use chrono::{DateTime, FixedOffset, Utc};

use super::{TimeRange, TimeSpan};
use crate::ids::RoomId;

/// A condition on a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Whether it must *not* hold.
    pub negated: bool,
    /// What it asks.
    pub predicate: Predicate,
}

/// What a filter asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// `from:`: who wrote it.
    From(Person),
    /// `in:`: the room it is in.
    In(RoomRef),
    /// `before:`: posted before the span begins.
    Before(TimeSpan),
    /// `after:`: posted after the span has ended; of `7d` and `2w`, after it began.
    After(TimeSpan),
    /// `on:` and `during:`: posted within the span.
    On(TimeSpan),
    /// `has:`: what it has.
    Has(Has),
    /// `mentions:`: whom it names.
    Mentions(Person),
    /// `is:`: its state.
    Is(Is),
}

impl Predicate {
    /// Whether two filters are of one kind, and so alternatives.
    pub fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
            && (!matches!(self, Self::Is(_)) || self == other)
    }

    /// From when on and before when a message must be posted, if this is about time; see
    /// [`TimeSpan::span`].
    pub fn time_range(&self, now: DateTime<Utc>, offset: FixedOffset) -> Option<TimeRange> {
        match self {
            Self::Before(when) => Some((None, Some(when.span(now, offset).0))),
            Self::After(when) => Some((Some(when.end(now, offset)), None)),
            Self::On(when) => {
                let (from, to) = when.span(now, offset);
                Some((Some(from), Some(to)))
            }
            _ => None,
        }
    }
}

/// A person in a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Person {
    /// Whoever asks.
    Me,
    /// By username, as it was written; never empty.
    Name(String),
}

/// A room in a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RoomRef {
    /// By number.
    Id(RoomId),
    /// By name, as it was written; never empty.
    Name(String),
}

macro_rules! values {
    ($(#[$meta:meta])* $name:ident { $($(#[$value_meta:meta])* $value:ident $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$value_meta])* $value,)* }

        impl $name {
            /// Every value, in the order in which a list of them should be.
            pub const ALL: &'static [Self] = &[$(Self::$value,)*];
            /// How they are written, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text,)*];

            /// How it is written in a query.
            pub fn name(self) -> &'static str {
                match self { $(Self::$value => $text,)* }
            }
        }
    };
}

values! {
    /// What a message can have: `has:`.
    Has {
        /// An address (`http://..`, `https://..`).
        Link "link",
        /// Code, in a line or a block.
        Code "code",
        /// It answers another message.
        Reply "reply",
        /// Its text was changed.
        Edit "edit",
        /// It names somebody.
        Mention "mention",
    }
}

values! {
    /// A state of a message: `is:`.
    Is {
        /// The reader has not got to it.
        Unread "unread",
        /// The reader wrote it.
        Mine "mine",
        /// Its text was changed.
        Edited "edited",
        /// It was deleted: only its place is left.
        Deleted "deleted",
    }
}

values! {
    /// The order of what is found: `sort:`.
    #[derive(Default)]
    Sort {
        /// Newest first.
        #[default]
        New "new",
        /// Oldest first.
        Old "old",
        /// Best first.
        Relevance "relevance",
    }
}
