//! A found text cut into what was looked for and what stands around it.

use std::ops::Range;

/// Bytes of a text that are shown before the first mark.
const BEFORE: usize = 120;
/// Bytes of a text that are shown at most.
const MOST: usize = 480;

/// A part of a text, and whether it was looked for.
pub type Part = (String, bool);

/// The parts of an excerpt around the first mark. Where something is left out stands `…`. Ranges
/// that do not fit the text are not marked.
pub fn excerpt(text: &str, ranges: &[Range<usize>]) -> Vec<Part> {
    let first = ranges.first().map_or(0, |range| range.start.saturating_sub(BEFORE));
    let from = if text.len() <= MOST { 0 } else { floor(text, first) };
    let to = floor(text, (from + MOST).min(text.len()));
    let mut parts = Vec::new();
    let mut push = |part: &str, is_mark| {
        if !part.is_empty() {
            parts.push((part.to_owned(), is_mark));
        }
    };
    if from > 0 {
        push("…", false);
    }
    let mut at = from;
    for range in ranges.iter().filter(|range| range.start >= from && range.end <= to) {
        if range.start < at {
            continue;
        }
        let (Some(before), Some(mark)) = (text.get(at..range.start), text.get(range.clone()))
        else {
            continue;
        };
        push(before, false);
        push(mark, true);
        at = range.end;
    }
    push(&text[at..to], false);
    if to < text.len() {
        push("…", false);
    }
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

    fn shown(parts: &[Part]) -> String {
        let show =
            |(text, is_mark): &Part| if *is_mark { format!("[{text}]") } else { text.clone() };
        parts.iter().map(show).collect()
    }

    #[test]
    fn marks_stand_where_they_are() {
        let text = "Der Fräser fräst";
        assert_eq!(shown(&excerpt(text, &[4..11, 12..18])), "Der [Fräser] [fräst]");
        assert_eq!(shown(&excerpt(text, &[])), text);
        assert_eq!(excerpt("", &[]), []);
    }

    #[test]
    fn a_long_text_is_shown_around_the_first_mark() {
        let text = format!("{}needle{}", "ü".repeat(500), "ö".repeat(500));
        let mark = 1_000..1_006;
        let parts = excerpt(&text, std::slice::from_ref(&mark));
        assert!(shown(&parts).contains("[needle]"));
        assert_eq!((&*parts[0].0, &*parts[parts.len() - 1].0), ("…", "…"));
        assert!(shown(&parts).len() < MOST + 20);
    }

    #[test]
    fn what_does_not_fit_is_not_marked() {
        let text = "Fräse";
        for (from, to) in [(0, 9), (3, 4), (2, 3), (4, 2)] {
            let ranges = [0..1, from..to];
            let joined: String = excerpt(text, &ranges).into_iter().map(|(part, _)| part).collect();
            assert_eq!(joined, text, "{ranges:?}");
        }
    }
}
