//! The ways to read a tree.

use super::parse;

#[test]
fn plain_text_has_no_markup() {
    for (source, expected) in [
        ("", ""),
        ("# a\n\n**b** *c\nd*", "a\nb c\nd"),
        ("> - a\n>   - b\n\n1. c", "a\nb\nc"),
        ("```rust\na\n\n  *b*\n```\nc", "a\n\n  *b*\nc"),
        ("a `*b*` \\*c\\*", "a *b* *c*"),
        ("|a|b|\n|-|-|\n|1|", "a b\n1"),
        ("[a](https://x.test) https://y.test", "a https://y.test"),
        ("a ||b\n`c` ~~d~~|| e", "a ▒▒▒ e"),
        ("---\na", "a"),
    ] {
        assert_eq!(parse(source).plain(), expected, "{source:?}");
    }
}

#[test]
fn texts_say_where_an_at_sign_mentions_nobody() {
    let tree =
        parse("@a **@b** `@c`\n[@d](https://x.test) https://x.test/@e ||@f||\n```\n@g\n```\n> @h");
    let mentions = tree.texts().filter(|run| !run.is_verbatim && run.text.contains('@'));
    assert_eq!(mentions.map(|run| run.text).collect::<String>(), "@a @b@f@h");
    for run in tree.texts() {
        assert_eq!(run.text, &tree.source[run.range]);
    }
}

#[test]
fn a_tree_knows_its_links_and_whether_it_has_code() {
    let tree = parse("[a](https://x.test)\n- <http://y.test>, `https://z.test`");
    assert_eq!(tree.links().collect::<Vec<_>>(), ["https://x.test", "http://y.test"]);
    for (source, expected) in [
        ("`a`", true),
        ("> ~~~\n> a", true),
        ("**`a`**", true),
        ("` `", false),
        ("```\n \n```", false),
        ("a ` b", false),
        ("\\`a\\`", false),
    ] {
        assert_eq!(parse(source).has_code(), expected, "{source:?}");
    }
}
