//! The query language of the search, used by the server, the `q` parameter of URLs, and the search
//! box.
//!
//! A query has at most [`QUERY_MAX_CHARS`](crate::rules::QUERY_MAX_CHARS) characters. It is a list of
//! elements, separated by blanks (whitespace and control characters). A message matches if all
//! elements match; their order does not matter.
//!
//! | element | matches messages |
//! |---|---|
//! | `host` | with this word; from three characters on, also with a word that starts with it |
//! | `"exact phrase"` | with these words next to each other; `“` `”` `„` are quotes too |
//! | `pre*` | with a word that starts with `pre` |
//! | `~sub`, `~"sub string"` | with this text anywhere, also inside words |
//! | `a OR b c` | with `a` or `b`, and with `c`: `OR` joins two texts, binds tighter, and is upper-case |
//! | `-element` | that do not match it; any text, any operator except `near:` and `sort:` |
//! | `from:ada`, `from:me` | by this user; `@ada` is `ada` |
//! | `in:general`, `in:#12` | in the room with this name or id; `#general` is `general` |
//! | `before:` `after:` `on:` | before, after or in a span of time ([`TimeSpan`]); `during:` is `on:` |
//! | `has:` | that have one of these: [`Has`] |
//! | `mentions:ada`, `mentions:me` | that mention this user |
//! | `is:` | in this state: [`Is`] |
//! | `near:120` | around this `seq` of the room |
//! | `sort:new`, `old`, `relevance` | (the order of the hits) |
//!
//! **Quotes.** A value or a text with blanks needs quotes; a quote inside is doubled (`""`). Quotes
//! also disable special meanings: `from:"me"` is the user with the name `me`, `in:"#12"` the room
//! with the name `#12`. A quote without an end extends to the end of the query.
//!
//! **Operators** are ASCII letters in any case, one `:` and a value directly after it. With an unknown
//! name it is a word, and a [hint](hints()) suggests a similar operator. These are words without a
//! hint:
//! - a name with other characters than letters (`12:30`, `x-forwarded-for:1`)
//! - `::` (`std::sync::Arc`) and `://` (URLs)
//! - an unknown name without a value (`foo:`)
//! - an unknown name of one letter (`C:\dir`)
//! - an unknown name with a number (`localhost:8080`), unless it resembles an operator that takes
//!   numbers
//!
//! `AND`, `NOT`, `C++`, `#tag` and `--flag` are words too.
//!
//! **Ignored** are elements without a letter, digit, emoji or symbol outside of ASCII (`&`, `—`, `*`,
//! a single `-`, `~` or `"`), with a [hint](hints()) unless they are signs of this language, and an
//! `OR` with nothing on one side. An `OR` next to an operator or a negated element is an error, except
//! between two positive operators of the same kind, which are alternatives anyway.
//!
//! **Filters** of the same kind are alternatives (`from:ada from:bob` matches messages of both). A
//! message must match every kind, and none of the negated filters. Each value of `is:` is a kind of
//! its own: `is:edited is:mine` requires both, because a message can be edited *and* mine.
//!
//! ```
//! use shared::search::{Person, Predicate, parse};
//!
//! let query = parse("disk OR ssd failing -from:bot after:7d")?;
//! assert_eq!(query.all_of.len(), 2);
//! assert_eq!(query.filters[0].predicate, Predicate::From(Person::Name("bot".into())));
//! assert_eq!(query.to_string(), "disk OR ssd failing -from:bot after:7d");
//!
//! let error = parse("disk has:links").unwrap_err();
//! assert_eq!((error.at, error.suggestion.as_deref()), (9..14, Some("link")));
//! # Ok::<(), shared::search::QueryError>(())
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::ids::Seq;

mod chars;
mod display;
mod filters;
mod highlight;
mod hints;
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
pub use hints::hints;
pub use operators::{OPERATORS, Operator, ValueKind};
pub use parse::parse;
pub use results::{Hit, Hits, MonthCount, RoomCount, Summary};
pub use time_span::{TimeRange, TimeSpan};

/// A parsed query. Its strings are plain text without quotes and operators, so that no engine can take
/// them for syntax.
///
/// `Display` writes the canonical text: terms, negated terms, filters, `near:`, `sort:`. Parsing
/// it gives an equal query, unless it exceeds the maximum length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    /// A message must match each of these.
    pub all_of: Vec<AnyOf>,
    /// A message must match none of these.
    pub none_of: Vec<Term>,
    /// The conditions other than text. [`Query::filter_groups`] and [`Query::excluded_predicates`]
    /// combine them.
    pub filters: Vec<Filter>,
    /// The message around which to search.
    pub near: Option<Seq>,
    /// The order of the hits.
    pub sort: Sort,
}

/// Alternative terms; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnyOf(pub Vec<Term>);

/// A text to search for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// `host`: this word. Punctuation splits it into several words next to each other.
    Word(String),
    /// `"exact phrase"`: these whole words next to each other.
    Phrase(String),
    /// `pre*`, stored without the star: words with this prefix.
    Prefix(String),
    /// `~sub`: this text with its punctuation anywhere, also inside words.
    Substring(String),
}

impl Term {
    /// The text of the term, without quotes, star and tilde.
    pub fn as_str(&self) -> &str {
        let (Self::Word(text) | Self::Phrase(text) | Self::Prefix(text) | Self::Substring(text)) =
            self;
        text
    }
}

impl Query {
    /// Whether the query has no term, no filter, no `near:` and the default order.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The filters that are not negated, grouped by kind. A message must match one of each group. No
    /// group is empty.
    pub fn filter_groups(&self) -> Vec<Vec<&Predicate>> {
        let mut groups: Vec<Vec<&Predicate>> = Vec::new();
        for filter in self.filters.iter().filter(|filter| !filter.negated) {
            match groups.iter_mut().find(|group| group[0].is_same_kind(&filter.predicate)) {
                Some(group) => group.push(&filter.predicate),
                None => groups.push(vec![&filter.predicate]),
            }
        }
        groups
    }

    /// Adds a filter. The filter replaces those of the same kind, because an alternative to them
    /// would widen the query.
    pub fn narrow(mut self, predicate: Predicate) -> Self {
        self.filters.retain(|filter| filter.negated || !filter.predicate.is_same_kind(&predicate));
        self.filters.push(Filter { negated: false, predicate });
        self
    }

    /// Removes `in:`, `near:` and `sort:`. A search within one room does not accept them.
    pub fn without_scope(mut self) -> Self {
        self.filters.retain(|filter| !matches!(filter.predicate, Predicate::In(_)));
        Self { near: None, sort: Sort::default(), ..self }
    }

    /// Whether the hits depend on the current time, as with `today` and `7d`.
    pub fn is_relative(&self) -> bool {
        self.filters.iter().any(|filter| match filter.predicate {
            Predicate::Before(when) | Predicate::After(when) | Predicate::On(when) => {
                when.is_relative()
            }
            _ => false,
        })
    }

    /// The negated filters: a message must match none of them.
    pub fn excluded_predicates(&self) -> impl Iterator<Item = &Predicate> {
        self.filters.iter().filter(|filter| filter.negated).map(|filter| &filter.predicate)
    }
}

/// Why a query cannot be parsed, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QueryError {
    /// The byte range (UTF-8) of the error in the query, half-open, on character boundaries.
    pub at: Range<usize>,
    /// A sentence for the user: what is wrong and how to fix it.
    pub message: String,
    /// A replacement for the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// A part of a valid query that may not mean what its author intended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QueryHint {
    /// The byte range (UTF-8) of the part in the query, half-open, on character boundaries.
    pub at: Range<usize>,
    /// A sentence for the user: how the search understood it.
    pub message: String,
    /// A replacement for the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl std::fmt::Display for QueryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for QueryError {}
