//! Splits the text of a message into plain text, links and mentions of the reader. The spans joined
//! together are the text, byte for byte.

use shared::{
    ids::{RoomId, Seq},
    messages::first_link,
    paths, rules,
};

/// How many previews of linked messages a message shows at most.
const MAX_PREVIEWS: usize = 3;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    Text(String),
    /// A URL, which is also the text.
    Link(String),
    /// The reader's own name.
    Mention(String),
}

/// Splits a text for the reader of this name. Only http and https URLs become links.
pub fn spans(content: &str, me: &str) -> Vec<Span> {
    let me = rules::name_key(me);
    let mut spans = Vec::new();
    let mut rest = content;
    while let Some(link) = first_link(rest) {
        push_mentions(&rest[..link.start], &me, &mut spans);
        spans.push(Span::Link(rest[link.clone()].to_owned()));
        rest = &rest[link.end..];
    }
    push_mentions(rest, &me, &mut spans);
    spans
}

/// The messages of this server that a text links to, each once, and at most [`MAX_PREVIEWS`].
pub fn permalinks(content: &str, origin: &str) -> Vec<(RoomId, Seq)> {
    let mut found = Vec::new();
    let mut rest = content;
    while let Some(link) = first_link(rest).filter(|_| found.len() < MAX_PREVIEWS) {
        let target = parse_permalink(&rest[link.clone()], origin);
        found.extend(target.filter(|target| !found.contains(target)));
        rest = &rest[link.end..];
    }
    found
}

fn parse_permalink(link: &str, origin: &str) -> Option<(RoomId, Seq)> {
    let path = link.strip_prefix(origin)?.strip_prefix(paths::UI)?.strip_prefix("/room/")?;
    let path = path.split(['?', '#']).next()?.trim_end_matches('/');
    let (room, seq) = path.split_once("/m/")?;
    Some((room.parse().ok()?, Seq(seq.parse().ok()?)))
}

/// Splits at mentions, by the same rule as `shared::messages::mentions`.
fn push_mentions(text: &str, me: &str, spans: &mut Vec<Span>) {
    let mut plain = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        match find_mention(word, me) {
            Some((from, to)) => {
                plain.push_str(&word[..from]);
                push_text(&mut plain, spans);
                spans.push(Span::Mention(word[from..to].to_owned()));
                plain.push_str(&word[to..]);
            }
            None => plain.push_str(word),
        }
    }
    push_text(&mut plain, spans);
}

fn find_mention(word: &str, me: &str) -> Option<(usize, usize)> {
    let rest = word.trim_start_matches(['(', '[', '"', '\'']);
    let from = word.len() - rest.len();
    let name = rest.strip_prefix('@')?.trim_end();
    let name = name.trim_end_matches(|c: char| c.is_ascii_punctuation() && c != '_');
    (rules::name_key(name) == me).then_some((from, from + 1 + name.len()))
}

fn push_text(plain: &mut String, spans: &mut Vec<Span>) {
    if !plain.is_empty() {
        spans.push(Span::Text(std::mem::take(plain)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(spans: &[Span]) -> String {
        let text = |span: &Span| match span {
            Span::Text(text) | Span::Link(text) | Span::Mention(text) => text.clone(),
        };
        spans.iter().map(text).collect()
    }

    #[test]
    fn a_link_ends_before_the_punctuation_of_the_sentence() {
        let text = "See (https://example.org/a_(b)), or http://x.test/?q=1.";
        let links: Vec<_> = spans(text, "ada")
            .into_iter()
            .filter_map(|span| match span {
                Span::Link(link) => Some(link),
                _ => None,
            })
            .collect();
        assert_eq!(links, ["https://example.org/a_(b)", "http://x.test/?q=1"]);
    }

    #[test]
    fn no_other_scheme_becomes_a_link() {
        for text in [
            "javascript:alert(1)",
            "ftp://x.test/",
            "data:text/html,x",
            "javascript://x",
            "xhttp://y",
            "http://...",
        ] {
            assert_eq!(joined(&spans(text, "ada")), text);
            assert!(spans(text, "ada").iter().all(|span| matches!(span, Span::Text(_))), "{text}");
        }
    }

    #[test]
    fn only_mentions_of_the_reader_are_marked() {
        let found = spans("Hi (@Ada), and @adam:\n@ada!", "ADA");
        let mine: Vec<_> = found.iter().filter(|span| matches!(span, Span::Mention(_))).collect();
        assert_eq!(mine, [&Span::Mention("@Ada".into()), &Span::Mention("@ada".into())]);
    }

    #[test]
    fn links_to_messages_of_this_server_are_recognized() {
        let of = |content: &str| permalinks(content, "http://h.test:8000");
        let link = "http://h.test:8000/ui/room/7/m";
        let found = of(&format!("see {link}/42?q=disk, ({link}/43/) and {link}/42#x."));
        assert_eq!(found, [(RoomId(7), Seq(42)), (RoomId(7), Seq(43))]);
        let many: String = (1..9).map(|seq| format!("{link}/{seq} ")).collect();
        assert_eq!(of(&many).len(), MAX_PREVIEWS);
        for other in [
            "http://h.test:80001/ui/room/7/m/42",
            "http://other.test/ui/room/7/m/42",
            "http://h.test:8000/ui/room/7",
            "http://h.test:8000/ui/room/7/m/x",
            "/ui/room/7/m/42",
        ] {
            assert_eq!(of(other), [], "{other}");
        }
    }

    #[test]
    fn the_spans_joined_are_the_text() {
        for text in ["", " a  b\n\n", "@ada", "ü @ada ü https://ü.test/ü 🎉", "http://"] {
            assert_eq!(joined(&spans(text, "ada")), text);
        }
    }
}
