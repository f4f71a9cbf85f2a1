//! The character classes of the query language.

use crate::unicode::is_symbol;

/// Whether `c` separates the elements of a query. Control characters do too, because no message
/// contains any and PostgreSQL rejects a string with a NUL.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// Whether `c` is one of the quotes that keyboards produce.
pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„')
}

/// Whether a string contains a character that can be part of a search token.
pub(super) fn is_searchable(text: &str) -> bool {
    text.chars().any(|c| c.is_alphanumeric() || is_sign(c))
}

/// Whether `c` is a word of its own: an emoji, or a symbol outside of ASCII (`€`, `™`, `↩`, `≤`).
/// ASCII has only the symbols of programming languages, which separate words there.
pub(super) fn is_sign(c: char) -> bool {
    is_emoji(c) || (!c.is_ascii() && !is_skin_tone(c) && is_symbol(c))
}

/// Whether `c` changes the colour of the emoji before it.
pub(super) fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// The blocks of emoji, which include those that are newer than the tables of the server.
fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{2300}'..='\u{23ff}' | '\u{25a0}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}'
        | '\u{1f000}'..='\u{1faff}')
}
