//! The character classes of the query language.

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
    text.chars().any(|c| c.is_alphanumeric() || is_emoji(c))
}

/// Whether `c` is an emoji. Each emoji is a word of its own.
pub(super) fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{2300}'..='\u{23ff}' | '\u{25a0}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}'
        | '\u{1f000}'..='\u{1faff}')
}
