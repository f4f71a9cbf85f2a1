//! Texts in both formats.

use proptest::prelude::*;

use super::{super::*, plain};

fn markdown(text: &str) -> FormattedText<'_> {
    FormattedText::new(Format::Markdown, text)
}

/// Texts with the names that they mention as Markdown; `ann`, `ann lee`, `bob` and `x_y` exist.
#[test]
fn markdown_mentions_what_its_reader_sees_as_text() {
    let exists = |key: &str| ["ann", "ann lee", "bob", "x_y"].contains(&key);
    for (text, expected) in [
        ("@ann and **@bob**", &["ann", "bob"][..]),
        ("*@ann* *lee*", &["ann lee"]),
        ("> @ann\n> lee", &["ann"]),
        ("# @bob\n- @ann\n  @bob", &["bob", "ann", "bob"]),
        ("||@bob||", &["bob"]),
        ("| @ann | lee |\n|-|-|\n| lee | @bob |", &["ann", "bob"]),
        ("@x_y @x\\_y", &["x_y", "x_y"]),
        // Code, links and escapes mention nobody, nor do e-mail addresses with markup.
        ("`@ann` [@ann](https://x.test) https://x.test/@ann", &[]),
        ("```\n@ann\n```\n@bob", &["bob"]),
        ("\\@ann \\\\@bob", &["bob"]),
        ("mail**me**@bob", &[]),
        ("@ann `x` lee", &["ann"]),
        ("[**`x` y** @ann](https://x.test) @bob", &["bob"]),
    ] {
        let found = markdown(text).mentions(exists);
        assert_eq!(found, expected, "{text}");
        let keys = markdown(text).mention_keys();
        assert!(found.iter().all(|name| keys.contains(name)), "{text}");
    }
}

#[test]
fn the_mention_of_the_reader_is_where_the_source_has_it() {
    let ann_lee = ReaderName::new("Ann Lee", &[]);
    let text = "> hi **@ann** *lee*, `@ann lee`";
    let found = ann_lee.mentions(markdown(text));
    let parts: Vec<_> = found.iter().map(|range| &text[range.clone()]).collect();
    assert_eq!(parts, ["@ann", " ", "lee"]);
    assert!(!ReaderName::new("ann", &["Ann Lee".into()]).is_mentioned(markdown(text)));
    assert_eq!(ann_lee.mentions(plain("a @ann lee")).pop(), Some(2..10));
}

/// Texts with the cursor at `|`, and the name that is being typed there.
#[test]
fn a_name_is_typed_after_an_at_sign() {
    for (text, in_text, in_markdown) in [
        ("@|", Some((0, "")), Some((0, ""))),
        ("hi @an|n", Some((3, "an")), Some((3, "an"))),
        ("(@ann le|", Some((1, "ann le")), Some((1, "ann le"))),
        ("＠ж|", Some((0, "ж")), Some((0, "ж"))),
        ("你好@ж|", Some((6, "ж")), Some((6, "ж"))),
        ("@ann, @b|", Some((6, "b")), Some((6, "b"))),
        ("**@b|**", Some((2, "b")), Some((2, "b"))),
        ("mail@an|", None, None),
        ("@ an|", None, None),
        ("@ann\nle|", None, None),
        ("no sign|", None, None),
        ("https://x.test/@an|", None, None),
        ("`@an|`", Some((1, "an")), None),
        ("`@an|", Some((1, "an")), None),
        ("```\n@an|", Some((4, "an")), None),
        ("`x` @an|", Some((4, "an")), Some((4, "an"))),
    ] {
        let cursor = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        assert_eq!(plain(&text).typed_name(cursor), in_text, "{text}");
        assert_eq!(markdown(&text).typed_name(cursor), in_markdown, "{text}");
    }
    let long = format!("@{}", "x".repeat(rules::USERNAME_MAX_CHARS + 1));
    assert_eq!(plain(&long).typed_name(long.len()), None);
}

/// Texts with the cursor at `|`, and the shortcode that is being typed there.
#[test]
fn a_shortcode_is_typed_after_a_colon() {
    for (text, expected) in [
        (":ta|", Some((0, "ta"))),
        ("hi :tada:|", Some((3, "tada:"))),
        ("(:+1|", Some((1, "+1"))),
        (":thumbs_u|p", Some((0, "thumbs_u"))),
        ("**:tada|**", Some((2, "tada"))),
        ("🎉:tada|", Some((4, "tada"))),
        (":t|", None),
        (":-D|", None),
        (":ta da|", None),
        ("10:30|", None),
        ("a::b|", None),
        ("::ta|", None),
        ("https://x.test/:ta|", None),
        ("`:tada|`", None),
        ("`:tada:|", None),
        ("`x` :tada:|", Some((4, "tada:"))),
        (":|", None),
    ] {
        let cursor = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        assert_eq!(markdown(&text).typed_shortcode(cursor), expected, "{text}");
    }
}

#[test]
fn facets_go_by_the_format() {
    for (text, has_link, has_code) in [
        ("`https://x.test`", (true, false), (true, true)),
        ("[x](https:\\//x.test)", (false, true), (false, false)),
        ("~~~\nx\n~~~", (false, false), (false, true)),
        ("\\`x`", (false, false), (true, false)),
        ("see https://x.test", (true, true), (false, false)),
    ] {
        assert_eq!((plain(text).has_link(), markdown(text).has_link()), has_link, "{text}");
        assert_eq!((plain(text).has_code(), markdown(text).has_code()), has_code, "{text}");
    }
}

#[test]
fn previews_have_no_markup_and_know_where_ranges_are() {
    let text = "# **Hal**lo  \n||x|| [there](https://x.test/there)";
    let hits = [4..11, 16..17, 21..26];
    let (shown, ranges) = markdown(text).plain_with(&hits);
    assert_eq!(shown, "Hallo\n▒▒▒ there");
    let parts: Vec<_> = ranges.iter().map(|range| &shown[range.clone()]).collect();
    assert_eq!(parts, ["Hal", "lo", "there"]);
    assert_eq!(plain(text).plain_with(&hits), (text.into(), hits.to_vec()));
    // A message of nothing but markup is not empty.
    assert_eq!(markdown("---").plain(), "---");
}

proptest! {
    /// Without markup, both formats mention the same and link to the same.
    #[test]
    fn texts_without_markup_are_the_same_in_both_formats(text in "[a-z @.,:/]{0,40}") {
        let text = text.replace(' ', "  ").replace("b", "http://x.test/ @bob ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let exists = |key: &str| key.len() < 4;
        prop_assert_eq!(plain(&text).mentions(exists), markdown(&text).mentions(exists));
        prop_assert_eq!(plain(&text).has_link(), markdown(&text).has_link());
        prop_assert_eq!(plain(&text).plain(), markdown(&text).plain());
        let bob = ReaderName::new("bob", &[]);
        prop_assert_eq!(bob.mentions(plain(&text)), bob.mentions(markdown(&text)));
    }
}
