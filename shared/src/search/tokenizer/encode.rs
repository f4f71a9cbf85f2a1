//! Tokens as every engine keeps them whole.

/// Longer than what MariaDB leaves out as too short (3 with a token of one), unlike any stop word,
/// and a letter in front, so that PostgreSQL takes no token for a number.
const PREFIX: &str = "zq";

/// A token in letters and digits: `zq`, then each character. Small Latin letters and digits stand
/// for themselves (`z` is `zz`), and so do letters that every engine has long known; any other
/// character is `z` and its number in four digits of base 36. At most 82 characters, which every
/// engine takes for one word (FTS5 with `tokenize = 'ascii'`, tsvector `simple`, FULLTEXT with a
/// `_bin` collation).
///
/// What a token begins with stays what it begins with, so a prefix is searched as
/// `encode(prefix)` and the engine's star.
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

/// Writes a token behind what is there.
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

/// The token that was encoded, or nothing if none was.
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

/// How many characters it takes to encode one.
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
