//! Splits a part of a text at the mentions of the reader.

use std::ops::Range;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The bytes of the text.
    pub range: Range<usize>,
    /// Whether it is a mention of the reader.
    pub is_mention: bool,
}

/// Splits a range of a text at the mentions, which are in order and disjoint.
pub fn pieces(range: Range<usize>, mentions: &[Range<usize>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut push = |range: Range<usize>, is_mention| {
        if !range.is_empty() {
            pieces.push(Piece { range, is_mention });
        }
    };
    let mut at = range.start;
    let first = mentions.partition_point(|mention| mention.end <= range.start);
    for mention in mentions[first..].iter().take_while(|mention| mention.start < range.end) {
        let start = mention.start.max(at);
        push(at..start, false);
        at = mention.end.min(range.end);
        push(start..at, true);
    }
    push(at..range.end, false);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_split_at_the_mentions_in_it() {
        let split = |range: Range<usize>| {
            let mentions = [2..5, 8..12, 14..16];
            let pieces = pieces(range, &mentions).into_iter();
            pieces.map(|piece| (piece.range, piece.is_mention)).collect::<Vec<_>>()
        };
        assert_eq!(split(0..6), [(0..2, false), (2..5, true), (5..6, false)]);
        assert_eq!(split(9..15), [(9..12, true), (12..14, false), (14..15, true)]);
        assert_eq!(split(2..5), [(2..5, true)]);
        assert_eq!(split(5..8), [(5..8, false)]);
        assert_eq!(split(16..20), [(16..20, false)]);
        assert_eq!(split(7..7), []);
    }
}
