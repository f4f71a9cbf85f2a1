//! Tables of sources with the outlines of their trees, and properties that hold for every text.
//!
//! An outline has the kind of each node with the children in brackets, `'text'` and `/` for a line
//! break: `ul[li[p['a' b['b']]]]`. All cases are our own.

use super::{Alignment, DEPTH_MAX, Kind, Node, Tree, Visit, parse};

mod blocks;
mod inlines;
mod linear;
mod plain;
mod properties;

/// Compares the outline of each source, and checks what holds for every tree.
#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        let tree = parse(source);
        assert_eq!(outline(&tree.blocks), *expected, "{source:?}");
        assert_valid(&tree);
    }
}

fn outline(nodes: &[Node<'_>]) -> String {
    nodes.iter().map(outline_node).collect::<Vec<_>>().join(" ")
}

fn outline_node(node: &Node<'_>) -> String {
    let name = match &node.kind {
        Kind::Text(text) => return format!("'{text}'"),
        Kind::LineBreak => return "/".into(),
        Kind::Rule => return "hr".into(),
        Kind::Paragraph => "p".into(),
        Kind::Heading { level } => format!("h{level}"),
        Kind::Quote => "q".into(),
        Kind::List { start: None } => "ul".into(),
        Kind::List { start: Some(start) } => format!("ol{start}"),
        Kind::Item => "li".into(),
        Kind::CodeBlock { language } => format!("pre {language}"),
        Kind::Table { columns } => columns.iter().fold("table ".into(), |name, alignment| {
            name + match alignment {
                Alignment::Default => "-",
                Alignment::Left => "l",
                Alignment::Center => "c",
                Alignment::Right => "r",
            }
        }),
        Kind::Row => "tr".into(),
        Kind::Cell => "td".into(),
        Kind::Code => "c".into(),
        Kind::Bold => "b".into(),
        Kind::Italic => "i".into(),
        Kind::Strike => "s".into(),
        Kind::Spoiler => "x".into(),
        Kind::Link { url } => format!("a {url} "),
    };
    format!("{}[{}]", name, outline(&node.children))
}

/// Asserts what holds for every tree: the ranges are on boundaries of characters, in their parents,
/// and in order; texts are the source at their ranges; the depth and the number of nodes are bounded.
#[track_caller]
fn assert_valid(tree: &Tree<'_>) {
    let source = tree.source;
    // Each level: its range, and the end of the last child.
    let mut levels = vec![(0..source.len(), 0)];
    let (mut containers, mut inlines, mut nodes) = (0, 0, 0);
    for visit in tree.walk() {
        let (Visit::Enter(node) | Visit::Leave(node)) = visit;
        let is_container = matches!(node.kind, Kind::Quote | Kind::Item);
        let is_inline =
            matches!(node.kind, Kind::Bold | Kind::Italic | Kind::Strike | Kind::Spoiler);
        match visit {
            Visit::Enter(node) => {
                assert!(source.get(node.range.clone()).is_some(), "{source:?}: {node:?}");
                let (parent, last) = levels.last_mut().expect("the text");
                assert!(
                    *last <= node.range.start && node.range.end <= parent.end,
                    "{source:?}: {node:?} is not after {last} in {parent:?}"
                );
                *last = node.range.end;
                levels.push((node.range.clone(), node.range.start));
                if let Kind::Text(text) = node.kind {
                    assert!(!text.is_empty() && text == &source[node.range.clone()], "{source:?}");
                }
                containers += usize::from(is_container);
                inlines += usize::from(is_inline);
                nodes += 1;
            }
            Visit::Leave(_) => {
                levels.pop();
                containers -= usize::from(is_container);
                inlines -= usize::from(is_inline);
            }
        }
        assert!(containers <= DEPTH_MAX && inlines <= DEPTH_MAX, "{source:?}");
    }
    assert!(nodes <= 4 * source.len(), "{source:?}: {nodes} nodes");
}
