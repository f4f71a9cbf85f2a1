//! The operators: their names, their values, and suggestions for misspelled ones.

use std::ops::Range;

use super::{Has, Is, Person, Predicate, QueryError, RoomRef, Sort};
use crate::ids::{RoomId, Seq, is_in_range};

/// An operator of the query language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Its name, without the colon.
    pub name: &'static str,
    /// The kind of its value.
    pub value: ValueKind,
    meaning: Meaning,
}

/// The effect of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    From,
    In,
    Before,
    After,
    On,
    Has,
    Mentions,
    Is,
    Near,
    Sort,
}

/// The kind of an operator's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A username, or `me`.
    Person,
    /// A room name, or `#` and a room id.
    Room,
    /// A span of time: [`super::TimeSpan`].
    Time,
    /// One of these names.
    OneOf(&'static [&'static str]),
    /// The `seq` of a message, from 1.
    Seq,
}

const fn operator(name: &'static str, value: ValueKind, meaning: Meaning) -> Operator {
    Operator { name, value, meaning }
}

/// All operators.
pub const OPERATORS: &[Operator] = &[
    operator("from", ValueKind::Person, Meaning::From),
    operator("in", ValueKind::Room, Meaning::In),
    operator("before", ValueKind::Time, Meaning::Before),
    operator("after", ValueKind::Time, Meaning::After),
    operator("on", ValueKind::Time, Meaning::On),
    operator("during", ValueKind::Time, Meaning::On),
    operator("has", ValueKind::OneOf(Has::NAMES), Meaning::Has),
    operator("mentions", ValueKind::Person, Meaning::Mentions),
    operator("is", ValueKind::OneOf(Is::NAMES), Meaning::Is),
    operator("near", ValueKind::Seq, Meaning::Near),
    operator("sort", ValueKind::OneOf(Sort::NAMES), Meaning::Sort),
];

/// Names of other search engines for these operators.
const ALIASES: &[(&str, &str)] = &[
    ("author", "from"),
    ("by", "from"),
    ("user", "from"),
    ("room", "in"),
    ("channel", "in"),
    ("since", "after"),
    ("until", "before"),
    ("date", "on"),
    ("to", "mentions"),
    ("order", "sort"),
];

/// The value of an operator in a query.
#[derive(Debug, PartialEq)]
pub(super) struct Value {
    /// Its byte range in the query, quotes included.
    pub at: Range<usize>,
    /// The value without quotes.
    pub text: String,
    pub quoted: bool,
}

/// The meaning of an operator with its value.
pub(super) enum Clause {
    Predicate(Predicate),
    Near(Seq),
    Sort(Sort),
}

/// Whether `name:value` is plain text and not an operator, not even a misspelled one.
pub(super) fn is_plain(name: &str, value: &str) -> bool {
    if value.starts_with(':') || value.starts_with("//") {
        return true;
    }
    let takes_numbers =
        |operator: &Operator| matches!(operator.value, ValueKind::Time | ValueKind::Seq);
    let is_number = value.starts_with(|c: char| c.is_ascii_digit());
    find(name).is_none()
        && (value.is_empty()
            || name.len() == 1
            || (is_number && !closest_operator(name).is_some_and(takes_numbers)))
}

/// Parses an operator with its value. `at` is the range of both.
pub(super) fn parse_clause(
    at: Range<usize>,
    operator: &Operator,
    value: &Value,
) -> Result<Clause, QueryError> {
    let text = value.text.as_str();
    let invalid = |expected: &str, suggestion: Option<&str>| {
        let found = if text.is_empty() { "nothing".into() } else { format!("“{text}”") };
        QueryError {
            at: if text.is_empty() { at.clone() } else { value.at.clone() },
            message: format!(
                "{}: takes {expected} directly after the colon, not {found}.",
                operator.name
            ),
            suggestion: suggestion.map(str::to_owned),
        }
    };
    let when = || {
        let forms = "2026, 2026-03, 2026-03-01, today, yesterday, 7d or 2w";
        text.parse().map_err(|()| invalid(&format!("a time ({forms})"), None))
    };
    let person = || parse_person(value).ok_or_else(|| invalid("a username or me", None));
    let one_of = |names: &[&'static str]| {
        let index = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        index.ok_or_else(|| invalid(&join_with_or(names), nearest(text, names.iter().copied())))
    };
    Ok(Clause::Predicate(match operator.meaning {
        Meaning::From => Predicate::From(person()?),
        Meaning::Mentions => Predicate::Mentions(person()?),
        Meaning::In => Predicate::In(
            parse_room(value)
                .ok_or_else(|| invalid("a room name, or # and a room number", None))?,
        ),
        Meaning::Before => Predicate::Before(when()?),
        Meaning::After => Predicate::After(when()?),
        Meaning::On => Predicate::On(when()?),
        Meaning::Has => Predicate::Has(Has::ALL[one_of(Has::NAMES)?]),
        Meaning::Is => Predicate::Is(Is::ALL[one_of(Is::NAMES)?]),
        Meaning::Sort => return Ok(Clause::Sort(Sort::ALL[one_of(Sort::NAMES)?])),
        Meaning::Near => {
            let seq =
                parse_positive(text).ok_or_else(|| invalid("a message number (from 1)", None))?;
            return Ok(Clause::Near(Seq(seq)));
        }
    }))
}

fn parse_person(value: &Value) -> Option<Person> {
    let text = value.text.trim();
    if !value.quoted && text.eq_ignore_ascii_case("me") {
        return Some(Person::Me);
    }
    let name = if value.quoted { text } else { text.strip_prefix('@').unwrap_or(text) };
    (!name.is_empty()).then(|| Person::Name(name.to_owned()))
}

fn parse_room(value: &Value) -> Option<RoomRef> {
    let text = value.text.trim();
    let name = match text.strip_prefix('#').filter(|_| !value.quoted) {
        Some(name) if name.bytes().all(|b| b.is_ascii_digit()) => {
            return parse_positive(name).map(|id| RoomRef::Id(RoomId(id)));
        }
        Some(name) => name,
        None => text,
    };
    (!name.is_empty()).then(|| RoomRef::Name(name.to_owned()))
}

fn parse_positive(text: &str) -> Option<i64> {
    let is_digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|&number| is_digits && number > 0 && is_in_range(number))
}

pub(super) fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.name.eq_ignore_ascii_case(name))
}

pub(super) fn closest_operator(name: &str) -> Option<&'static Operator> {
    let name = name.to_ascii_lowercase();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, name)| *name);
    alias.or_else(|| nearest(&name, OPERATORS.iter().map(|operator| operator.name))).and_then(find)
}

/// The closest candidate with at most one typing error per three letters.
fn nearest(text: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    // No candidate is close to such a long text, and the distance would be expensive.
    if text.len() > 20 {
        return None;
    }
    let text = text.to_ascii_lowercase();
    candidates
        .map(|candidate| (strsim::osa_distance(&text, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len() / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn join_with_or(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, names)) if !names.is_empty() => format!("{} or {last}", names.join(", ")),
        _ => names.concat(),
    }
}

/// Puts a string in quotes and doubles the quotes in it.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if c == '"' {
            quoted.push('"');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
