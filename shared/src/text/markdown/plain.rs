//! Texts without markup.

use std::ops::Range;

use super::tree::{Kind, Node, Tree, Visit};

/// The placeholder of a spoiler in a plain text. Its length is fixed, because the length of a spoiler can
/// give it away.
const HIDDEN: &str = "▒▒▒";

/// A text without markup, for previews and notifications: blocks on lines of their own, and `▒▒▒` for each
/// spoiler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlainText {
    /// The text.
    pub text: String,
    /// The parts that are in the source too: where each begins in `text`, and its range in the source.
    runs: Vec<(usize, Range<usize>)>,
}

impl Tree<'_> {
    /// The text without markup, for previews and notifications: blocks on lines of their own, and `▒▒▒`
    /// for each spoiler.
    ///
    /// ```
    /// let tree = shared::text::markdown::parse("# News\n- **Anna** [dies](https://x.test)\n- by ||Bob||");
    /// assert_eq!(tree.plain(), "News\nAnna dies\nby ▒▒▒");
    /// ```
    pub fn plain(&self) -> String {
        PlainText::of(self).text
    }
}

impl PlainText {
    /// The plain text of a tree.
    pub fn of(tree: &Tree<'_>) -> Self {
        let mut plain = Self::default();
        let mut spoilers = 0_usize;
        for visit in tree.walk() {
            match visit {
                Visit::Enter(Node { kind: Kind::Spoiler, .. }) => {
                    plain.text.push_str(if spoilers == 0 { HIDDEN } else { "" });
                    spoilers += 1;
                }
                Visit::Leave(Node { kind: Kind::Spoiler, .. }) => spoilers -= 1,
                Visit::Enter(Node { range, kind: Kind::Text(text), .. }) if spoilers == 0 => {
                    plain.runs.push((plain.text.len(), range.clone()));
                    plain.text.push_str(text);
                }
                Visit::Enter(Node { kind: Kind::LineBreak, .. }) if spoilers == 0 => {
                    plain.text.push('\n');
                }
                Visit::Leave(Node { kind: Kind::Cell, .. }) => plain.text.push(' '),
                Visit::Leave(node) if node.kind.ends_line() => {
                    plain.trim_end();
                    plain.text.push_str(if plain.text.is_empty() { "" } else { "\n" });
                }
                _ => {}
            }
        }
        plain.trim_end();
        plain
    }

    fn trim_end(&mut self) {
        let end = self.text.trim_end().len();
        self.text.truncate(end);
        while self.runs.pop_if(|(at, _)| *at >= end).is_some() {}
        if let Some((at, run)) = self.runs.last_mut() {
            run.end = run.end.min(run.start + end - *at);
        }
    }

    /// The parts of the text that are at a range of the source, in order. What markup or a spoiler is
    /// between is not in them.
    pub fn map_range(&self, range: &Range<usize>) -> Vec<Range<usize>> {
        let first = self.runs.partition_point(|(_, run)| run.end <= range.start);
        let runs = self.runs[first..].iter().take_while(|(_, run)| run.start < range.end);
        let in_text = |(at, run): &(usize, Range<usize>)| {
            let start = range.start.max(run.start) - run.start;
            let end = range.end.min(run.end) - run.start;
            at + start..at + end
        };
        runs.map(in_text).collect()
    }
}
