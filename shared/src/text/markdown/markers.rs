//! The markup at the start of a line that opens a block.

use super::line::{BLANKS, Line};

/// The maximum number of digits of an ordered list's number (CommonMark 5.2).
const DIGITS_MAX: usize = 9;

/// The marker of a list item: `-`, `+`, `*`, or a number with `.` or `)` (CommonMark 5.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct ListMarker {
    /// The last character. Items with different characters belong to different lists.
    pub sign: u8,
    /// The number of an ordered item.
    pub number: Option<u32>,
    /// The length in bytes.
    pub length: usize,
    /// Whether nothing follows on the line.
    pub is_empty: bool,
}

/// Parses the marker at the start of `text`.
pub(super) fn list_marker(text: &str) -> Option<ListMarker> {
    let digits = text.bytes().take(DIGITS_MAX).take_while(u8::is_ascii_digit).count();
    let sign = *text.as_bytes().get(digits)?;
    let is_marker = match digits {
        0 => matches!(sign, b'-' | b'+' | b'*'),
        _ => matches!(sign, b'.' | b')'),
    };
    let after = &text[digits..].get(1..).filter(|_| is_marker)?;
    (after.is_empty() || after.starts_with(BLANKS)).then(|| ListMarker {
        sign,
        number: text[..digits].parse().ok(),
        length: digits + 1,
        is_empty: after.is_empty(),
    })
}

/// Whether a line is a thematic break: three or more of `-`, `*` or `_`, and blanks (CommonMark 4.1).
pub(super) fn is_rule(text: &str) -> bool {
    let Some(sign @ ('-' | '*' | '_')) = text.chars().next() else { return false };
    text.trim_matches(|c| c == sign || BLANKS.contains(&c)).is_empty()
        && text.matches(sign).count() >= 3
}

/// The level of an ATX heading, and where its text is in `text` (CommonMark 4.2). A heading without
/// text is none, because a message of nothing but `#` would look empty.
pub(super) fn heading(text: &str) -> Option<(u8, std::ops::Range<usize>)> {
    let level = text.bytes().take_while(|&byte| byte == b'#').count();
    let after = &text[level..];
    if !(1..=6).contains(&level) || !after.starts_with(BLANKS) {
        return None;
    }
    let without_closing = match after.trim_end_matches('#') {
        open if open.ends_with(BLANKS) => open,
        _ => after,
    };
    let title = without_closing.trim_matches(BLANKS);
    let start = text.len() - after.trim_start_matches(BLANKS).len();
    (!title.is_empty()).then(|| (level as u8, start..start + title.len()))
}

/// A code fence (CommonMark 4.5).
#[derive(Clone, Copy, Debug)]
pub(super) struct Fence {
    sign: u8,
    length: usize,
    /// The columns before the fence, which the lines of the code may have too.
    pub indent: usize,
}

impl Fence {
    /// Parses a fence that opens code. Its language is the first word after it.
    pub fn open<'t>(line: &Line<'t>) -> Option<(Self, &'t str)> {
        let text = line.text();
        let sign = text.bytes().next().filter(|sign| matches!(sign, b'`' | b'~'))?;
        let length = text.bytes().take_while(|&byte| byte == sign).count();
        let info = text[length..].trim_start_matches(BLANKS);
        // Otherwise ```code``` on one line would open a block.
        let is_fence = length >= 3 && !(sign == b'`' && info.contains('`'));
        let language = info.split(BLANKS).next().unwrap_or_default();
        is_fence.then(|| (Self { sign, length, indent: line.indent() }, language))
    }

    /// Whether a line is the end of the code.
    pub fn closes(&self, line: &Line<'_>) -> bool {
        let text = line.text();
        line.indent() < 4 && text.len() >= self.length && text.bytes().all(|byte| byte == self.sign)
    }
}
