//! The nodes of the tokens.

use std::ops::Range;

use super::{Context, Run, Token, TokenKind};
use crate::text::markdown::{
    DEPTH_MAX,
    tree::{Kind, Node},
};

/// Makes nodes from left to right. Positions are those of the text; the nodes have those of the
/// source.
pub(super) struct Builder<'t, 'a> {
    source: &'t str,
    text: &'a str,
    context: Context,
    /// The lines of the text, from that of the last position on, and where the first of them starts in
    /// the text.
    lines: &'a [Range<usize>],
    line_start: usize,
    /// The finished nodes that are in no open one.
    nodes: Vec<Node<'t>>,
    /// The open nodes, from the outside to the inside.
    open: Vec<Node<'t>>,
    /// The number of inlines that are open and too deep.
    too_deep: usize,
}

impl<'t, 'a> Builder<'t, 'a> {
    pub fn new(
        source: &'t str,
        lines: &'a [Range<usize>],
        text: &'a str,
        context: Context,
    ) -> Self {
        let (nodes, open) = (Vec::new(), Vec::new());
        Self { source, text, context, lines, line_start: 0, nodes, open, too_deep: 0 }
    }

    pub fn build(mut self, tokens: Vec<Token>) -> Vec<Node<'t>> {
        let mut at = 0;
        for Token { range, kind } in tokens {
            self.add_text(at..range.start);
            at = range.end;
            match kind {
                TokenKind::Escape => self.add_text(range.start + 1..range.end),
                TokenKind::Code(fence) => self.add_code(range, fence),
                TokenKind::Address(url) => self.add_address(range, url),
                TokenKind::OpenBracket(None) => self.add_text(range),
                TokenKind::OpenBracket(Some(url)) => self.open_inline(range, Kind::Link { url }),
                TokenKind::CloseLink => self.close_inline(range),
                TokenKind::Run(run) => self.add_run(range.start, &run),
            }
        }
        self.add_text(at..self.text.len());
        self.nodes
    }

    /// The position in the source. It must be called with ascending positions.
    fn source_position(&mut self, at: usize) -> usize {
        while let [line, rest @ ..] = self.lines
            && self.line_start + line.len() < at
            && !rest.is_empty()
        {
            self.line_start += line.len() + 1;
            self.lines = rest;
        }
        self.lines[0].start + at - self.line_start
    }

    /// The nodes of the innermost open node.
    fn siblings(&mut self) -> &mut Vec<Node<'t>> {
        self.open.last_mut().map_or(&mut self.nodes, |node| &mut node.children)
    }

    /// Adds text as it is, and its line ends.
    fn add_text(&mut self, range: Range<usize>) {
        let mut start = range.start;
        for (index, line) in self.text[range].split('\n').enumerate() {
            if index > 0 {
                let line_break = self.source_position(start - 1)..self.source_position(start);
                self.siblings().push(Node::new(line_break, Kind::LineBreak));
            }
            let text = self.source_position(start)..self.source_position(start + line.len());
            let source = self.source;
            Node::push_text(self.siblings(), source, text);
            start += line.len() + 1;
        }
    }

    /// Adds code without its backticks and the blank that can be beside them.
    fn add_code(&mut self, range: Range<usize>, fence: usize) {
        let mut inner = range.start + fence..range.end - fence;
        let code = &self.text[inner.clone()];
        let is_padded = code.starts_with([' ', '\n']) && code.ends_with([' ', '\n']);
        if is_padded && !code.trim_matches([' ', '\n']).is_empty() {
            inner = inner.start + 1..inner.end - 1;
        }
        let escape = if self.context == Context::Cell { "\\|" } else { "\0" };
        self.push(range.start, Kind::Code);
        let mut at = inner.start;
        for (escape, _) in self.text[inner.clone()].match_indices(escape) {
            self.add_text(at..inner.start + escape);
            at = inner.start + escape + 1;
        }
        self.add_text(at..inner.end);
        self.pop(range.end);
    }

    fn add_address(&mut self, range: Range<usize>, url: Range<usize>) {
        if self.open.iter().any(|node| matches!(node.kind, Kind::Link { .. })) {
            return self.add_text(url);
        }
        self.push(range.start, Kind::Link { url: self.text[url.clone()].into() });
        self.add_text(url);
        self.pop(range.end);
    }

    fn add_run(&mut self, mut at: usize, run: &Run) {
        for length in run.closes.iter().map(|length| usize::from(*length)) {
            self.close_inline(at..at + length);
            at += length;
        }
        self.add_text(at..at + run.literal);
        at += run.literal;
        for length in run.opens.iter().rev().map(|length| usize::from(*length)) {
            let kind = match (run.byte, length) {
                (b'~', _) => Kind::Strike,
                (b'|', _) => Kind::Spoiler,
                (_, 1) => Kind::Italic,
                _ => Kind::Bold,
            };
            self.open_inline(at..at + length, kind);
            at += length;
        }
    }

    fn open_inline(&mut self, markup: Range<usize>, kind: Kind<'t>) {
        if self.open.len() == DEPTH_MAX {
            self.too_deep += 1;
            self.add_text(markup);
        } else {
            self.push(markup.start, kind);
        }
    }

    fn close_inline(&mut self, markup: Range<usize>) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            self.add_text(markup);
        } else {
            self.pop(markup.end);
        }
    }

    fn push(&mut self, start: usize, kind: Kind<'t>) {
        let start = self.source_position(start);
        self.open.push(Node::new(start..start, kind));
    }

    fn pop(&mut self, end: usize) {
        let end = self.source_position(end);
        if let Some(mut node) = self.open.pop() {
            node.range.end = end;
            self.siblings().push(node);
        }
    }
}
