//! The syntax of a message's text: links, mentions and code.
//!
//! The page, the mention rows, the search facets and the exports all use [`FormattedText`], so that they
//! agree on every text. The functions of this module are about plain texts; [`markdown`] is the parser of
//! texts with markup.

use std::{collections::BTreeSet, ops::Range};

use crate::{
    ids::{RoomId, Seq},
    paths, rules,
    sorting::sort_by_key,
};

mod format;
mod links;
pub mod markdown;
mod mentionable;
mod mentions;
#[cfg(test)]
mod tests;

pub use format::{Format, FormattedText};
use links::find_links;
use mentionable::Mentionable;

/// A span of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span<'t> {
    /// Plain text.
    Text(&'t str),
    /// An `http` or `https` URL, which contains no whitespace and no invisible character that could
    /// show another address than it opens.
    Link(&'t str),
    /// `@` and the name of the reader.
    Mention(&'t str),
}

impl<'t> Span<'t> {
    /// The text of the span.
    pub fn as_str(self) -> &'t str {
        let (Self::Text(text) | Self::Link(text) | Self::Mention(text)) = self;
        text
    }
}

/// Splits a text into links and plain text. Joined, the spans are the text.
///
/// ```
/// use shared::text::{Span, spans};
///
/// let found = spans("Ada, see (https://example.org/a_(b)).");
/// let expected = [
///     Span::Text("Ada, see ("),
///     Span::Link("https://example.org/a_(b)"),
///     Span::Text(")."),
/// ];
/// assert_eq!(found, expected);
/// ```
pub fn spans(content: &str) -> Vec<Span<'_>> {
    join_spans(content, find_links(content).into_iter().map(|link| (link, Span::Link as _)))
}

/// The name of a reader, whose mentions are to be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReaderName {
    key: String,
    longer: BTreeSet<String>,
}

impl ReaderName {
    /// `longer` are the existing names that [may be mentioned](extends_name) where a text seems to
    /// mention the reader: `@ann lee` does not mention ann if there is an ann lee.
    pub fn new(username: &str, longer: &[String]) -> Self {
        let longer = longer.iter().map(|name| rules::name_key(name)).collect();
        Self { key: rules::name_key(username), longer }
    }

    /// Splits a plain text into spans as the reader sees them: a mention of somebody else is plain text.
    pub fn spans<'t>(&self, content: &'t str) -> Vec<Span<'t>> {
        let mentions = self.mentions(FormattedText::new(Format::Text, content)).into_iter();
        let mut found: Vec<_> =
            mentions.map(|range| (range, Span::Mention as fn(_) -> _)).collect();
        let links = find_links(content).into_iter();
        found.extend(links.map(|link| (link, Span::Link as fn(_) -> _)));
        sort_by_key(&mut found, |(range, _)| range.start);
        join_spans(content, found)
    }

    /// The byte ranges of the text that mention the reader, in order. In Markdown, one mention can have
    /// several.
    pub fn mentions(&self, text: FormattedText<'_>) -> Vec<Range<usize>> {
        let Some(mentionable) = text.mentionable() else { return Vec::new() };
        let found = mentionable.resolve(|key| self.key == key || self.longer.contains(key));
        let mine = found.into_iter().filter(|(key, _)| *key == self.key);
        mine.flat_map(|(_, range)| mentionable.source_ranges(range)).collect()
    }

    /// Whether a text mentions the reader.
    pub fn is_mentioned(&self, text: FormattedText<'_>) -> bool {
        !self.mentions(text).is_empty()
    }
}

/// Whether a text that mentions `name` could mention `short` if `name` did not exist.
///
/// ```
/// use shared::text::extends_name;
/// assert!(extends_name("Ann Lee", "ann") && extends_name("ann-marie", "ann"));
/// assert!(!extends_name("anna", "ann") && !extends_name("ann", "ann"));
/// ```
pub fn extends_name(name: &str, short: &str) -> bool {
    let (name, short) = (rules::name_key(name), rules::name_key(short));
    name != short && mention_keys(&format!("@{name}")).contains(&short)
}

/// The links of a text.
pub fn links(content: &str) -> impl Iterator<Item = &str> {
    find_links(content).into_iter().map(|link| &content[link])
}

/// All names that a text may mention, as [`rules::name_key`]. Which of them exist decides which ones
/// it does mention: see [`mentions`].
pub fn mention_keys(content: &str) -> BTreeSet<String> {
    Mentionable::of_text(content).keys()
}

/// The names that a text mentions, as [`rules::name_key`], in the order of the text: after each `@`
/// the longest name that `exists`. At most [`rules::MENTIONS_MAX`].
///
/// ```
/// use shared::text::mentions;
///
/// let exists = |key: &str| ["ada", "ann", "ann lee"].contains(&key);
/// let names = mentions("@Ada's talk: ask @ann lee, not @annabel.", exists);
/// assert_eq!(names, ["ada", "ann lee"]);
/// ```
pub fn mentions(content: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    Mentionable::of_text(content).resolve(exists).into_iter().map(|(key, _)| key).collect()
}

/// Whether a text has something other than whitespace between two backticks. Code is not a span: a
/// link in backticks is still a link.
///
/// ```
/// use shared::text::has_code;
/// assert!(has_code("run `ls -l`") && has_code("```\nlet a = 1;\n```"));
/// assert!(!has_code("a ` b") && !has_code("``"));
/// ```
pub fn has_code(content: &str) -> bool {
    let mut parts = content.split('`');
    parts.next_back();
    parts.skip(1).any(|part| !part.trim().is_empty())
}

/// Puts plain text between the ranges, which are in order and disjoint.
fn join_spans<'t>(
    content: &'t str,
    found: impl IntoIterator<Item = (Range<usize>, fn(&'t str) -> Span<'t>)>,
) -> Vec<Span<'t>> {
    let mut spans = Vec::new();
    let mut text_start = 0;
    let end = content.len()..content.len();
    for (range, span) in found.into_iter().chain([(end, Span::Text as _)]) {
        if text_start < range.start {
            spans.push(Span::Text(&content[text_start..range.start]));
        }
        if !range.is_empty() {
            spans.push(span(&content[range.clone()]));
        }
        text_start = range.end;
    }
    spans
}

fn parse_permalink(link: &str, origin: &str) -> Option<(RoomId, Seq)> {
    let path = link.strip_prefix(origin)?.strip_prefix(paths::UI)?.strip_prefix("/room/")?;
    let path = path.split(['?', '#']).next()?.trim_end_matches('/');
    let (room, seq) = path.split_once("/m/")?;
    Some((room.parse().ok()?, Seq(seq.parse().ok()?)))
}
