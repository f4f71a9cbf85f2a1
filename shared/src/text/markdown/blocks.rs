//! The structure of blocks, found line by line (CommonMark, appendix "Phase 1").
//!
//! A line first matches the open containers from the outside to the inside, then opens new ones, and
//! the rest of it belongs to a leaf: a paragraph, code, a table. The parser reads a line at most
//! once for each open container, and there are at most [`DEPTH_MAX`] and their lists.

use std::ops::Range;

use super::{
    DEPTH_MAX,
    inlines::{Context, parse_inlines},
    line::{Line, lines},
    markers::{Fence, ListMarker, heading, is_rule, list_marker},
    table,
    tree::{Kind, Node},
};

pub(super) fn parse_blocks(source: &str) -> Vec<Node<'_>> {
    let mut parser = BlockParser { source, blocks: Vec::new(), open: Vec::new(), leaf: None };
    for line in lines(source) {
        parser.add_line(line);
    }
    parser.close_containers(0);
    parser.blocks
}

struct BlockParser<'t> {
    source: &'t str,
    /// The closed blocks that are in no container.
    blocks: Vec<Node<'t>>,
    /// The open containers, from the outside to the inside.
    open: Vec<Container<'t>>,
    /// The open leaf of the innermost container.
    leaf: Option<Leaf<'t>>,
}

struct Container<'t> {
    node: Node<'t>,
    rule: ContainerRule,
}

/// How a line says that it belongs to a container.
#[derive(Clone, Copy)]
enum ContainerRule {
    /// By `>`.
    Quote,
    /// By an item, or by a marker like this one.
    List(ListMarker),
    /// By so many columns of indentation.
    Item(usize),
}

enum Leaf<'t> {
    /// The lines without the blanks around them.
    Paragraph(Vec<Range<usize>>),
    /// The lines of the code after the fence.
    Code(Node<'t>, Fence, Vec<Range<usize>>),
    Table(Node<'t>),
}

impl<'t> BlockParser<'t> {
    fn add_line(&mut self, mut line: Line<'t>) {
        let matched = self.match_containers(&mut line);
        if matched < self.open.len() {
            self.close_containers(matched);
        } else if let Some(Leaf::Code(node, fence, lines)) = &mut self.leaf {
            node.range.end = line.rest().end;
            if fence.closes(&line) {
                node.range.end = line.content().end;
                return self.close_leaf();
            }
            line.skip_columns(fence.indent);
            return lines.push(line.rest());
        }
        while self.open_container(&mut line) {}
        self.add_to_leaf(&line);
    }

    /// Consumes the markup of the open containers, and returns how many of them the line belongs to.
    ///
    /// There is no lazy continuation (CommonMark 5.1): in chat a line end is visible, and the line
    /// after a quote is the answer to it.
    fn match_containers(&mut self, line: &mut Line<'t>) -> usize {
        let innermost = self.open.len().saturating_sub(1);
        for (depth, Container { node, rule }) in self.open.iter_mut().enumerate() {
            match *rule {
                ContainerRule::Quote if line.text().starts_with('>') => {
                    node.range.end = skip_quote_marker(line).end;
                }
                ContainerRule::List(_) => {}
                ContainerRule::Item(columns) if line.indent() >= columns => {
                    line.skip_columns(columns);
                }
                // An item can start with at most one blank line.
                ContainerRule::Item(_)
                    if line.is_blank()
                        && (depth < innermost
                            || self.leaf.is_some()
                            || !node.children.is_empty()) => {}
                _ => return depth,
            }
        }
        self.open.len()
    }

    /// Opens the container that starts at the line, if one does.
    fn open_container(&mut self, line: &mut Line<'t>) -> bool {
        let text = line.text();
        let marker = list_marker(text).filter(|_| !is_rule(text));
        let continues_list = !text.is_empty() && self.continue_list(marker);
        let is_list = |container: &Container<'_>| matches!(container.rule, ContainerRule::List(_));
        let depth = self.open.iter().filter(|container| !is_list(container)).count();
        if depth == DEPTH_MAX {
            return false;
        }
        if text.starts_with('>') {
            self.close_leaf();
            let range = skip_quote_marker(line);
            self.open_node(Node::new(range, Kind::Quote), ContainerRule::Quote);
            return true;
        }
        match marker {
            Some(marker) if continues_list || self.can_start_list(marker) => {
                self.close_leaf();
                self.open_item(line, marker, continues_list);
                true
            }
            _ => false,
        }
    }

    /// Whether the marker continues the innermost container. If that is a list, it ends otherwise.
    fn continue_list(&mut self, marker: Option<ListMarker>) -> bool {
        let innermost = self.open.last().map(|container| container.rule);
        let Some(ContainerRule::List(first)) = innermost else { return false };
        let continues = marker.is_some_and(|marker| marker.sign == first.sign);
        if !continues {
            self.close_containers(self.open.len() - 1);
        }
        continues
    }

    /// Opens an item, and its list if it is the first.
    fn open_item(&mut self, line: &mut Line<'t>, marker: ListMarker, continues_list: bool) {
        let indent = line.indent();
        let range = line.skip_marker(marker.length);
        if !continues_list {
            let list = Node::new(range.clone(), Kind::List { start: marker.number });
            self.open_node(list, ContainerRule::List(marker));
        }
        // More than four blanks would be one blank and indented code (CommonMark 5.2).
        let blanks = match line.indent() {
            blanks @ 1..=4 if !marker.is_empty => blanks,
            _ => 1,
        };
        line.skip_columns(blanks);
        let columns = indent + marker.length + blanks;
        self.open_node(Node::new(range, Kind::Item), ContainerRule::Item(columns));
    }

    /// Whether a list may start with the item. A message of nothing but `+` or `2.` is a text. Only 1
    /// may interrupt a paragraph, so that no line that happens to begin with a number does.
    fn can_start_list(&self, marker: ListMarker) -> bool {
        let interrupts = matches!(self.leaf, Some(Leaf::Paragraph(_)));
        !marker.is_empty && (!interrupts || marker.number.is_none_or(|number| number == 1))
    }

    /// Adds what the containers left of the line.
    fn add_to_leaf(&mut self, line: &Line<'t>) {
        let (content, text) = (line.content(), line.text());
        if text.is_empty() {
            return self.close_leaf();
        }
        if let Some((fence, language)) = Fence::open(line) {
            self.close_leaf();
            let node = Node::new(content, Kind::CodeBlock { language });
            self.leaf = Some(Leaf::Code(node, fence, Vec::new()));
        } else if let Some((level, title)) = heading(text) {
            self.close_leaf();
            let title = content.start + title.start..content.start + title.end;
            let children = parse_inlines(self.source, &[title], Context::Lines);
            self.push(Node { range: content, kind: Kind::Heading { level }, children });
        } else if is_rule(text) {
            self.close_leaf();
            self.push(Node::new(content, Kind::Rule));
        } else {
            self.add_text(content);
        }
    }

    fn add_text(&mut self, content: Range<usize>) {
        match &mut self.leaf {
            Some(Leaf::Table(table)) => {
                table.range.end = content.end;
                table.children.push(table::parse_row(self.source, content));
            }
            Some(Leaf::Paragraph(lines)) => {
                let header = lines.last().cloned().unwrap_or_default();
                match table::parse_header(self.source, header, content.clone()) {
                    Some(table) => {
                        lines.pop();
                        self.close_leaf();
                        self.leaf = Some(Leaf::Table(table));
                    }
                    None => lines.push(content),
                }
            }
            _ => self.leaf = Some(Leaf::Paragraph(vec![content])),
        }
    }

    fn close_leaf(&mut self) {
        let node = match self.leaf.take() {
            Some(Leaf::Paragraph(lines)) => {
                let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return };
                let children = parse_inlines(self.source, &lines, Context::Lines);
                Node { range: first.start..last.end, kind: Kind::Paragraph, children }
            }
            Some(Leaf::Code(mut node, _, lines)) => {
                node.children = code_texts(self.source, &lines);
                node
            }
            Some(Leaf::Table(table)) => table,
            None => return,
        };
        self.push(node);
    }

    fn open_node(&mut self, node: Node<'t>, rule: ContainerRule) {
        self.open.push(Container { node, rule });
    }

    /// Closes the leaf and all containers but the outer `count`.
    fn close_containers(&mut self, count: usize) {
        self.close_leaf();
        while self.open.len() > count
            && let Some(Container { node, .. }) = self.open.pop()
        {
            self.push(node);
        }
    }

    /// Adds a closed block to the innermost container.
    fn push(&mut self, node: Node<'t>) {
        match self.open.last_mut() {
            Some(Container { node: parent, .. }) => {
                parent.range.end = parent.range.end.max(node.range.end);
                parent.children.push(node);
            }
            None => self.blocks.push(node),
        }
    }
}

/// Consumes `>` and the blank after it, which belongs to it (CommonMark 5.1).
fn skip_quote_marker(line: &mut Line<'_>) -> Range<usize> {
    let marker = line.skip_marker(1);
    line.skip_columns(1);
    marker
}

/// The texts of code: one for all lines that follow each other without markup between them.
fn code_texts<'t>(source: &'t str, lines: &[Range<usize>]) -> Vec<Node<'t>> {
    let mut texts = Vec::<Node<'t>>::new();
    for (index, line) in lines.iter().enumerate() {
        let is_last = index + 1 == lines.len();
        let line_end = source[line.end..].find('\n').filter(|_| !is_last);
        let range = line.start..line.end + line_end.map_or(0, |at| at + 1);
        Node::push_text(&mut texts, source, range);
    }
    texts
}
