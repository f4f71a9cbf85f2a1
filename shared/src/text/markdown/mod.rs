//! Markdown, as messages have it: a dialect of CommonMark 0.31 with tables, strikethrough and
//! spoilers.
//!
//! | block | source |
//! |---|---|
//! | paragraph | lines up to a blank line; each line end is a line break |
//! | heading | `#` to `######`, a blank, and text |
//! | code | between ` ``` ` or `~~~`, with a language; without an end, up to the end of the text |
//! | quote | `>` before *each* line |
//! | list | `-`, `+`, `*`, `1.` or `1)`; what belongs to an item is indented as far as its text |
//! | table | as in GitHub Flavored Markdown; each `\|` separates cells |
//! | rule | `---` |
//!
//! | inline | source |
//! |---|---|
//! | bold, italic | `**`, `__`; `*`, `_` |
//! | strike, spoiler | `~~`; `\|\|` |
//! | code | between runs of as many backticks |
//! | link | `[text](url)`, `[text](<url> "ignored title")`, `<https://x.test>`, `https://x.test` |
//! | the character itself | `\` before ASCII punctuation |
//!
//! **Not in the dialect**, and so literal text: HTML, entities, images, reference links, indented code,
//! underlined headings. Without indented code, a block may be indented by any number of columns.
//!
//! **Nothing looks empty.** Headings, links and lists need some text, because `#`, `+` and `2.` are
//! messages too.
//!
//! **Links** are `http` and `https` only, and follow the rules of [`links`](super::links). The text of
//! a link may show no other address than the one it opens.
//!
//! **Limits.** Containers (quotes and list items) nest up to [`DEPTH_MAX`] deep, and so do inlines;
//! the markup of deeper ones is literal text. The time to parse a text is linear in its length, and
//! the tree is not larger than a constant times the text.

use self::blocks::parse_blocks;
pub use self::{
    plain::PlainText,
    tree::{Alignment, Kind, Node, TextRun, Tree, Visit},
};

mod blocks;
mod inlines;
mod line;
mod markers;
mod plain;
mod table;
#[cfg(test)]
mod tests;
mod tree;

/// The maximum depth of nested containers in a text, and of nested inlines in a block.
pub const DEPTH_MAX: usize = 6;

/// Parses a text. Every text is valid.
///
/// ```
/// use shared::text::markdown::{Kind, parse};
///
/// let tree = parse("> I *like* it");
/// let paragraph = &tree.blocks[0].children[0];
/// let italic = &paragraph.children[1];
/// assert_eq!((&italic.kind, italic.range.clone()), (&Kind::Italic, 4..10));
/// assert_eq!(italic.children[0].kind, Kind::Text("like"));
/// ```
pub fn parse(source: &str) -> Tree<'_> {
    Tree { source, blocks: parse_blocks(source) }
}
