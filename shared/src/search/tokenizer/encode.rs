//! Encodes tokens so that every engine treats them as one word.

/// Starts every encoded token. With it, a token of one character is long enough for MariaDB (at
/// least 3 characters), no token is a stop word, and each starts with a letter, so that PostgreSQL
/// does not parse a token as a number.
const PREFIX: &str = "zq";

/// Encodes a token as letters and digits: `zq`, then each character. Lower-case Latin letters and
/// digits stay (`z` becomes `zz`), and so do the letters that every engine recognizes as part of a
/// word. Any other character becomes `z` and its code point in four digits of base 36. The result
/// has at most 82 characters and is one word for FTS5 with `tokenize = 'ascii'`, tsvector `simple`,
/// and FULLTEXT with a `_bin` collation.
///
/// The encoding preserves prefixes: `encode(prefix)` with the engine's `*` finds all tokens with that
/// prefix.
///
/// ```
/// use shared::search::tokenizer::{decode, encode};
///
/// assert_eq!(encode("hostname"), "zqhostname");
/// assert_eq!(encode("c++"), "zqcz0017z0017");
/// assert_eq!(decode("zqcz0017z0017").as_deref(), Some("c++"));
/// ```
pub fn encode(token: &str) -> String {
    let mut encoded = String::with_capacity(PREFIX.len() + token.len());
    push(&mut encoded, token.chars());
    encoded
}

/// Appends an encoded token.
pub(super) fn push(encoded: &mut String, token: impl Iterator<Item = char>) {
    encoded.push_str(PREFIX);
    for c in token {
        match c {
            'z' => encoded.push_str("zz"),
            c if is_kept(c) => encoded.push(c),
            c => {
                encoded.push('z');
                let digit = |place: u32| char::from_digit(c as u32 / place % 36, 36);
                encoded.extend([46_656, 1_296, 36, 1].into_iter().filter_map(digit));
            }
        }
    }
}

/// Decodes a token; `None` if the text is not an encoded token.
pub fn decode(encoded: &str) -> Option<String> {
    let mut chars = encoded.strip_prefix(PREFIX)?.chars();
    let mut token = String::with_capacity(encoded.len());
    while let Some(c) = chars.next() {
        token.push(match c {
            'z' => match chars.next()? {
                'z' => 'z',
                first => {
                    let mut number = first.to_digit(36)?;
                    for _ in 0..3 {
                        number = number * 36 + chars.next()?.to_digit(36)?;
                    }
                    char::from_u32(number).filter(|&c| c != 'z' && !is_kept(c))?
                }
            },
            c if is_kept(c) => c,
            _ => return None,
        });
    }
    Some(token)
}

/// The number of characters that encode `c`.
pub(super) fn length(c: char) -> usize {
    match c {
        'z' => 2,
        c if is_kept(c) => 1,
        _ => 5,
    }
}

fn is_kept(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9')
        || (c.is_alphabetic()
            && matches!(c,
                '\u{370}'..='\u{6ff}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}'
                | '\u{3400}'..='\u{4db5}' | '\u{4e00}'..='\u{9fa5}' | '\u{ac00}'..='\u{d7a3}'))
}
