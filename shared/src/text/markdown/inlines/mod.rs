//! The inlines of a block, found in three passes (CommonMark, appendix "Phase 2").
//!
//! 1. [`scan`] splits the text into [`Token`]s from left to right. Escapes, code, addresses and
//!    links bind tightest, and are complete then.
//! 2. [`delimiters`] finds the pairs among the runs of `*`, `_`, `~` and `|`.
//! 3. [`build`] makes nodes of the tokens and limits their depth.

use std::{borrow::Cow, ops::Range};

use super::tree::Node;

mod build;
mod delimiters;
mod destination;
mod scan;

use build::Builder;
use delimiters::Run;

/// A part of a text that is not only itself. Its range is one of the text without the markup of
/// blocks, not of the source.
struct Token {
    range: Range<usize>,
    kind: TokenKind,
}

enum TokenKind {
    /// A backslash, and the character that it makes literal, or nothing before a line end.
    Escape,
    /// Code between two runs of this many backticks.
    Code(usize),
    /// A link that shows its URL, which is at the range: `https://x.test`, `<https://x.test>`.
    Address(Range<usize>),
    /// `[`, which opens a link with this URL, or else is literal.
    OpenBracket(Option<String>),
    /// `](url)`, which closes a link.
    CloseLink,
    /// One or more of the same delimiter.
    Run(Run),
}

/// Where inlines are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// In lines of their own.
    Lines,
    /// In a cell of a table, in whose code `\|` is `|`.
    Cell,
}

/// Parses the inlines of a block. `lines` are the parts of the source that are left of the block's
/// lines; none of them is blank, except for a cell.
pub(super) fn parse_inlines<'t>(
    source: &'t str,
    lines: &[Range<usize>],
    context: Context,
) -> Vec<Node<'t>> {
    let text: Cow<'_, str> = match lines {
        [line] => source[line.clone()].into(),
        _ => {
            let lines: Vec<_> = lines.iter().map(|line| &source[line.clone()]).collect();
            lines.join("\n").into()
        }
    };
    let mut tokens = scan::scan(&text);
    delimiters::match_runs(&mut tokens);
    Builder::new(source, lines, &text, context).build(tokens)
}
