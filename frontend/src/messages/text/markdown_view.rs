//! Markdown as elements. They are made from the tree, so a text cannot become any other element.

use std::{collections::BTreeSet, ops::Range};

use leptos::{ev, prelude::*};
use shared::text::markdown::{Alignment, Kind, Node, Tree};

use super::{Link, pieces::pieces};
use crate::{
    search::mark_matches,
    state::search::highlight,
    ui::{Ui, pressed_key},
};

/// What the view of a tree needs besides the tree.
pub struct MarkdownView<'a> {
    pub tree: &'a Tree<'a>,
    /// The ranges of the source that mention the reader.
    pub mentions: &'a [Range<usize>],
    /// The ranges of the source that the current search matches.
    pub matches: &'a [Range<usize>],
    /// Where the spoilers begin that the reader has revealed.
    pub revealed: RwSignal<BTreeSet<usize>>,
}

impl MarkdownView<'_> {
    /// The elements of the text.
    pub fn render(&self) -> AnyView {
        view! { <div class="markdown">{self.nodes(&self.tree.blocks)}</div> }.into_any()
    }

    fn nodes(&self, nodes: &[Node<'_>]) -> AnyView {
        nodes.iter().map(|node| self.node(node)).collect_view().into_any()
    }

    fn node(&self, node: &Node<'_>) -> AnyView {
        match &node.kind {
            Kind::Table { columns } => return self.table(&node.children, columns),
            Kind::Text(_) => return self.text(&node.range),
            _ => {}
        }
        let inner = self.nodes(&node.children);
        match &node.kind {
            Kind::Paragraph => view! { <p>{inner}</p> }.into_any(),
            // The page has a heading for itself and one for the room.
            Kind::Heading { level: 1 } => view! { <h3>{inner}</h3> }.into_any(),
            Kind::Heading { level: 2 } => view! { <h4>{inner}</h4> }.into_any(),
            Kind::Heading { level: 3 } => view! { <h5>{inner}</h5> }.into_any(),
            Kind::Heading { .. } => view! { <h6>{inner}</h6> }.into_any(),
            Kind::Quote => view! { <blockquote>{inner}</blockquote> }.into_any(),
            Kind::List { start: Some(start) } => {
                view! { <ol start=start.to_string()>{inner}</ol> }.into_any()
            }
            Kind::List { start: None } => view! { <ul>{inner}</ul> }.into_any(),
            Kind::Item => view! { <li>{inner}</li> }.into_any(),
            Kind::CodeBlock { language } => {
                let language = (*language).to_owned();
                view! { <CodeBlock language code=code_text(node)>{inner}</CodeBlock> }.into_any()
            }
            Kind::Rule => view! { <hr/> }.into_any(),
            Kind::Code => view! { <code>{inner}</code> }.into_any(),
            Kind::Bold => view! { <strong>{inner}</strong> }.into_any(),
            Kind::Italic => view! { <em>{inner}</em> }.into_any(),
            Kind::Strike => view! { <s>{inner}</s> }.into_any(),
            Kind::Spoiler => {
                let (start, revealed) = (node.range.start, self.revealed);
                view! { <Spoiler start revealed>{inner}</Spoiler> }.into_any()
            }
            Kind::Link { url } => {
                let is_address =
                    matches!(&node.children[..], [only] if only.kind == Kind::Text(url));
                view! { <Link url=url.clone() is_address>{inner}</Link> }.into_any()
            }
            // The style keeps line ends.
            Kind::LineBreak => "\n".into_any(),
            Kind::Table { .. } | Kind::Row | Kind::Cell | Kind::Text(_) => inner,
        }
    }

    fn table(&self, rows: &[Node<'_>], columns: &[Alignment]) -> AnyView {
        let cell = |(nth, cell): (usize, &Node<'_>), is_header: bool| {
            let class = match columns.get(nth) {
                Some(Alignment::Left) => "cell-left",
                Some(Alignment::Center) => "cell-center",
                Some(Alignment::Right) => "cell-right",
                Some(Alignment::Default) | None => "",
            };
            let inner = self.nodes(&cell.children);
            match is_header {
                true => view! { <th scope="col" class=class>{inner}</th> }.into_any(),
                false => view! { <td class=class>{inner}</td> }.into_any(),
            }
        };
        let row = |(nth, row): (usize, &Node<'_>)| {
            let cells = row.children.iter().enumerate();
            view! { <tr>{cells.map(|of| cell(of, nth == 0)).collect_view()}</tr> }
        };
        let rows = rows.iter().enumerate().map(row).collect_view();
        view! {
            <div class="table-scroller" role="group" aria-label="Table" tabindex="0">
                <table>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    }

    fn text(&self, range: &Range<usize>) -> AnyView {
        let view = |range: Range<usize>, is_mention: bool| {
            let text = &self.tree.source[range.clone()];
            let shown = mark_matches(highlight::split(text, range.start, self.matches));
            match is_mention {
                true => {
                    view! { <mark class="mention" dir="auto">{text.to_owned()}</mark> }.into_any()
                }
                false => shown,
            }
        };
        let pieces = pieces(range.clone(), self.mentions).into_iter();
        pieces.map(|piece| view(piece.range, piece.is_mention)).collect_view().into_any()
    }
}

/// The code of a block.
fn code_text(node: &Node<'_>) -> String {
    let texts = node.children.iter().filter_map(|child| match child.kind {
        Kind::Text(text) => Some(text),
        _ => None,
    });
    texts.collect()
}

/// Code with its language and a button that copies it.
#[component]
fn CodeBlock(language: String, code: String, children: Children) -> impl IntoView {
    let ui = expect_context::<Ui>();
    view! {
        <div class="code-block">
            <div class="code-head">
                <span>{language}</span>
                <button
                    type="button"
                    class="code-copy"
                    aria-label="Copy code"
                    on:click=move |_| ui.copy(code.clone(), "Code copied.")
                >
                    "Copy"
                </button>
            </div>
            // A tab stop, so that the keyboard can scroll it.
            <pre tabindex="0"><code>{children()}</code></pre>
        </div>
    }
}

/// A text that is hidden, from screen readers too, until the reader asks for it.
#[component]
fn Spoiler(start: usize, revealed: RwSignal<BTreeSet<usize>>, children: Children) -> impl IntoView {
    let is_hidden = Memo::new(move |_| revealed.with(|revealed| !revealed.contains(&start)));
    let reveal = move || revealed.update(|revealed| revealed.extend([start]));
    let on_key = move |event: ev::KeyboardEvent| {
        if is_hidden.get_untracked() && matches!(pressed_key(&event).as_str(), "Enter" | " ") {
            event.prevent_default();
            reveal();
        }
    };
    let while_hidden = move |value: &'static str| is_hidden.get().then_some(value);
    view! {
        <span
            class="spoiler"
            class:spoiler-hidden=is_hidden
            role=move || while_hidden("button")
            // It keeps the focus when it is revealed.
            tabindex=move || if is_hidden.get() { "0" } else { "-1" }
            aria-label=move || while_hidden("Show spoiler")
            title=move || while_hidden("Show spoiler")
            on:click=move |_| reveal()
            on:keydown=on_key
        >
            // Without `inert`, one could reach hidden links.
            <span inert=is_hidden aria-hidden=move || while_hidden("true")>{children()}</span>
        </span>
    }
}
