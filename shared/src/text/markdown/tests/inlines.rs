//! Inlines: sources, and the outlines of their trees.

use super::{check, outline, parse};

/// Like [`check`], for texts that are one paragraph.
#[track_caller]
fn check_inlines(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        check(&[(source, &format!("p[{expected}]"))]);
    }
}

#[test]
fn bold_and_italic() {
    check_inlines(&[
        ("*a* _b_ **c** __d__", "i['a'] ' ' i['b'] ' ' b['c'] ' ' b['d']"),
        ("***a***", "i[b['a']]"),
        ("***a** b*", "i[b['a'] ' b']"),
        ("***a* b**", "b[i['a'] ' b']"),
        ("**a *b***", "b['a ' i['b']]"),
        ("*a **b** c*", "i['a ' b['b'] ' c']"),
        ("*a\nb*", "i['a' / 'b']"),
        ("a*b*c", "'a' i['b'] 'c'"),
        ("snake_case_name __init__.py", "'snake_case_name ' b['init'] '.py'"),
        ("a__b__c", "'a__b__c'"),
        ("_(a)_.", "i['(a)'] '.'"),
        ("2 * 3 * 4", "'2 * 3 * 4'"),
        ("a * b*", "'a * b*'"),
        ("*a", "'*a'"),
        ("**a*", "'*' i['a']"),
        ("*a**", "i['a'] '*'"),
        ("*a _b* c_", "i['a _b'] ' c_'"),
        ("**a* b** c*", "i[i['a'] ' b'] '* c*'"),
        ("a***b***c", "'a' i[b['b']] 'c'"),
        ("*a**b*", "i['a**b']"),
        ("****a****", "b[b['a']]"),
        ("\\*a\\* *\\**", "'*a' '* ' i['*']"),
        ("**「太字」**です", "b['「太字」'] 'です'"),
        ("これは**「太字」**です", "'これは' b['「太字」'] 'です'"),
        ("**a。**b", "'**a。**b'"),
        ("**🎉**yes", "b['🎉'] 'yes'"),
        ("*\u{a0}a*", "'*\u{a0}a*'"),
    ]);
}

#[test]
fn strike_and_spoilers() {
    check_inlines(&[
        ("~~a~~ ||b||", "s['a'] ' ' x['b']"),
        ("||~~a *b*~~||", "x[s['a ' i['b']]]"),
        ("~a~ ~~~a~~~ |a| |||a|||", "'~a~ ~~~a~~~ |a| |||a|||'"),
        ("a || b || c", "'a || b || c'"),
        ("x = a||b", "'x = a||b'"),
        ("a||b||c", "'a' x['b'] 'c'"),
        ("||a\nb||", "x['a' / 'b']"),
        ("~~a ||b~~ c||", "s['a ||b'] ' c||'"),
        ("\\||a||", "'||a||'"),
        ("||`a||` b||", "x[c['a||'] ' b']"),
        ("||:)|| **||a||**", "x[':)'] ' ' b[x['a']]"),
    ]);
}

#[test]
fn code() {
    check_inlines(&[
        ("`a`", "c['a']"),
        ("`` a`b ``", "c['a`b']"),
        ("`  a `", "c[' a']"),
        ("` `", "c[' ']"),
        ("` a`", "c[' a']"),
        ("`a", "'`a'"),
        ("``a`", "'``a`'"),
        ("`a``b`", "c['a``b']"),
        ("``a` b`c`", "'``a' c[' b'] 'c`'"),
        ("`a\\`b`", "c['a\\'] 'b`'"),
        ("\\`a`", "'`a`'"),
        ("\\``a`", "'`' c['a']"),
        ("`*a*` *`b*`", "c['*a*'] ' *' c['b*']"),
        ("`@ada https://x.test`", "c['@ada https://x.test']"),
        ("`a\nb`", "c['a' / 'b']"),
        ("[`](https://x.test)`", "'[' c['](https://x.test)']"),
        ("`a\\|b`", "c['a\\|b']"),
    ]);
}

#[test]
fn links() {
    check_inlines(&[
        ("[a](https://x.test)", "a https://x.test ['a']"),
        ("[*a* `b`](HTTP://x.test/*c*)", "a HTTP://x.test/*c* [i['a'] ' ' c['b']]"),
        ("[a](<https://x.test/(>)", "a https://x.test/( ['a']"),
        ("[a]( https://x.test  'b' )", "a https://x.test ['a']"),
        ("[a](https://x.test \"b \\\" c\")", "a https://x.test ['a']"),
        ("[a](https://x.test (b))!", "a https://x.test ['a'] '!'"),
        ("[a](https://x.test/b_(c))", "a https://x.test/b_(c) ['a']"),
        ("[a](https://x.test/\\(\\*)", "a https://x.test/(* ['a']"),
        ("[a](https://x.test/b.)", "a https://x.test/b. ['a']"),
        ("[a [b] c](https://x.test)", "a https://x.test ['a [b] c']"),
        ("[a\\]](https://x.test)", "a https://x.test ['a' ']']"),
        ("![a](https://x.test)", "'!' a https://x.test ['a']"),
        ("*a [b*](https://x.test)", "'*a ' a https://x.test ['b*']"),
        ("*a [*b](https://x.test) c*", "i['a ' a https://x.test ['*b'] ' c']"),
        ("[a [b](https://x.test)](x)", "'[a ' a https://x.test ['b'] '](x)'"),
        ("[a\nb](https://x.test\n'c')", "a https://x.test ['a' / 'b']"),
        ("[@ada](https://x.test)", "a https://x.test ['@ada']"),
        ("[a] (https://x.test)", "'[a] (' a https://x.test ['https://x.test'] ')'"),
        ("[ ](https://x.test)", "'[ ](' a https://x.test ['https://x.test'] ')'"),
        ("[a](/b) [a](#b) [a]() [a](<>)", "'[a](/b) [a](#b) [a]() [a](<>)'"),
    ]);
}

#[test]
fn addresses() {
    check_inlines(&[
        ("https://x.test/a_b_c.", "a https://x.test/a_b_c ['https://x.test/a_b_c'] '.'"),
        ("<https://x.test/a.>", "a https://x.test/a. ['https://x.test/a.']"),
        ("**https://x.test**", "b[a https://x.test ['https://x.test']]"),
        ("||https://x.test||!", "x[a https://x.test ['https://x.test']] '!'"),
        ("(https://x.test/(a))", "'(' a https://x.test/(a) ['https://x.test/(a)'] ')'"),
        ("[https://x.test/a]", "'[' a https://x.test/a ['https://x.test/a'] ']'"),
        ("https://x.test/[a]", "a https://x.test/[a] ['https://x.test/[a]']"),
        ("[https://x.test](https://x.test)", "a https://x.test ['https://x.test']"),
        ("[<https://x.test> a](https://x.test)", "a https://x.test ['https://x.test' ' a']"),
        ("https://x.test\\*", "a https://x.test\\ ['https://x.test\\'] '*'"),
        ("<https://x.test a>", "'<' a https://x.test ['https://x.test'] ' a>'"),
        ("https://x.test/`a`", "a https://x.test/ ['https://x.test/'] c['a']"),
    ]);
}

#[test]
fn no_unsafe_address_becomes_a_link() {
    for address in [
        "javascript:alert(1)",
        "javascript://x.test",
        "data:text/html,x",
        "mailto:a@x.test",
        "//x.test",
        "x.test",
        "https:x.test",
        "https://",
        "https://.",
        "hhttps://x.test",
    ] {
        for source in
            [format!("[a]({address})"), format!("[a](<{address}>)"), format!("<{address}>")]
        {
            assert_eq!(parse(&source).links().next(), None, "{source}");
        }
    }
    for hidden in
        ['\u{200b}', '\u{202e}', '\u{2066}', '\u{ad}', '\u{200d}', '\u{3164}', '\u{1b}', '\0']
    {
        let address = format!("https://x.test/a{hidden}b");
        for source in
            [format!("[a]({address})"), format!("[a](<{address}>)"), format!("<{address}>")]
        {
            let tree = parse(&source);
            assert!(tree.links().all(|url| url == "https://x.test/a"), "{source:?}");
        }
    }
}

#[test]
fn a_link_shows_no_other_address_than_it_opens() {
    check_inlines(&[
        (
            "[https://bank.test](https://evil.test)",
            "'[' a https://bank.test ['https://bank.test'] '](' a https://evil.test ['https://evil.test'] ')'",
        ),
        (
            "[[see **https://bank.test**](https://evil.test)](https://evil.test)",
            "'[[see ' b[a https://bank.test ['https://bank.test']] '](' a https://evil.test ['https://evil.test'] \
             ')](' a https://evil.test ['https://evil.test'] ')'",
        ),
        (
            "[`https://bank.test`](https://evil.test)",
            "a https://evil.test [c['https://bank.test']]",
        ),
    ]);
}

#[test]
fn escapes() {
    check_inlines(&[
        ("\\*\\_\\~\\|\\`\\[\\\\", "'*' '_' '~' '|' '`' '[' '\\'"),
        ("\\a \\ü \\ ", "'\\a \\ü \\'"),
        ("a\\\nb\\", "'a' / 'b\\'"),
        ("\\[a](https://x.test)", "'[a](' a https://x.test ['https://x.test'] ')'"),
        ("https\\://x.test", "'https' '://x.test'"),
        ("\\<https://x.test>", "'<' a https://x.test ['https://x.test'] '>'"),
    ]);
}

#[test]
fn deeper_inlines_are_literal() {
    check_inlines(&[
        (
            "*a _b *c _d *e _f *g* f_ e* d_ c* b_ a*",
            "i['a ' i['b ' i['c ' i['d ' i['e ' i['f *g* f'] ' e'] ' d'] ' c'] ' b'] ' a']",
        ),
        (
            "*a _b *c _d *e _f [g](https://x.test \n'h') f_ e* d_ c* b_ a*",
            "i['a ' i['b ' i['c ' i['d ' i['e ' i['f [g](https://x.test' / ''h') f'] ' e'] ' d'] ' c'] ' b'] ' a']",
        ),
        (
            "*a _b *c _d *e _f `g` f_ e* d_ c* b_ a*",
            "i['a ' i['b ' i['c ' i['d ' i['e ' i['f ' c['g'] ' f'] ' e'] ' d'] ' c'] ' b'] ' a']",
        ),
    ]);
}

#[test]
fn an_inline_is_at_the_range_of_its_markup() {
    let source = "> a **b\n> c** [d](https://x.test 'e')\\*";
    let tree = parse(source);
    let inlines = &tree.blocks[0].children[0].children;
    assert_eq!(outline(inlines), "'a ' b['b' / 'c'] ' ' a https://x.test ['d'] '*'");
    let sources = inlines.iter().map(|node| &source[node.range.clone()]);
    let expected = ["a ", "**b\n> c**", " ", "[d](https://x.test 'e')", "*"];
    assert_eq!(sources.collect::<Vec<_>>(), expected);
    assert_eq!(&source[inlines[1].children[1].range.clone()], "\n> ", "the line break");
}
