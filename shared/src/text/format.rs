//! The format of a message, and its text as that format reads it.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use serde::{Deserialize, Serialize};

use super::{
    has_code, links,
    links::find_links,
    markdown::{self, PlainText, Tree, Visit},
    mentionable::Mentionable,
    mentions::find_typed,
    parse_permalink,
};
use crate::ids::{RoomId, Seq};

/// How the text of a message is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Plain text with links and mentions.
    #[default]
    Text,
    /// Markdown.
    Markdown,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Text, Self::Markdown];

    /// Whether this is the format of most stored messages, which need not be written.
    pub fn is_text(&self) -> bool {
        *self == Self::Text
    }
}

/// A text and its format. Its functions parse the text only if it contains a character of what they look
/// for, because most texts do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormattedText<'t> {
    /// How the text is written.
    pub format: Format,
    /// The text.
    pub content: &'t str,
}

impl<'t> FormattedText<'t> {
    /// A text in a format.
    pub fn new(format: Format, content: &'t str) -> Self {
        Self { format, content }
    }

    /// The tree, if the text is Markdown and contains one of these characters.
    fn tree_if_contains(self, signs: &[char]) -> Option<Tree<'t>> {
        let is_needed = self.format == Format::Markdown && self.content.contains(signs);
        is_needed.then(|| markdown::parse(self.content))
    }

    /// Whether the text links to an address.
    pub fn has_link(self) -> bool {
        match self.format {
            Format::Text => links(self.content).next().is_some(),
            Format::Markdown => {
                self.tree_if_contains(&[':']).is_some_and(|tree| tree.links().next().is_some())
            }
        }
    }

    /// Whether the text contains code.
    pub fn has_code(self) -> bool {
        match self.format {
            Format::Text => has_code(self.content),
            Format::Markdown => {
                self.tree_if_contains(&['`', '~']).is_some_and(|tree| tree.has_code())
            }
        }
    }

    /// All names that the text may mention, as [`crate::rules::name_key`]. Which of them exist decides which ones
    /// it does mention: see [`FormattedText::mentions`].
    pub fn mention_keys(self) -> BTreeSet<String> {
        self.mentionable().map(|text| text.keys()).unwrap_or_default()
    }

    /// The names that the text mentions, as [`crate::rules::name_key`], in the order of the text: after each `@`
    /// the longest name that `exists`. At most [`crate::rules::MENTIONS_MAX`].
    pub fn mentions(self, exists: impl Fn(&str) -> bool) -> Vec<String> {
        let found = self.mentionable().map(|text| text.resolve(exists)).unwrap_or_default();
        found.into_iter().map(|(key, _)| key).collect()
    }

    /// The name that ends at `cursor`, a byte position, while it is being typed: the position of its `@`, and
    /// the name so far. `None` in links and code.
    pub fn typed_name(self, cursor: usize) -> Option<(usize, &'t str)> {
        find_typed(&self.content[..cursor]).filter(|(at, _)| !self.is_verbatim(*at))
    }

    /// The shortcode of an emoji that ends at `cursor` while it is being typed, as `:tada`: the position of its
    /// colon, and what follows, at least two characters, with the colon at its end if it is complete. `None` in
    /// links and code.
    pub fn typed_shortcode(self, cursor: usize) -> Option<(usize, &'t str)> {
        find_shortcode(&self.content[..cursor]).filter(|(at, _)| !self.is_verbatim(*at))
    }

    /// Whether a position is in a link or in code, which may not be complete.
    fn is_verbatim(self, at: usize) -> bool {
        let line = self.content[..at].rsplit('\n').next().unwrap_or_default();
        let is_code_open = line.matches('`').count() % 2 == 1;
        match self.format {
            Format::Markdown if is_code_open => true,
            Format::Text => find_links(self.content).iter().any(|link| link.contains(&at)),
            Format::Markdown => self.tree_if_contains(&[':', '`', '~']).is_some_and(|tree| {
                tree.walk().any(|visit| match visit {
                    Visit::Enter(node) => node.kind.is_verbatim() && node.range.contains(&at),
                    Visit::Leave(_) => false,
                })
            }),
        }
    }

    /// The text without links and code, in which mentions are found; `None` if it has no `@`.
    pub(super) fn mentionable(self) -> Option<Mentionable<'t>> {
        if !self.content.contains(['@', '＠']) {
            return None;
        }
        Some(match self.format {
            Format::Text => Mentionable::of_text(self.content),
            Format::Markdown => Mentionable::of_tree(&markdown::parse(self.content)),
        })
    }

    /// The messages of the server at `origin` that the text links to, each once.
    pub fn permalinks(self, origin: &str) -> Vec<(RoomId, Seq)> {
        let found = |link: &str| parse_permalink(link, origin);
        let mut messages: Vec<_> = match self.format {
            Format::Text => links(self.content).filter_map(found).collect(),
            Format::Markdown => {
                let tree = self.tree_if_contains(&[':']);
                tree.map(|tree| tree.links().filter_map(found).collect()).unwrap_or_default()
            }
        };
        let mut seen = Vec::new();
        messages.retain(|message| {
            let is_new = !seen.contains(message);
            seen.push(*message);
            is_new
        });
        messages
    }

    /// The text without markup, for previews and notifications. A text of nothing but markup, such as a
    /// line, is shown as it is.
    pub fn plain(self) -> Cow<'t, str> {
        self.plain_with(&[]).0
    }

    /// The text without markup, and where ranges of the text are in it. A range can be in several parts,
    /// or hidden.
    pub fn plain_with(self, ranges: &[Range<usize>]) -> (Cow<'t, str>, Vec<Range<usize>>) {
        if self.format == Format::Markdown {
            let plain = PlainText::of(&markdown::parse(self.content));
            if !plain.text.is_empty() {
                let ranges = ranges.iter().flat_map(|range| plain.map_range(range)).collect();
                return (plain.text.into(), ranges);
            }
        }
        (self.content.into(), ranges.to_vec())
    }
}

/// The shortcode at the end of a text: see [`FormattedText::typed_shortcode`]. A time (`10:30`) and a smiley
/// (`:-D`) are none.
fn find_shortcode(before: &str) -> Option<(usize, &str)> {
    let name_end = before.strip_suffix(':').unwrap_or(before);
    let at = name_end.rfind(':')?;
    let name = &name_end[at + 1..];
    let mut characters = name.chars();
    let (first, second) = (characters.next()?, characters.next()?);
    let is_name = first.is_alphanumeric() || matches!(first, '+' | '-') && second.is_numeric();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '+' | '-');
    let follows_word = before[..at].ends_with(|c: char| c.is_alphanumeric() || c == ':');
    let is_shortcode = is_name && name.chars().all(is_part) && !follows_word;
    is_shortcode.then(|| (at, &before[at + 1..]))
}
