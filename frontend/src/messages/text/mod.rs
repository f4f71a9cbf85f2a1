//! The text of a message, with links, mentions of the reader, and the matches of a search.

use std::ops::Range;

use leptos::prelude::*;
use shared::{
    Timestamp,
    ids::Seq,
    paths,
    text::{Format, FormattedText, ReaderName, Span, markdown},
};

use crate::{
    live::LiveClient,
    search::{HitNavigator, mark_matches},
    state::search::highlight,
};

mod markdown_view;
mod pieces;
mod preview;

use markdown_view::MarkdownView;
pub use preview::Previews;

/// The longest snippet, in characters.
const SNIPPET: usize = 140;

/// The text of a message. If `edited`, which message it is and when it was edited last, is given, the matches
/// of the current search are highlighted.
#[component]
pub fn MessageText(
    format: Format,
    content: String,
    #[prop(optional)] edited: Option<(Seq, Option<Timestamp>)>,
) -> impl IntoView {
    let reader_name = expect_context::<LiveClient>().reader_name;
    let navigator = expect_context::<HitNavigator>();
    let revealed = RwSignal::new(Vec::new());
    move || {
        let matches = edited.map(|(seq, at)| navigator.ranges(seq, at)).unwrap_or_default();
        reader_name.with(|name| match format {
            Format::Text => plain_view(name, &content, &matches),
            Format::Markdown => {
                let mentions = name.mentions(FormattedText::new(format, &content));
                let tree = &markdown::parse(&content);
                MarkdownView { tree, mentions: &mentions, matches: &matches, revealed }.render()
            }
        })
    }
}

fn plain_view(name: &ReaderName, content: &str, matches: &[Range<usize>]) -> AnyView {
    let mut offset = 0;
    let view = |span: Span<'_>| {
        let text = span.as_str();
        let shown = mark_matches(highlight::split(text, offset, matches));
        offset += text.len();
        match span {
            Span::Text(_) => shown,
            Span::Link(link) => {
                view! { <Link url=link.to_owned() is_address=true>{shown}</Link> }.into_any()
            }
            Span::Mention(name) => mention(name),
        }
    };
    name.spans(content).into_iter().map(view).collect_view().into_any()
}

/// A mention of the reader.
fn mention(name: &str) -> AnyView {
    view! { <mark class="mention" dir="auto">{name.to_owned()}</mark> }.into_any()
}

/// A link of a text. An address reads from left to right, whatever stands around it.
#[component]
fn Link(url: String, is_address: bool, children: Children) -> impl IntoView {
    let origin = window().location().origin().unwrap_or_default();
    // A page of this app opens in this tab, without loading the app again.
    let target = (!is_own_page(&url, &origin)).then_some("_blank");
    view! {
        <a dir=is_address.then_some("ltr") href=url target=target rel="noopener noreferrer">
            {children()}
        </a>
    }
}

/// Whether a link leads to a page of this app.
fn is_own_page(link: &str, origin: &str) -> bool {
    let path = link.strip_prefix(origin).and_then(|path| path.strip_prefix(paths::UI));
    path.is_some_and(|path| path.is_empty() || path.starts_with(['/', '?', '#']))
}

/// The first line of a message without markup, shortened.
pub fn snippet(text: FormattedText<'_>) -> String {
    text.plain().lines().next().unwrap_or_default().chars().take(SNIPPET).collect()
}

#[cfg(test)]
mod tests {
    use super::is_own_page;

    #[test]
    fn only_pages_of_this_app_open_in_this_tab() {
        let is_own = |link: &str| is_own_page(link, "https://chat.example");
        for link in ["/ui", "/ui/room/1/m/7", "/ui/search?q=x", "/ui?x", "/ui#main"] {
            assert!(is_own(&format!("https://chat.example{link}")), "{link}");
        }
        for link in
            ["https://chat.example/", "https://chat.example/uix", "https://chat.example/api/"]
        {
            assert!(!is_own(link), "{link}");
        }
        assert!(!is_own("https://chat.example.evil.org/ui/") && !is_own("http://chat.example/ui/"));
    }
}
