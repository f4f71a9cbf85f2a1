//! Golden texts, and properties that hold for every text.

use proptest::prelude::*;

use super::*;

#[test]
fn links_end_before_the_punctuation_of_the_sentence() {
    for (text, expected) in [
        (
            "See (https://example.org/a_(b)), or http://x.test/?q=1.",
            &["https://example.org/a_(b)", "http://x.test/?q=1"][..],
        ),
        ("<HTTPS://x.test>http://y.test", &["HTTPS://x.test", "http://y.test"]),
        ("`http://x.test`", &["http://x.test"]),
        ("ü https://ü.test/ü 🎉", &["https://ü.test/ü"]),
        ("[http://x.test/[a]]", &["http://x.test/[a]"]),
        ("http://...", &[]),
    ] {
        assert_eq!(links(text).collect::<Vec<_>>(), expected, "{text}");
    }
}

#[test]
fn no_other_scheme_becomes_a_link() {
    for text in [
        "javascript:alert(1)",
        "ftp://x.test/",
        "data:text/html,x",
        "javascript://x",
        "xhttp://y",
        "http://",
        "no address",
    ] {
        assert_eq!(spans(text), [Span::Text(text)]);
    }
    assert_eq!(spans(""), []);
}

#[test]
fn a_mention_is_a_word_without_punctuation() {
    for (text, expected) in [
        ("Hi (@Ada), and @adam:\n@ada!", &["@Ada", "@adam", "@ada"][..]),
        ("[\"@a_b_\"]\u{3000}'@c.d'", &["@a_b_", "@c.d"]),
        ("mail@ada.test @ @. a@b", &[]),
        ("@ada,http://x.test http://x.test\"@ada", &[]),
    ] {
        let mut found = spans(text);
        found.retain(|span| matches!(span, Span::Mention(_)));
        let found: Vec<_> = found.into_iter().map(Span::as_str).collect();
        assert_eq!(found, expected, "{text}");
        let names: Vec<_> = expected.iter().map(|name| name[1..].to_lowercase()).collect();
        assert_eq!(mentions(text).collect::<Vec<_>>(), names, "{text}");
    }
}

#[test]
fn only_the_name_of_the_user_is_a_mention_for_them() {
    let expected = [Span::Text("Hi ("), Span::Mention("@Ada"), Span::Text("), and @adam")];
    assert_eq!(spans_for("Hi (@Ada), and @adam", "ADA"), expected);
}

#[test]
fn only_links_to_messages_of_this_server_are_permalinks() {
    let find = |text: &str| permalinks(text, "http://h.test:8000").collect::<Vec<_>>();
    let link = "http://h.test:8000/ui/room/7/m";
    let found = find(&format!("see {link}/42?q=disk, ({link}/43/) and {link}/42#x."));
    assert_eq!(found, [(RoomId(7), Seq(42)), (RoomId(7), Seq(43))]);
    for other in [
        "http://h.test:80001/ui/room/7/m/42",
        "http://other.test/ui/room/7/m/42",
        "http://h.test:8000/ui/room/7",
        "http://h.test:8000/ui/room/7/m/x",
        "/ui/room/7/m/42",
    ] {
        assert_eq!(find(other), [], "{other}");
    }
}

fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => prop::sample::select(&[
            "http://", "HTTPS://", "ftp://", "://", "x.test", "/", "@", "@ada", "@Bob_", "(", ")", "[", "]",
            "{", "}", "\"", "'", "<", ">", "`", ".", ",", ":", "!", " ", " ", "\n", "\u{3000}", "ü", "🎉",
        ][..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 0..16).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_spans_joined_are_the_text(text in text()) {
        let spans = spans(&text);
        prop_assert_eq!(spans.iter().map(|span| span.as_str()).collect::<String>(), &*text);
        prop_assert!(spans.iter().all(|span| !span.as_str().is_empty()));
        let is_text = |span: &Span<'_>| matches!(span, Span::Text(_));
        prop_assert!(spans.windows(2).all(|pair| !(is_text(&pair[0]) && is_text(&pair[1]))));
        let joined: String = spans_for(&text, "ada").iter().map(|span| span.as_str()).collect();
        prop_assert_eq!(joined, text);
    }

    #[test]
    fn a_link_without_its_context_is_one_link(text in text()) {
        for link in links(&text) {
            prop_assert_eq!(spans(link), [Span::Link(link)]);
        }
    }
}
