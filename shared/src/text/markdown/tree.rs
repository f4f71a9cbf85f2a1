//! The tree of a text, and the ways to read it.

use std::ops::Range;

/// A parsed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree<'t> {
    /// The text that was parsed; all ranges are byte ranges of it.
    pub source: &'t str,
    /// The blocks, in the order of the source.
    pub blocks: Vec<Node<'t>>,
}

/// A block or an inline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node<'t> {
    /// The bytes of the source that the node was made from, with its markup. It is within the range
    /// of the parent and after the ranges of the siblings before.
    pub range: Range<usize>,
    /// The kind of the node.
    pub kind: Kind<'t>,
    /// The nodes that it contains, in the order of the source.
    pub children: Vec<Node<'t>>,
}

/// The kinds of nodes. Each says which children it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind<'t> {
    /// A block of inlines.
    Paragraph,
    /// A block of inlines.
    Heading {
        /// 1 to 6.
        level: u8,
    },
    /// A block of blocks.
    Quote,
    /// A block of [`Kind::Item`]s.
    List {
        /// The number of the first item of an ordered list.
        start: Option<u32>,
    },
    /// An item of a list: blocks, or nothing.
    Item,
    /// A block of [`Kind::Text`]s, which contain the line ends. Code has more than one text where the
    /// source has markup between the lines, as in a quote.
    CodeBlock {
        /// The first word after the fence; often empty.
        language: &'t str,
    },
    /// A block of [`Kind::Row`]s. The first is the header.
    Table {
        /// The alignments of the columns. A row can have more or fewer cells.
        columns: Vec<Alignment>,
    },
    /// A row of [`Kind::Cell`]s.
    Row,
    /// A cell of inlines.
    Cell,
    /// A block without children: a horizontal line.
    Rule,

    /// Text, which is the source at the range of the node: never empty, no children.
    Text(&'t str),
    /// The end of a line; no children. Its range is all that is between the two lines.
    LineBreak,
    /// [`Kind::Text`]s and [`Kind::LineBreak`]s.
    Code,
    /// An inline of inlines.
    Bold,
    /// An inline of inlines.
    Italic,
    /// An inline of inlines.
    Strike,
    /// An inline of inlines, hidden until the reader asks for it.
    Spoiler,
    /// An inline of inlines other than links. They show no other address than `url`.
    Link {
        /// An `http` or `https` URL without whitespace and invisible characters.
        url: String,
    },
}

/// The alignment of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// `---`: as the text's direction has it.
    Default,
    /// `:--`
    Left,
    /// `:-:`
    Center,
    /// `--:`
    Right,
}

/// A step of [`Tree::walk`].
#[derive(Clone, Copy, Debug)]
pub enum Visit<'a, 't> {
    /// Before the children of the node.
    Enter(&'a Node<'t>),
    /// After the children of the node.
    Leave(&'a Node<'t>),
}

/// A text node with its surroundings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRun<'t> {
    /// The bytes of the source.
    pub range: Range<usize>,
    /// The source at the range.
    pub text: &'t str,
    /// Whether the text is in code or in a link, where an `@` mentions nobody.
    pub is_verbatim: bool,
}

impl<'t> Node<'t> {
    /// A node without children.
    pub(super) fn new(range: Range<usize>, kind: Kind<'t>) -> Self {
        Self { range, kind, children: Vec::new() }
    }

    /// Adds the text at a range to its siblings. Texts without markup between them become one.
    pub(super) fn push_text(siblings: &mut Vec<Self>, source: &'t str, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        match siblings.last_mut() {
            Some(Self { range: last, kind: Kind::Text(text), .. }) if last.end == range.start => {
                last.end = range.end;
                *text = &source[last.clone()];
            }
            _ => siblings.push(Self::new(range.clone(), Kind::Text(&source[range]))),
        }
    }
}

impl<'t> Tree<'t> {
    /// Visits all nodes in the order of the source.
    pub fn walk<'a>(&'a self) -> impl Iterator<Item = Visit<'a, 't>> {
        let mut open = Vec::new();
        let mut siblings = self.blocks.iter();
        std::iter::from_fn(move || match siblings.next() {
            Some(node) => {
                let parent = std::mem::replace(&mut siblings, node.children.iter());
                open.push((node, parent));
                Some(Visit::Enter(node))
            }
            None => {
                let (node, parent) = open.pop()?;
                siblings = parent;
                Some(Visit::Leave(node))
            }
        })
    }

    /// The texts in the order of the source: what is left of the source without markup.
    ///
    /// ```
    /// let tree = shared::text::markdown::parse("Hi *@ada*, see `@bob`");
    /// let texts = tree.texts().filter(|run| !run.is_verbatim).map(|run| (run.range, run.text));
    /// assert_eq!(texts.collect::<Vec<_>>(), [(0..3, "Hi "), (4..8, "@ada"), (9..15, ", see ")]);
    /// ```
    pub fn texts(&self) -> impl Iterator<Item = TextRun<'t>> {
        let mut verbatim_depth = 0_usize;
        self.walk().filter_map(move |visit| match visit {
            Visit::Enter(Node { range, kind: Kind::Text(text), .. }) => {
                Some(TextRun { range: range.clone(), text, is_verbatim: verbatim_depth > 0 })
            }
            Visit::Enter(node) => {
                verbatim_depth += usize::from(node.kind.is_verbatim());
                None
            }
            Visit::Leave(node) => {
                verbatim_depth -= usize::from(node.kind.is_verbatim());
                None
            }
        })
    }

    /// The addresses that the text links to, as [`links`](crate::text::links) has them for plain text.
    pub fn links(&self) -> impl Iterator<Item = &str> {
        self.walk().filter_map(|visit| match visit {
            Visit::Enter(Node { kind: Kind::Link { url }, .. }) => Some(url.as_str()),
            _ => None,
        })
    }

    /// Whether the text contains code that is not blank, as [`has_code`](crate::text::has_code) has it
    /// for plain text.
    pub fn has_code(&self) -> bool {
        self.walk().any(|visit| match visit {
            Visit::Enter(node) if node.kind.is_code() => node
                .children
                .iter()
                .any(|child| matches!(child.kind, Kind::Text(text) if !text.trim().is_empty())),
            _ => false,
        })
    }
}

impl Kind<'_> {
    fn is_code(&self) -> bool {
        matches!(self, Self::Code | Self::CodeBlock { .. })
    }

    /// Whether an `@` in the node mentions nobody.
    pub(in crate::text) fn is_verbatim(&self) -> bool {
        self.is_code() || matches!(self, Self::Link { .. })
    }

    /// Whether a plain text ends the line after the node.
    pub(in crate::text) fn ends_line(&self) -> bool {
        matches!(self, Self::Paragraph | Self::Heading { .. } | Self::CodeBlock { .. } | Self::Row)
    }
}
