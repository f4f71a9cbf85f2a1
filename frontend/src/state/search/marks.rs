//! A found text cut into what was looked for and what stands around it.

use std::ops::Range;

/// A part of a text, and whether it was looked for.
pub type Part = (String, bool);

/// The parts of an excerpt of so many bytes around the first mark. Where something is left out
/// stands `…`.
pub fn excerpt(text: &str, ranges: &[Range<usize>], most: usize) -> Vec<Part> {
    let first = ranges.first().map_or(0, |range| range.start.saturating_sub(most / 4));
    let from = if text.len() <= most { 0 } else { floor(text, first) };
    let to = floor(text, (from + most).min(text.len()));
    let dots = |is_cut: bool| is_cut.then(|| ("…".to_owned(), false));
    let mut parts: Vec<_> = dots(from > 0).into_iter().collect();
    parts.extend(marked(&text[from..to], from, ranges));
    parts.extend(dots(to < text.len()));
    parts
}

/// The parts of a piece that begins at a byte of the text that the ranges are of. What is no range
/// of characters is not marked.
pub fn marked(piece: &str, from: usize, ranges: &[Range<usize>]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut push = |part: &str, is_mark| {
        if !part.is_empty() {
            parts.push((part.to_owned(), is_mark));
        }
    };
    let mut at = 0;
    for range in ranges {
        let start = range.start.saturating_sub(from).max(at);
        let end = range.end.saturating_sub(from).min(piece.len());
        if let (Some(before), Some(mark)) = (piece.get(at..start), piece.get(start..end)) {
            push(before, false);
            push(mark, true);
            at = end;
        }
    }
    push(&piece[at..], false);
    parts
}

/// The next smaller place where a character begins.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 480;

    fn shown(parts: &[Part]) -> String {
        let show =
            |(text, is_mark): &Part| if *is_mark { format!("[{text}]") } else { text.clone() };
        parts.iter().map(show).collect()
    }

    #[test]
    fn marks_stand_where_they_are() {
        let text = "Der Fräser fräst";
        assert_eq!(shown(&excerpt(text, &[4..11, 12..18], MOST)), "Der [Fräser] [fräst]");
        assert_eq!(shown(&excerpt(text, &[], MOST)), text);
        assert_eq!(excerpt("", &[], MOST), []);
    }

    #[test]
    fn a_long_text_is_shown_around_the_first_mark() {
        let text = format!("{}needle{}", "ü".repeat(500), "ö".repeat(500));
        let mark = 1_000..1_006;
        let parts = excerpt(&text, std::slice::from_ref(&mark), MOST);
        assert!(shown(&parts).contains("[needle]"));
        assert_eq!((&*parts[0].0, &*parts[parts.len() - 1].0), ("…", "…"));
        assert!(shown(&parts).len() < MOST + 20);
    }

    #[test]
    fn a_mark_goes_on_in_the_next_piece() {
        let text = "see https://a.test now";
        let ranges = [0..1, 2..7, 15..22];
        let pieces = [(0, "see "), (4, "https://a.test"), (18, " now")];
        let parts = pieces.map(|(from, piece)| shown(&marked(piece, from, &ranges)));
        assert_eq!(parts, ["[s]e[e ]", "[htt]ps://a.t[est]", "[ now]"]);
        assert_eq!(parts.concat().replace(['[', ']'], ""), text);
    }

    #[test]
    fn what_does_not_fit_is_not_marked() {
        let text = "Fräse";
        for (from, to) in [(0, 9), (3, 4), (2, 3), (4, 2)] {
            let ranges = [0..1, from..to];
            let joined: String =
                excerpt(text, &ranges, MOST).into_iter().map(|(part, _)| part).collect();
            assert_eq!(joined, text, "{ranges:?}");
        }
    }
}
