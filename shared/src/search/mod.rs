//! The one search grammar: of the server, of the `q` in an address, and of the chips in the search
//! box.
//!
//! A query is at most [`QUERY_MAX_CHARS`](crate::rules::QUERY_MAX_CHARS) characters. Its parts stand between
//! blanks (white space and control characters), in any order, and all of them must hold:
//!
//! | part | finds messages |
//! |---|---|
//! | `host` | with this word, or one that begins with it (from three characters on, see `search::words`) |
//! | `"exact phrase"` | with these words next to each other; `“` `”` `„` quote too |
//! | `pre*` | with a word that begins so |
//! | `~sub`, `~"sub string"` | with this text anywhere, inside words too |
//! | `a OR b c` | with `a` or `b`, and with `c`: OR stands between two texts, binds first, and is in capitals |
//! | `-part` | without it; any text, any operator but `near:` and `sort:` |
//! | `from:ada`, `from:me` | by this person; `@ada` is `ada` |
//! | `in:general`, `in:#12` | in the room of this name, or of this number; `#general` is `general` |
//! | `before:` `after:` `on:` | outside or inside of a span of time ([`TimeSpan`]); `during:` is `on:` |
//! | `has:` | that have one of these: [`Has`] |
//! | `mentions:ada`, `mentions:me` | that name this person |
//! | `is:` | in this state: [`Is`] |
//! | `near:120` | around this `seq` of the room |
//! | `sort:new`, `old`, `relevance` | (their order) |
//!
//! **Quotes.** A value or a text that holds blanks stands in quotes; a quote inside is written
//! twice (`""`). In quotes everything is plain: `from:"me"` is somebody called me, `in:"#12"` a room
//! called #12. A quote that is never closed reaches to the end.
//!
//! **What is an operator.** Letters (A to Z, in any case), one `:` and directly a value. Where the
//! name is not known that is a [`QueryError`], whose suggestion is the name meant or the same in
//! quotes. These are plain words: what has anything but letters before the colon (`12:30`,
//! `x-forwarded-for:1`), `::` (`std::sync::Arc`), `://` (any address), an unknown name with nothing
//! behind the colon (`foo:`), an unknown single letter (`C:\dir`), and a number behind a name that
//! is unlike every operator that takes numbers (`localhost:8080`). So are `AND`, `NOT`, `C++`,
//! `#tag`, `--flag`.
//!
//! **What is ignored.** A part without any letter, digit or emoji (`&`, `*`, a lone `-`, `~` or
//! `"`), and an `OR` with nothing on one side. An `OR` beside an operator or a negated part is a
//! mistake, except between two positive operators of the same kind, where it says what holds anyway:
//!
//! **Filters of one kind** are alternatives (`from:ada from:bob` is by either), different kinds all
//! hold, and each negated one excludes. Each value of `is:` is a kind of its own, since a message
//! can be edited *and* mine: `is:edited is:mine` is both.
//!
//! ```
//! use shared::search::{Person, Predicate, parse};
//!
//! let query = parse("disk OR ssd failing -from:bot after:7d")?;
//! assert_eq!(query.all_of.len(), 2);
//! assert_eq!(query.filters[0].predicate, Predicate::From(Person::Name("bot".into())));
//! assert_eq!(query.to_string(), "disk OR ssd failing -from:bot after:7d");
//!
//! let mistake = parse("disk form:ada").unwrap_err();
//! assert_eq!((mistake.at, mistake.suggestion.as_deref()), (5..10, Some("from:")));
//! # Ok::<(), shared::search::QueryError>(())
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::ids::Seq;

mod chars;
mod display;
mod filters;
mod highlight;
mod lexer;
mod operators;
mod parse;
mod results;
#[cfg(test)]
mod tests;
mod time_span;
#[cfg(feature = "tokenizer")]
pub mod tokenizer;

pub use crate::messages::AuthorCount;
pub use filters::{Filter, Has, Is, Person, Predicate, RoomRef, Sort};
pub use highlight::{Highlight, HighlightKind, highlight};
pub use operators::{OPERATORS, Operator, ValueKind};
pub use parse::parse;
pub use results::{Hit, Hits, MonthCount, RoomCount, Summary};
pub use time_span::{TimeRange, TimeSpan};

/// What is asked for. Every string in it is plain text: no quotes, no operators, nothing that an
/// engine could take for syntax.
///
/// `Display` gives the canonical text: texts, negated texts, filters, `near:`, `sort:`. Reading it
/// gives an equal query, as long as it is not over the limit of length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    /// Each of them must be found.
    pub all_of: Vec<AnyOf>,
    /// None of them may be found.
    pub none_of: Vec<Term>,
    /// What must be true beside the text; [`Query::asked`] and [`Query::excluded`] say how they
    /// go together.
    pub filters: Vec<Filter>,
    /// The place in the room to look around.
    pub near: Option<Seq>,
    /// The order of what is found.
    pub sort: Sort,
}

/// Texts of which one must be found. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnyOf(pub Vec<Term>);

/// A text to look for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// `host`: this word, or several next to each other where punctuation divides it.
    Word(String),
    /// `"exact phrase"`: these words, whole, next to each other.
    Phrase(String),
    /// `pre*`, here without the star: words that begin so.
    Prefix(String),
    /// `~sub`: anywhere, inside words too, punctuation included.
    Substring(String),
}

impl Term {
    /// What the reader wrote, without quotes, star and tilde.
    pub fn as_str(&self) -> &str {
        let (Self::Word(text) | Self::Phrase(text) | Self::Prefix(text) | Self::Substring(text)) =
            self;
        text
    }
}

impl Query {
    /// Whether nothing is asked for: neither text nor filter, place or order.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The filters that are not negated, by kind: one of each inner list must hold. No inner list
    /// is empty.
    pub fn filter_groups(&self) -> Vec<Vec<&Predicate>> {
        let mut kinds: Vec<Vec<&Predicate>> = Vec::new();
        for filter in self.filters.iter().filter(|filter| !filter.negated) {
            match kinds.iter_mut().find(|kind| kind[0].is_same_kind(&filter.predicate)) {
                Some(kind) => kind.push(&filter.predicate),
                None => kinds.push(vec![&filter.predicate]),
            }
        }
        kinds
    }

    /// The same query, of which this is true as well. What it asked of the same kind goes: beside
    /// it, it would be an alternative and let in more instead of less.
    pub fn narrow(mut self, predicate: Predicate) -> Self {
        self.filters.retain(|filter| filter.negated || !filter.predicate.is_same_kind(&predicate));
        self.filters.push(Filter { negated: false, predicate });
        self
    }

    /// Only what it asks of a message, and not in which room, at which place and in which order:
    /// what can be asked in one room, where no other one may be named.
    pub fn without_scope(mut self) -> Self {
        self.filters.retain(|filter| !matches!(filter.predicate, Predicate::In(_)));
        Self { near: None, sort: Sort::default(), ..self }
    }

    /// Whether what it finds depends on when it is asked: `today`, `7d`.
    pub fn is_relative(&self) -> bool {
        self.filters.iter().any(|filter| match filter.predicate {
            Predicate::Before(when) | Predicate::After(when) | Predicate::On(when) => {
                when.is_relative()
            }
            _ => false,
        })
    }

    /// The negated filters: none of them may hold.
    pub fn excluded_predicates(&self) -> impl Iterator<Item = &Predicate> {
        self.filters.iter().filter(|filter| filter.negated).map(|filter| &filter.predicate)
    }
}

/// Why a query cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QueryError {
    /// The bytes of the query (UTF-8) that are wrong, half-open, on character boundaries.
    pub at: Range<usize>,
    /// What is wrong and what would be right, in a sentence for people.
    pub message: String,
    /// What could stand there instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl std::fmt::Display for QueryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for QueryError {}
