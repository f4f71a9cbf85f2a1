//! Splits a string into the parts that a search matched and the parts between them.

use std::ops::Range;

/// A part of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    pub text: String,
    /// Whether the search matched it.
    pub is_match: bool,
}

impl Fragment {
    /// A fragment that the search did not match.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_match: false }
    }
}

/// An excerpt of at most `max_bytes` bytes around the first match, with `…` where text is left out.
pub fn excerpt(text: &str, matches: &[Range<usize>], max_bytes: usize) -> Vec<Fragment> {
    let first = matches.first().map_or(0, |range| range.start.saturating_sub(max_bytes / 4));
    let from = if text.len() <= max_bytes { 0 } else { text.floor_char_boundary(first) };
    let to = text.floor_char_boundary((from + max_bytes).min(text.len()));
    let ellipsis = |is_cut: bool| is_cut.then(|| Fragment::plain("…"));
    let mut fragments: Vec<_> = ellipsis(from > 0).into_iter().collect();
    fragments.extend(split(&text[from..to], from, matches));
    fragments.extend(ellipsis(to < text.len()));
    fragments
}

/// Splits a slice of a text at the matches. `offset` is the byte where the slice begins in the text
/// that the matches refer to. A match that does not lie on character boundaries is not marked.
pub fn split(slice: &str, offset: usize, matches: &[Range<usize>]) -> Vec<Fragment> {
    let mut fragments = Vec::new();
    let mut push = |text: &str, is_match| {
        if !text.is_empty() {
            fragments.push(Fragment { text: text.to_owned(), is_match });
        }
    };
    let mut at = 0;
    for range in matches {
        let start = range.start.saturating_sub(offset).max(at);
        let end = range.end.saturating_sub(offset).min(slice.len());
        if let (Some(before), Some(matched)) = (slice.get(at..start), slice.get(start..end)) {
            push(before, false);
            push(matched, true);
            at = end;
        }
    }
    push(&slice[at..], false);
    fragments
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_BYTES: usize = 480;

    fn shown(fragments: &[Fragment]) -> String {
        let show = |fragment: &Fragment| match fragment.is_match {
            true => format!("[{}]", fragment.text),
            false => fragment.text.clone(),
        };
        fragments.iter().map(show).collect()
    }

    #[test]
    fn matches_are_marked_in_place() {
        let text = "Der Fräser fräst";
        assert_eq!(shown(&excerpt(text, &[4..11, 12..18], MAX_BYTES)), "Der [Fräser] [fräst]");
        assert_eq!(shown(&excerpt(text, &[], MAX_BYTES)), text);
        assert_eq!(excerpt("", &[], MAX_BYTES), []);
    }

    #[test]
    fn the_excerpt_of_a_long_text_contains_the_first_match() {
        let text = format!("{}needle{}", "ü".repeat(500), "ö".repeat(500));
        let range = 1_000..1_006;
        let fragments = excerpt(&text, std::slice::from_ref(&range), MAX_BYTES);
        assert!(shown(&fragments).contains("[needle]"));
        let ends = [fragments.first(), fragments.last()];
        assert_eq!(ends, [Some(&Fragment::plain("…")); 2]);
        assert!(shown(&fragments).len() < MAX_BYTES + 20);
    }

    #[test]
    fn a_match_continues_in_the_next_slice() {
        let text = "see https://a.test now";
        let matches = [0..1, 2..7, 15..22];
        let slices = [(0, "see "), (4, "https://a.test"), (18, " now")];
        let parts = slices.map(|(offset, slice)| shown(&split(slice, offset, &matches)));
        assert_eq!(parts, ["[s]e[e ]", "[htt]ps://a.t[est]", "[ now]"]);
        assert_eq!(parts.concat().replace(['[', ']'], ""), text);
    }

    #[test]
    fn an_invalid_range_is_not_marked_and_loses_no_text() {
        let text = "Fräse";
        for (from, to) in [(0, 9), (3, 4), (2, 3), (4, 2)] {
            let matches = [0..1, from..to];
            let fragments = excerpt(text, &matches, MAX_BYTES);
            let joined: String = fragments.into_iter().map(|part| part.text).collect();
            assert_eq!(joined, text, "{matches:?}");
        }
    }
}
