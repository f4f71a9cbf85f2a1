//! What a text has in it besides words: addresses and code.

use std::ops::Range;

/// Where the first address of a text is: `http://` or `https://` and what follows, without the
/// punctuation that ends a sentence or closes a bracket opened before it.
///
/// ```
/// let text = "See (https://example.org/a_(b)).";
/// assert_eq!(&text[shared::messages::first_link(text).unwrap()], "https://example.org/a_(b)");
/// ```
pub fn first_link(text: &str) -> Option<Range<usize>> {
    text.match_indices("://").find_map(|(at, _)| {
        let before = text[..at].trim_end_matches(|c: char| c.is_ascii_alphanumeric());
        let from = before.len();
        let scheme = &text[from..at];
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return None;
        }
        let start = at + "://".len();
        let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`');
        let length = text[start..].find(ends).unwrap_or(text.len() - start);
        let address = without_punctuation(&text[start..start + length]);
        (!address.is_empty()).then_some(from..start + address.len())
    })
}

/// Whether something in a text stands between two backticks, or in a fence of three of them.
///
/// ```
/// use shared::messages::has_code;
/// assert!(has_code("run `ls -l`") && has_code("```\nlet a = 1;\n```"));
/// assert!(!has_code("a ` b") && !has_code("``"));
/// ```
pub fn has_code(text: &str) -> bool {
    let mut parts = text.split('`');
    parts.next_back();
    parts.skip(1).any(|part| !part.trim().is_empty())
}

/// What ends a sentence, or closes a bracket that was opened before the address, is not part of it.
fn without_punctuation(mut address: &str) -> &str {
    // Counted once: an address can be as long as a message, and end in nothing but brackets.
    let mut surplus = [('(', ')'), ('[', ']'), ('{', '}')].map(|(open, close)| {
        let count = |bracket: char| address.matches(bracket).count();
        (close, count(close).saturating_sub(count(open)))
    });
    while let Some(last) = address.chars().next_back() {
        let bracket = surplus.iter_mut().find(|(close, _)| *close == last);
        match (last, bracket) {
            ('.' | ',' | ';' | ':' | '!' | '?' | '\'', _) => {}
            (_, Some((_, surplus))) if *surplus > 0 => *surplus -= 1,
            _ => break,
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address
}
