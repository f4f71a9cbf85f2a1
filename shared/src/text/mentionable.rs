//! The part of a text that may mention somebody.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use super::{
    links::find_links,
    markdown::{Kind, Node, Tree, Visit},
    mentions::find_candidates,
};

/// A text as its reader sees it. A name may continue behind markup: `@ann *lee*`.
pub(super) struct Mentionable<'t> {
    text: Cow<'t, str>,
    /// The ranges of `text` that mention nobody, in order: links and code.
    verbatim: Vec<Range<usize>>,
    /// The parts of `text`: where each begins, and its range in the source. Empty if `text` is the source.
    runs: Vec<(usize, Range<usize>)>,
}

impl<'t> Mentionable<'t> {
    pub fn of_text(content: &'t str) -> Self {
        Self { text: content.into(), verbatim: find_links(content), runs: Vec::new() }
    }

    pub fn of_tree(tree: &Tree<'_>) -> Self {
        let (mut text, mut verbatim, mut runs) = (String::new(), Vec::new(), Vec::new());
        let mut verbatim_depth = 0_usize;
        for visit in tree.walk() {
            match visit {
                Visit::Enter(node) if node.kind.is_verbatim() => {
                    if verbatim_depth == 0 {
                        verbatim.push(text.len()..text.len());
                    }
                    verbatim_depth += 1;
                }
                Visit::Enter(Node { range, kind: Kind::Text(run), .. }) => {
                    // `\@ann` shows the name and mentions nobody.
                    let is_escaped =
                        run.starts_with('@') && tree.source[..range.start].ends_with('\\');
                    if is_escaped && verbatim_depth == 0 {
                        verbatim.push(text.len()..text.len() + 1);
                    }
                    runs.push((text.len(), range.clone()));
                    text.push_str(run);
                }
                // A name ends with its line.
                Visit::Enter(Node { kind: Kind::LineBreak, .. }) => text.push('\n'),
                Visit::Leave(node) if node.kind.is_verbatim() => {
                    verbatim_depth -= 1;
                    if let Some(range) = verbatim.last_mut().filter(|_| verbatim_depth == 0) {
                        range.end = text.len();
                    }
                    text.push_str(if node.kind.ends_line() { "\n" } else { "" });
                }
                Visit::Leave(node) if node.kind.ends_line() => text.push('\n'),
                Visit::Leave(Node { kind: Kind::Cell, .. }) => text.push('\n'),
                _ => {}
            }
        }
        Self { text: text.into(), verbatim, runs }
    }

    /// All names that the text may mention.
    pub fn keys(&self) -> BTreeSet<String> {
        let candidates = find_candidates(&self.text, &self.verbatim);
        candidates.iter().flat_map(|candidate| candidate.keys()).map(|(key, _)| key).collect()
    }

    /// The mentions: the key of each name, and its range in `text` with the `@`.
    pub fn resolve(&self, exists: impl Fn(&str) -> bool) -> Vec<(String, Range<usize>)> {
        let mut mentions: Vec<(String, Range<usize>)> = Vec::new();
        for candidate in find_candidates(&self.text, &self.verbatim) {
            let end = mentions.last().map_or(0, |(_, range)| range.end);
            let found = candidate.keys().find(|(key, range)| range.start >= end && exists(key));
            mentions.extend(found);
        }
        mentions
    }

    /// The parts of the source that are at a range of `text`, in order.
    pub fn source_ranges(&self, range: Range<usize>) -> Vec<Range<usize>> {
        if self.runs.is_empty() {
            return vec![range];
        }
        let is_before = |(at, run): &(usize, Range<usize>)| at + run.len() <= range.start;
        let first = self.runs.partition_point(is_before);
        let runs = self.runs[first..].iter().take_while(|(at, _)| *at < range.end);
        let in_source = |(at, run): &(usize, Range<usize>)| {
            let start = range.start.max(*at) - at;
            let end = range.end.min(at + run.len()) - at;
            run.start + start..run.start + end
        };
        runs.map(in_source).collect()
    }
}
