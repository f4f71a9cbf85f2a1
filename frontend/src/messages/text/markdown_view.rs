//! Markdown as elements. They are made from the tree, so a text cannot become any other element.

use std::ops::Range;

use leptos::{ev, html, prelude::*};
use shared::text::markdown::{Alignment, Kind, Node, Tree};

use super::{Link, mention, pieces::pieces};
use crate::{
    search::mark_matches,
    state::search::highlight,
    ui::{Ui, pressed_key},
};

/// A tree, and the state of its reader that the view depends on.
pub struct MarkdownView<'a> {
    pub tree: &'a Tree<'a>,
    /// The ranges of the source that mention the reader.
    pub mentions: &'a [Range<usize>],
    /// The ranges of the source that the current search matches.
    pub matches: &'a [Range<usize>],
    /// Where the spoilers begin that the reader has revealed.
    pub revealed: RwSignal<Vec<usize>>,
}

impl MarkdownView<'_> {
    /// The elements of the text.
    pub fn render(&self) -> AnyView {
        element("div", "markdown", self.nodes(&self.tree.blocks))
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
            Kind::Paragraph => element("p", "", inner),
            // One level for all: messages are no chapters, and none may be left out.
            Kind::Heading { level: 1 } => element("h2", "large", inner),
            Kind::Heading { level: 2 } => element("h2", "", inner),
            Kind::Heading { .. } => element("h2", "soft", inner),
            Kind::Quote => element("blockquote", "", inner),
            Kind::List { start: Some(start) } => {
                view! { <ol start=start.to_string()>{inner}</ol> }.into_any()
            }
            Kind::List { start: None } => element("ul", "", inner),
            Kind::Item => element("li", "", inner),
            Kind::CodeBlock { language } => {
                let language = (*language).to_owned();
                view! { <CodeBlock language code=code_text(node)>{inner}</CodeBlock> }.into_any()
            }
            Kind::Rule => element("hr", "", inner),
            Kind::Code => element("code", "", inner),
            Kind::Bold => element("strong", "", inner),
            Kind::Italic => element("em", "", inner),
            Kind::Strike => element("s", "", inner),
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
            element(if is_header { "th" } else { "td" }, class, self.nodes(&cell.children))
        };
        let row = |(nth, row): (usize, &Node<'_>)| {
            let cells = row.children.iter().enumerate();
            element("tr", "", cells.map(|of| cell(of, nth == 0)).collect_view().into_any())
        };
        let rows = element("tbody", "", rows.iter().enumerate().map(row).collect_view().into_any());
        let table = element("table", "", rows);
        view! {
            <div class="table-scroller" role="group" aria-label="Table" tabindex="0">
                {table}
            </div>
        }
        .into_any()
    }

    fn text(&self, range: &Range<usize>) -> AnyView {
        let view = |range: Range<usize>, is_mention: bool| {
            let text = &self.tree.source[range.clone()];
            let shown = mark_matches(highlight::split(text, range.start, self.matches));
            match is_mention {
                true => mention(text),
                false => shown,
            }
        };
        let pieces = pieces(range.clone(), self.mentions).into_iter();
        pieces.map(|piece| view(piece.range, piece.is_mention)).collect_view().into_any()
    }
}

/// An element whose name is a value, because each name in a `view!` is a type, whose code takes a KiB of WASM.
fn element(name: &'static str, class: &'static str, inner: AnyView) -> AnyView {
    let class = (!class.is_empty()).then_some(class);
    html::custom(name).attr("class", class).child(inner).into_any()
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
fn Spoiler(start: usize, revealed: RwSignal<Vec<usize>>, children: Children) -> impl IntoView {
    let is_hidden = Memo::new(move |_| revealed.with(|revealed| !revealed.contains(&start)));
    let reveal = move || revealed.update(|revealed| revealed.push(start));
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
