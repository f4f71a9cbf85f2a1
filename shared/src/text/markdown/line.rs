//! A line of the source, read from left to right.

use std::ops::Range;

/// The distance of two tab stops in columns (CommonMark 2.2).
const TAB: usize = 4;

/// The characters that indent and separate. Other whitespace is text.
pub(super) const BLANKS: [char; 2] = [' ', '\t'];

/// A position in a line. Indentation is measured in columns, because a tab advances to the next tab
/// stop. A container can end inside of a tab: the columns after its end then indent what is in it.
pub(super) struct Line<'t> {
    source: &'t str,
    at: usize,
    end: usize,
    /// The column at `at`.
    column: usize,
    /// The columns of the tab before `at` that are not consumed.
    pending: usize,
}

/// The lines of a text, without their ends.
pub(super) fn lines(source: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    source.split_terminator('\n').map(move |text| {
        let at = start;
        start += text.len() + 1;
        let end = at + text.strip_suffix('\r').unwrap_or(text).len();
        Line { source, at, end, column: 0, pending: 0 }
    })
}

impl<'t> Line<'t> {
    /// The rest of the line with its blanks.
    pub fn rest(&self) -> Range<usize> {
        self.at..self.end
    }

    /// The rest of the line without the blanks around it.
    pub fn content(&self) -> Range<usize> {
        trim_blanks(self.source, self.rest())
    }

    /// The text of [`Line::content`].
    pub fn text(&self) -> &'t str {
        &self.source[self.content()]
    }

    pub fn is_blank(&self) -> bool {
        self.content().is_empty()
    }

    /// The number of columns before the content.
    pub fn indent(&self) -> usize {
        let rest = &self.source[self.rest()];
        let blanks = rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\t'));
        let column = blanks.fold(self.column, |column, byte| column + width(byte, column));
        self.pending + column - self.column
    }

    /// Consumes up to `count` columns of indentation.
    pub fn skip_columns(&mut self, mut count: usize) {
        while count > 0 {
            if self.pending == 0 {
                match self.source[self.rest()].bytes().next() {
                    Some(byte @ (b' ' | b'\t')) => {
                        self.pending = width(byte, self.column);
                        self.column += self.pending;
                        self.at += 1;
                    }
                    _ => return,
                }
            }
            let taken = count.min(self.pending);
            self.pending -= taken;
            count -= taken;
        }
    }

    /// Consumes the indentation and a marker of `length` ASCII characters, and returns where the marker
    /// was.
    pub fn skip_marker(&mut self, length: usize) -> Range<usize> {
        self.skip_columns(self.indent());
        let start = self.at;
        self.at += length;
        self.column += length;
        start..self.at
    }
}

/// The range without the blanks at its start and end.
pub(super) fn trim_blanks(source: &str, range: Range<usize>) -> Range<usize> {
    let text = &source[range.clone()];
    let start = range.end - text.trim_start_matches(BLANKS).len();
    start..start + text.trim_matches(BLANKS).len()
}

/// The width of a blank at a column.
fn width(blank: u8, column: usize) -> usize {
    if blank == b'\t' { TAB - column % TAB } else { 1 }
}
