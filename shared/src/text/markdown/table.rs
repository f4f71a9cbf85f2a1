//! Tables (GitHub Flavored Markdown 4.10).
//!
//! Two differences keep all of a message in sight: a row keeps the cells that the header has no column
//! for, and missing cells stay missing. Filling them up would let a message of n bytes grow to n²
//! cells.

use std::ops::Range;

use super::{
    inlines::{Context, parse_inlines},
    line::trim_blanks,
    tree::{Alignment, Kind, Node},
};

/// Parses the header of a table: a line with cells, and the line with as many dashes after it.
pub(super) fn parse_header<'t>(
    source: &'t str,
    header: Range<usize>,
    dashes: Range<usize>,
) -> Option<Node<'t>> {
    let text = &source[dashes.clone()];
    // Most lines have no such signs, and a line without a column is a thematic break.
    if !text.contains('|') || !text.bytes().all(|byte| b"|:- \t".contains(&byte)) {
        return None;
    }
    let cells = split_cells(source, dashes.clone());
    let columns: Option<Vec<_>> = cells.into_iter().map(|cell| alignment(&source[cell])).collect();
    let columns = columns?;
    if split_cells(source, header.clone()).len() != columns.len() {
        return None;
    }
    let mut table = Node::new(header.start..dashes.end, Kind::Table { columns });
    table.children.push(parse_row(source, header));
    Some(table)
}

/// Parses a line as a row.
pub(super) fn parse_row(source: &str, line: Range<usize>) -> Node<'_> {
    let cells = split_cells(source, line.clone()).into_iter().map(|cell| {
        let children = parse_inlines(source, std::slice::from_ref(&cell), Context::Cell);
        Node { range: cell, kind: Kind::Cell, children }
    });
    Node { range: line, kind: Kind::Row, children: cells.collect() }
}

/// The cells of a line, without the blanks around them. Each `|` separates, in code too, unless there
/// is a backslash before it. One at the start and one at the end of the line may be missing.
fn split_cells(source: &str, line: Range<usize>) -> Vec<Range<usize>> {
    let bytes = source.as_bytes();
    let mut cells = Vec::new();
    let mut start = line.start + usize::from(bytes[line.start] == b'|');
    let mut at = start;
    while at < line.end {
        match bytes[at] {
            b'\\' => at += 1,
            b'|' => {
                cells.push(trim_blanks(source, start..at));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if start < line.end || cells.is_empty() {
        cells.push(trim_blanks(source, start..line.end));
    }
    cells
}

fn alignment(dashes: &str) -> Option<Alignment> {
    let inner = dashes.strip_prefix(':').unwrap_or(dashes);
    let inner = inner.strip_suffix(':').unwrap_or(inner);
    let is_valid = !inner.is_empty() && inner.bytes().all(|byte| byte == b'-');
    is_valid.then_some(match (dashes.starts_with(':'), dashes.ends_with(':')) {
        (false, false) => Alignment::Default,
        (true, false) => Alignment::Left,
        (true, true) => Alignment::Center,
        (false, true) => Alignment::Right,
    })
}
