//! The destination of a link, after its text: `(url)`, `(<url>)`, `(url "title")` (CommonMark 6.3).

use crate::text::links::is_address;

/// The maximum depth of parentheses in a URL without `<>`. It bounds what is read for one link.
const PARENTHESES_MAX: usize = 8;

const BLANKS: [char; 3] = [' ', '\t', '\n'];

/// The URL at the start of a text, if it may be opened, and the length of it with its markup.
pub(super) fn parse(text: &str) -> Option<(String, usize)> {
    let inner = text.strip_prefix('(')?.trim_start_matches(BLANKS);
    let (url, after) = match inner.strip_prefix('<') {
        Some(inner) => {
            let end = find_unescaped(inner, |c| matches!(c, '<' | '>' | '\n'))?;
            (&inner[..end], inner[end..].strip_prefix('>')?)
        }
        None => inner.split_at(bare_length(inner)),
    };
    let url = unescape(url);
    if !is_address(&url) {
        return None;
    }
    let mut rest = after.trim_start_matches(BLANKS);
    if rest.len() < after.len()
        && let Some(after_title) = skip_title(rest)
    {
        rest = after_title.trim_start_matches(BLANKS);
    }
    Some((url, text.len() - rest.strip_prefix(')')?.len()))
}

/// The length of a URL without `<>`, which ends at a blank or a parenthesis that it did not open.
fn bare_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let end = find_unescaped(text, |c| {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return true,
            ')' => depth -= 1,
            _ => {}
        }
        depth > PARENTHESES_MAX || c.is_ascii_whitespace() || c.is_ascii_control()
    });
    end.unwrap_or(text.len())
}

/// The text after the title at its start.
fn skip_title(text: &str) -> Option<&str> {
    let closing = match text.chars().next()? {
        '(' => ')',
        quote @ ('"' | '\'') => quote,
        _ => return None,
    };
    let title = &text[1..];
    let end = find_unescaped(title, |c| c == closing || (closing == ')' && c == '('))?;
    title[end..].strip_prefix(closing)
}

/// The position of the first character that has no backslash before it and is one of those.
fn find_unescaped(text: &str, mut is_end: impl FnMut(char) -> bool) -> Option<usize> {
    let mut is_escaped = false;
    text.find(|c: char| {
        if is_escaped && c.is_ascii_punctuation() {
            is_escaped = false;
            return false;
        }
        is_escaped = c == '\\';
        is_end(c)
    })
}

/// The text without the backslashes that escape.
fn unescape(text: &str) -> String {
    let mut characters = text.chars().peekable();
    let mut unescaped = String::with_capacity(text.len());
    while let Some(c) = characters.next() {
        let escaped = characters.next_if(|next| c == '\\' && next.is_ascii_punctuation());
        unescaped.push(escaped.unwrap_or(c));
    }
    unescaped
}
