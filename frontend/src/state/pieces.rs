//! A message's text cut into plain text, links and mentions of the reader. Joined again the pieces
//! are the text, byte for byte.

use shared::{
    ids::{RoomId, Seq},
    messages::first_link,
    paths, rules,
};

/// Messages that are shown below one that links to them.
const PREVIEWS: usize = 3;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Shown as it is.
    Text(String),
    /// An address to open: what to show, and where it leads.
    Link(String),
    /// The reader's own name.
    Mention(String),
}

/// Cuts a text up for the reader of this name. Only http and https become links.
pub fn pieces(content: &str, me: &str) -> Vec<Piece> {
    let me = rules::key(me);
    let mut found = Vec::new();
    let mut rest = content;
    while let Some(link) = first_link(rest) {
        mentions(&rest[..link.start], &me, &mut found);
        found.push(Piece::Link(rest[link.clone()].to_owned()));
        rest = &rest[link.end..];
    }
    mentions(rest, &me, &mut found);
    found
}

/// The messages of this server, which is at `origin`, that a text links to: each once, and not all
/// of very many.
pub fn permalinks(content: &str, origin: &str) -> Vec<(RoomId, Seq)> {
    let mut found = Vec::new();
    let mut rest = content;
    while let Some(link) = first_link(rest).filter(|_| found.len() < PREVIEWS) {
        let place = permalink(&rest[link.clone()], origin);
        found.extend(place.filter(|place| !found.contains(place)));
        rest = &rest[link.end..];
    }
    found
}

fn permalink(link: &str, origin: &str) -> Option<(RoomId, Seq)> {
    let path = link.strip_prefix(origin)?.strip_prefix(paths::UI)?.strip_prefix("/room/")?;
    let path = path.split(['?', '#']).next()?.trim_end_matches('/');
    let (room, seq) = path.split_once("/m/")?;
    Some((room.parse().ok()?, Seq(seq.parse().ok()?)))
}

/// The same rule as `shared::messages::mentions`, with the places.
fn mentions(text: &str, me: &str, found: &mut Vec<Piece>) {
    let mut plain = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        match mention(word, me) {
            Some((from, to)) => {
                plain.push_str(&word[..from]);
                flush(&mut plain, found);
                found.push(Piece::Mention(word[from..to].to_owned()));
                plain.push_str(&word[to..]);
            }
            None => plain.push_str(word),
        }
    }
    flush(&mut plain, found);
}

fn mention(word: &str, me: &str) -> Option<(usize, usize)> {
    let rest = word.trim_start_matches(['(', '[', '"', '\'']);
    let from = word.len() - rest.len();
    let name = rest.strip_prefix('@')?.trim_end();
    let name = name.trim_end_matches(|c: char| c.is_ascii_punctuation() && c != '_');
    (rules::key(name) == me).then_some((from, from + 1 + name.len()))
}

fn flush(plain: &mut String, found: &mut Vec<Piece>) {
    if !plain.is_empty() {
        found.push(Piece::Text(std::mem::take(plain)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(pieces: &[Piece]) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) | Piece::Link(text) | Piece::Mention(text) => text.clone(),
        };
        pieces.iter().map(text).collect()
    }

    #[test]
    fn links_end_before_the_punctuation_of_the_sentence() {
        let text = "See (https://example.org/a_(b)), or http://x.test/?q=1.";
        let links: Vec<_> = pieces(text, "ada")
            .into_iter()
            .filter_map(|p| match p {
                Piece::Link(link) => Some(link),
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
            assert_eq!(joined(&pieces(text, "ada")), text);
            assert!(pieces(text, "ada").iter().all(|p| matches!(p, Piece::Text(_))), "{text}");
        }
    }

    #[test]
    fn my_name_is_marked_and_nobody_elses() {
        let found = pieces("Hi (@Ada), and @adam:\n@ada!", "ADA");
        let mine: Vec<_> = found.iter().filter(|p| matches!(p, Piece::Mention(_))).collect();
        assert_eq!(mine, [&Piece::Mention("@Ada".into()), &Piece::Mention("@ada".into())]);
    }

    #[test]
    fn a_link_to_a_message_of_this_server_is_known() {
        let of = |content: &str| permalinks(content, "http://h.test:8000");
        let link = "http://h.test:8000/ui/room/7/m";
        let found = of(&format!("see {link}/42?q=disk, ({link}/43/) and {link}/42#x."));
        assert_eq!(found, [(RoomId(7), Seq(42)), (RoomId(7), Seq(43))]);
        let many: String = (1..9).map(|seq| format!("{link}/{seq} ")).collect();
        assert_eq!(of(&many).len(), PREVIEWS);
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
    fn nothing_is_lost() {
        for text in ["", " a  b\n\n", "@ada", "ü @ada ü https://ü.test/ü 🎉", "http://"] {
            assert_eq!(joined(&pieces(text, "ada")), text);
        }
    }
}
