//! The filters of a query: conditions on a message other than its text.

use chrono::{DateTime, TimeZone, Utc};

use super::{TimeRange, TimeSpan};
use crate::ids::RoomId;

/// A condition on a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Whether the message must *not* match.
    pub negated: bool,
    /// The condition.
    pub predicate: Predicate,
}

/// The condition of a filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// `from:`: the author.
    From(Person),
    /// `in:`: the room.
    In(RoomRef),
    /// `before:`: posted before the span starts.
    Before(TimeSpan),
    /// `after:`: posted after the span ends; for `7d` and `2w`, after it starts.
    After(TimeSpan),
    /// `on:` and `during:`: posted within the span.
    On(TimeSpan),
    /// `has:`: a property of the text.
    Has(Has),
    /// `mentions:`: a mentioned user.
    Mentions(Person),
    /// `is:`: a state.
    Is(Is),
}

impl Predicate {
    /// Whether two filters have the same kind, which makes them alternatives.
    pub fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
            && (!matches!(self, Self::Is(_)) || self == other)
    }

    /// The range of time in which a message must be posted; `None` for other kinds. See
    /// [`TimeSpan::span`].
    pub fn time_range<Z: TimeZone>(&self, now: DateTime<Utc>, zone: &Z) -> Option<TimeRange> {
        match self {
            Self::Before(when) => Some((None, Some(when.span(now, zone).0))),
            Self::After(when) => Some((Some(when.after_bound(now, zone)), None)),
            Self::On(when) => {
                let (from, to) = when.span(now, zone);
                Some((Some(from), Some(to)))
            }
            Self::From(_) | Self::In(_) | Self::Has(_) | Self::Mentions(_) | Self::Is(_) => None,
        }
    }
}

/// A user in a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Person {
    /// The caller.
    Me,
    /// By username, as typed; never empty.
    Name(String),
}

/// A room in a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RoomRef {
    /// By id.
    Id(RoomId),
    /// By name, as typed; never empty.
    Name(String),
}

macro_rules! values {
    ($(#[$meta:meta])* $name:ident { $($(#[$value_meta:meta])* $value:ident $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$value_meta])* $value,)* }

        impl $name {
            /// All values, in display order.
            pub const ALL: &'static [Self] = &[$(Self::$value,)*];
            /// Their names in a query, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text,)*];

            /// Its name in a query.
            pub fn name(self) -> &'static str {
                match self { $(Self::$value => $text,)* }
            }
        }
    };
}

values! {
    /// A property of a message: `has:`.
    Has {
        /// A link (`http://..`, `https://..`).
        Link "link",
        /// Inline code or a code block.
        Code "code",
        /// It is a reply.
        Reply "reply",
        /// Its text was edited.
        Edit "edit",
        /// It mentions a user.
        Mention "mention",
    }
}

values! {
    /// A state of a message: `is:`.
    Is {
        /// The caller has not read it.
        Unread "unread",
        /// The caller wrote it.
        Mine "mine",
        /// Its text was edited.
        Edited "edited",
        /// It is a tombstone.
        Deleted "deleted",
    }
}

values! {
    /// The order of the hits: `sort:`.
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
