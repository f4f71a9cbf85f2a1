//! Finds the links of a text.

use std::ops::Range;

use crate::unicode::{is_blank, is_joiner, is_punctuation};

/// The separator of scheme and address.
const SEPARATOR: &str = "://";

/// The brackets and quotes that belong together.
const PAIRS: [(char, char); 21] = [
    ('(', ')'),
    ('[', ']'),
    ('{', '}'),
    ('«', '»'),
    ('‹', '›'),
    ('“', '”'),
    ('‘', '’'),
    ('「', '」'),
    ('『', '』'),
    ('【', '】'),
    ('〈', '〉'),
    ('《', '》'),
    ('〔', '〕'),
    ('〖', '〗'),
    ('〘', '〙'),
    ('〚', '〛'),
    ('（', '）'),
    ('［', '］'),
    ('｛', '｝'),
    ('｟', '｠'),
    ('｢', '｣'),
];

/// The byte ranges of the links, in order. A link is an `http` or `https` URL without whitespace,
/// `<`, `>`, `"`, backtick and invisible characters, without the punctuation of the sentence and the
/// signs of Markdown around it, and without a bracket or quote that was opened before it.
pub(super) fn find_links(content: &str) -> Vec<Range<usize>> {
    let mut links = Vec::<Range<usize>>::new();
    for (colon, _) in content.match_indices(SEPARATOR) {
        let from = links.last().map_or(0, |link| link.end);
        links.extend(link_at(content, from, colon, Syntax::Plain));
    }
    links
}

/// The syntax of the text around a link.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Plain text.
    Plain,
    /// Markdown, where a link ends before a `]` that it does not open.
    Markdown,
}

/// The byte range of the link with [`SEPARATOR`] at `colon`, if it starts at `from` or later.
pub(super) fn link_at(
    content: &str,
    from: usize,
    colon: usize,
    syntax: Syntax,
) -> Option<Range<usize>> {
    let before = content.get(from..colon)?;
    let scheme = &before[before.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len()..];
    let start = colon + SEPARATOR.len();
    if !is_allowed(scheme) {
        return None;
    }
    let address = trim_end(&content[start..start + extent(&content[start..], syntax)]);
    (!address.is_empty()).then(|| colon - scheme.len()..start + address.len())
}

/// Whether a text is an address that may be opened. It may end in punctuation, unlike a link in plain
/// text, because Markdown says where it ends.
pub(super) fn is_address(text: &str) -> bool {
    let Some((scheme, address)) = text.split_once(SEPARATOR) else { return false };
    let mut previous = '/';
    let mut contains_end =
        address.chars().map(|c| ends_address(std::mem::replace(&mut previous, c), c));
    is_allowed(scheme) && !trim_end(address).is_empty() && !contains_end.any(|ends| ends)
}

fn is_allowed(scheme: &str) -> bool {
    ["http", "https"].iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed))
}

/// Whether no address contains `c` after `previous`.
fn ends_address(previous: char, c: char) -> bool {
    // Scripts and emoji need joiners and U+FE0F. After ASCII they would only hide in the address.
    let is_needed = !previous.is_ascii() && (is_joiner(c) || c == '\u{fe0f}');
    matches!(c, '<' | '>' | '"' | '`') || (is_blank(c) && !is_needed)
}

/// The length of the address at the start of a text, with the punctuation after it.
fn extent(text: &str, syntax: Syntax) -> usize {
    let mut open = [0; PAIRS.len()];
    let mut previous = '/';
    for (at, c) in text.char_indices() {
        if ends_address(previous, c) {
            return at;
        }
        if let Some(pair) = PAIRS.iter().position(|(opening, _)| *opening == c) {
            open[pair] += 1;
        } else if let Some(pair) = closed_pair(c) {
            // ASCII brackets are common in addresses, and ’ is an apostrophe too.
            let is_common = match syntax {
                Syntax::Plain => c.is_ascii() || c == '’',
                Syntax::Markdown => c.is_ascii() && c != ']' || c == '’',
            };
            if open[pair] == 0 && !is_common {
                return at;
            }
            open[pair] -= i32::from(open[pair] > 0);
        }
        if is_wide_punctuation(c) && (text[..at].is_ascii() || matches!(c, '。' | '！' | '？')) {
            return at;
        }
        previous = c;
    }
    text.len()
}

/// Removes the punctuation and the unmatched closing brackets at the end.
fn trim_end(mut address: &str) -> &str {
    // The brackets are counted once, because an address can be 16 KiB long and end in nothing but
    // brackets.
    let mut unmatched = [0_i32; PAIRS.len()];
    for c in address.chars() {
        if let Some(pair) = closed_pair(c) {
            unmatched[pair] += 1;
        } else if let Some(pair) = PAIRS.iter().position(|(opening, _)| *opening == c) {
            unmatched[pair] -= 1;
        }
    }
    while let Some(last) = address.chars().next_back() {
        match (last, closed_pair(last)) {
            (_, Some(pair)) if unmatched[pair] > 0 => unmatched[pair] -= 1,
            (_, Some(_)) => break,
            // The same signs as in GitHub's autolinks, and openings without content.
            (
                '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '|' | '(' | '[' | '{',
                _,
            ) => {}
            _ if !last.is_ascii() && (is_punctuation(last) || is_joiner(last)) => {}
            _ => break,
        }
        if let Some(pair) = PAIRS.iter().position(|(opening, _)| *opening == last) {
            unmatched[pair] += 1;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address
}

/// The pair that `c` closes.
fn closed_pair(c: char) -> Option<usize> {
    PAIRS.iter().position(|(_, closing)| *closing == c)
}

/// Whether `c` is punctuation of East Asian typography, which stands beside words without a blank.
/// In an address of ASCII characters it does not belong to the address.
fn is_wide_punctuation(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{303f}' | '\u{fe10}'..='\u{fe6b}' | '\u{ff01}'..='\u{ff65}')
        && is_punctuation(c)
}
