//! The syntax of a message's text: links, mentions and code.
//!
//! The page, the mention rows, the search facets and the exports all use this one scanner, so that
//! they agree on every text. A link lies within one word (a run without whitespace), and a mention is
//! a word of its own, so the scanner goes from word to word in linear time.

use std::ops::Range;

use crate::{
    ids::{RoomId, Seq},
    paths, rules,
};

#[cfg(test)]
mod tests;

/// A span of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span<'t> {
    /// Plain text.
    Text(&'t str),
    /// An `http` or `https` URL. It contains no whitespace, `<`, `>`, `"` or backtick.
    Link(&'t str),
    /// `@` and a name. A user with this name need not exist.
    Mention(&'t str),
}

impl<'t> Span<'t> {
    /// The text of the span.
    pub fn as_str(self) -> &'t str {
        let (Self::Text(text) | Self::Link(text) | Self::Mention(text)) = self;
        text
    }
}

/// Splits text into spans. Joined, the spans are the text.
///
/// ```
/// use shared::text::{Span, spans};
///
/// let found = spans("@ada, see (https://example.org/a_(b)).");
/// let expected = [
///     Span::Mention("@ada"),
///     Span::Text(", see ("),
///     Span::Link("https://example.org/a_(b)"),
///     Span::Text(")."),
/// ];
/// assert_eq!(found, expected);
/// ```
pub fn spans(content: &str) -> Vec<Span<'_>> {
    scan(content, |_| true)
}

/// Splits text into spans as one user sees them: a mention of another user is plain text.
pub fn spans_for<'t>(content: &'t str, username: &str) -> Vec<Span<'t>> {
    let key = rules::name_key(username);
    scan(content, |name| rules::name_key(name) == key)
}

/// The links of a string.
pub fn links(content: &str) -> impl Iterator<Item = &str> {
    spans(content).into_iter().filter_map(|span| match span {
        Span::Link(link) => Some(link),
        _ => None,
    })
}

/// The names mentioned in a message, in lower case (the form in which usernames are unique).
///
/// ```
/// let names: Vec<_> = shared::text::mentions("@Ada, ask @bob.").collect();
/// assert_eq!(names, ["ada", "bob"]);
/// ```
pub fn mentions(content: &str) -> impl Iterator<Item = String> {
    spans(content).into_iter().filter_map(|span| match span {
        Span::Mention(mention) => Some(rules::name_key(&mention[1..])),
        _ => None,
    })
}

/// The messages of the server at `origin` that a message links to, each once.
pub fn permalinks<'t>(
    content: &'t str,
    origin: &'t str,
) -> impl Iterator<Item = (RoomId, Seq)> + 't {
    let mut seen = Vec::new();
    links(content).filter_map(move |link| parse_permalink(link, origin)).filter(move |message| {
        let is_new = !seen.contains(message);
        seen.push(*message);
        is_new
    })
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

fn scan<'t>(content: &'t str, is_mention: impl Fn(&str) -> bool) -> Vec<Span<'t>> {
    let mut spans = Vec::new();
    // The start of the plain text that is not in `spans` yet.
    let mut text_start = 0;
    let mut push = |range: Range<usize>, span: fn(&'t str) -> Span<'t>| {
        if text_start < range.start {
            spans.push(Span::Text(&content[text_start..range.start]));
        }
        if !range.is_empty() {
            spans.push(span(&content[range.clone()]));
        }
        text_start = range.end;
    };
    let mut word_start = 0;
    for word in content.split_inclusive(char::is_whitespace) {
        let mut offset = 0;
        while let Some(link) = find_link(&word[offset..]) {
            let start = word_start + offset;
            push(start + link.start..start + link.end, Span::Link);
            offset += link.end;
        }
        if offset == 0
            && let Some(mention) = find_mention(word)
            && is_mention(&word[mention.start + 1..mention.end])
        {
            push(word_start + mention.start..word_start + mention.end, Span::Mention);
        }
        word_start += word.len();
    }
    push(content.len()..content.len(), Span::Text);
    spans
}

/// The first link of a word, without the punctuation that ends a sentence and without a bracket that
/// was opened before the link.
fn find_link(word: &str) -> Option<Range<usize>> {
    word.match_indices("://").find_map(|(colon, separator)| {
        let before = word[..colon].trim_end_matches(|c: char| c.is_ascii_alphanumeric());
        let scheme = &word[before.len()..colon];
        if !["http", "https"].iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed)) {
            return None;
        }
        let start = colon + separator.len();
        let is_end = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`');
        let address = word[start..].split(is_end).next().unwrap_or_default();
        let address = trim_punctuation(address);
        (!address.is_empty()).then_some(before.len()..start + address.len())
    })
}

/// The mention at the start of a word, after opening brackets and quotes and without the
/// punctuation after the name.
fn find_mention(word: &str) -> Option<Range<usize>> {
    let mention = word.trim_start_matches(['(', '[', '"', '\'']);
    let start = word.len() - mention.len();
    let name = mention.strip_prefix('@')?.trim_end();
    let name = name.trim_end_matches(|c: char| c.is_ascii_punctuation() && c != '_');
    (!name.is_empty()).then_some(start..start + 1 + name.len())
}

/// Removes the punctuation and the unmatched closing brackets at the end.
fn trim_punctuation(mut address: &str) -> &str {
    // The brackets are counted once, because an address can be 16 KiB long and end in nothing but
    // brackets.
    let mut unmatched = [('(', ')'), ('[', ']'), ('{', '}')].map(|(open, close)| {
        let count = |bracket: char| address.matches(bracket).count();
        (close, count(close).saturating_sub(count(open)))
    });
    while let Some(last) = address.chars().next_back() {
        let bracket = unmatched.iter_mut().find(|(close, _)| *close == last);
        match (last, bracket) {
            ('.' | ',' | ';' | ':' | '!' | '?' | '\'', _) => {}
            (_, Some((_, unmatched))) if *unmatched > 0 => *unmatched -= 1,
            _ => break,
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address
}

fn parse_permalink(link: &str, origin: &str) -> Option<(RoomId, Seq)> {
    let path = link.strip_prefix(origin)?.strip_prefix(paths::UI)?.strip_prefix("/room/")?;
    let path = path.split(['?', '#']).next()?.trim_end_matches('/');
    let (room, seq) = path.split_once("/m/")?;
    Some((room.parse().ok()?, Seq(seq.parse().ok()?)))
}
