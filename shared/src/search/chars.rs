//! What counts as what, as far as the grammar needs it.

/// What stands between two parts of a query. Control characters too: no message holds any, and
/// PostgreSQL refuses a text with a NUL.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// The four marks that keyboards put where a quote is typed.
pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„')
}

/// Whether there is anything in a text that could be a search token.
pub(super) fn has_substance(text: &str) -> bool {
    text.chars().any(|c| c.is_alphanumeric() || is_emoji(c))
}

/// Pictures that people put between words: each one is a word of its own.
pub(super) fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{2300}'..='\u{23ff}' | '\u{25a0}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}'
        | '\u{1f000}'..='\u{1faff}')
}
