//! Blocks: sources, and the outlines of their trees.

use super::{check, parse};

#[test]
fn paragraphs() {
    check(&[
        ("", ""),
        ("\n \n\t\n", ""),
        ("a", "p['a']"),
        ("  a \nb\t\n\n\n c", "p['a' / 'b'] p['c']"),
        ("a\r\nb\r\n\r\nc", "p['a' / 'b'] p['c']"),
        ("        not code", "p['not code']"),
        ("a\n===\nb\n---", "p['a' / '===' / 'b'] hr"),
        ("[a]: https://x.test", "p['[a]: ' a https://x.test ['https://x.test']]"),
        ("<b>a</b> &amp; <!-- b -->", "p['<b>a</b> &amp; <!-- b -->']"),
        ("\u{a0}a\u{2003}", "p['\u{a0}a\u{2003}']"),
    ]);
}

#[test]
fn headings() {
    check(&[
        ("# a", "h1['a']"),
        ("###### *a* ##", "h6[i['a']]"),
        ("#\ta#", "h1['a#']"),
        ("# a #b #\\#", "h1['a #b #' '#']"),
        ("####### a", "p['####### a']"),
        ("#a", "p['#a']"),
        ("\\# a", "p['# a']"),
        ("#", "p['#']"),
        ("## ##", "p['## ##']"),
        ("a\n## b\nc", "p['a'] h2['b'] p['c']"),
        ("> ## a\n- # b", "q[h2['a']] ul[li[h1['b']]]"),
    ]);
}

#[test]
fn rules() {
    check(&[
        ("---", "hr"),
        ("a\n\n* * *\n___\n - -- -", "p['a'] hr hr hr"),
        ("--", "p['--']"),
        ("--- a", "p['--- a']"),
        ("- a\n***\n- b", "ul[li[p['a']]] hr ul[li[p['b']]]"),
        ("- ---\n- ***", "hr ul[li[hr]]"),
    ]);
}

#[test]
fn code() {
    check(&[
        ("```\na\n\n  b\n```\nc", "pre ['a\n\n  b'] p['c']"),
        ("~~~rust ignored\n*a*\n```\n~~~~", "pre rust['*a*\n```']"),
        ("````\n```\n````", "pre ['```']"),
        ("```\n```", "pre []"),
        ("```", "pre []"),
        ("```\n\n```", "pre []"),
        ("```c++\nwithout an end\n\n", "pre c++['without an end\n']"),
        ("``` `a`", "p['``` ' c['a']]"),
        ("```code```", "p[c['code']]"),
        ("~~~ `a`\nb", "pre `a`['b']"),
        ("a\n```\nb\n```", "p['a'] pre ['b']"),
        ("  ```\n  a\n    b\nc\n  ```", "pre ['a\n' '  b\nc']"),
        ("```\na\n    ```", "pre ['a\n    ```']"),
        ("``\na\n``", "p[c['a']]"),
        ("> ```\n> a\n>\n>  b\n> ```\nc", "q[pre ['a\n' '\n' ' b']] p['c']"),
        ("> ```\n> a\nb", "q[pre ['a']] p['b']"),
        ("- ```\n  a\n\n\tb\n  ```", "ul[li[pre ['a\n\n' 'b']]]"),
        ("```\r\na\r\nb\r\n```\r\n", "pre ['a\r\nb']"),
        ("```\n@ada https://x.test \\* **a**\n```", "pre ['@ada https://x.test \\* **a**']"),
    ]);
}

#[test]
fn quotes() {
    check(&[
        ("> a\n>b\n>\n> c", "q[p['a' / 'b'] p['c']]"),
        ("> a\nno lazy continuation", "q[p['a']] p['no lazy continuation']"),
        ("a\n> b\nc", "p['a'] q[p['b']] p['c']"),
        ("> a\n\n> b", "q[p['a']] q[p['b']]"),
        ("> a\n>> b\n> c", "q[p['a'] q[p['b']] p['c']]"),
        (">", "q[]"),
        ("\\> a", "p['> a']"),
        (">\ta", "q[p['a']]"),
        ("> - a\n> - b\n> c", "q[ul[li[p['a']] li[p['b']]] p['c']]"),
        (">>>>>>>> a", "q[q[q[q[q[q[p['>> a']]]]]]]"),
    ]);
}

#[test]
fn lists() {
    check(&[
        ("- a\n- b", "ul[li[p['a']] li[p['b']]]"),
        ("- a\n\n\n- b\nc", "ul[li[p['a']] li[p['b']]] p['c']"),
        ("* a\n+ b", "ul[li[p['a']]] ul[li[p['b']]]"),
        ("7. a\n9. b\n8) c", "ol7[li[p['a']] li[p['b']]] ol8[li[p['c']]]"),
        ("0. a", "ol0[li[p['a']]]"),
        ("123456789. a", "ol123456789[li[p['a']]]"),
        ("1234567890. a", "p['1234567890. a']"),
        ("- a\n  b\n\n  c\n d", "ul[li[p['a' / 'b'] p['c']]] p['d']"),
        (
            "- a\n  - b\n    - c\n  - d\n- e",
            "ul[li[p['a'] ul[li[p['b'] ul[li[p['c']]]] li[p['d']]]] li[p['e']]]",
        ),
        ("- a\n\t- b", "ul[li[p['a'] ul[li[p['b']]]]]"),
        ("1. a\n   - b\n\n     c\n2. d", "ol1[li[p['a'] ul[li[p['b'] p['c']]]] li[p['d']]]"),
        ("- a\n - b\n  - c", "ul[li[p['a']] li[p['b']] li[p['c']]]"),
        ("-      a\n  b", "ul[li[p['a' / 'b']]]"),
        ("- > a\n  > b\n- # c", "ul[li[q[p['a' / 'b']]] li[h1['c']]]"),
        ("- - 1. a", "ul[li[ul[li[ol1[li[p['a']]]]]]]"),
        ("- a\n-\n- b", "ul[li[p['a']] li[] li[p['b']]]"),
        ("- a\n-\n\n  b", "ul[li[p['a']] li[]] p['b']"),
        ("- a\n-\n  b", "ul[li[p['a']] li[p['b']]]"),
        ("-a\n1.b", "p['-a' / '1.b']"),
        ("\\- a\n1\\. b", "p['- a' / '1' '. b']"),
        ("a\n- b", "p['a'] ul[li[p['b']]]"),
        ("a\n1. b", "p['a'] ol1[li[p['b']]]"),
        ("born in\n1986. So", "p['born in' / '1986. So']"),
        ("- - - - - - - - a", "ul[li[ul[li[ul[li[ul[li[ul[li[ul[li[p['- - a']]]]]]]]]]]]]"),
    ]);
}

#[test]
fn a_message_of_nothing_but_a_marker_is_text() {
    for source in ["+", "-", "*", "2.", "1)", "#", "##", "[]()", "**", "||||"] {
        check(&[(source, &format!("p['{source}']"))]);
    }
}

#[test]
fn tables() {
    check(&[
        ("a|b\n-|-\n1|2", "table --[tr[td['a'] td['b']] tr[td['1'] td['2']]]"),
        (
            "| a | b | c | d |\n|---|:--|:-:|--:|\n| *1* | `2` |",
            "table -lcr[tr[td['a'] td['b'] td['c'] td['d']] tr[td[i['1']] td[c['2']]]]",
        ),
        ("|a|\n|-|", "table -[tr[td['a']]]"),
        ("a\n|-|", "table -[tr[td['a']]]"),
        (
            "a|b\n-|-\n1|2|3\n|",
            "table --[tr[td['a'] td['b']] tr[td['1'] td['2'] td['3']] tr[td[]]]",
        ),
        ("a||b\n-|-|-", "table ---[tr[td['a'] td[] td['b']]]"),
        ("a \\| b|`c\\|d`\n-|-", "table --[tr[td['a ' '| b'] td[c['c' '|d']]]]"),
        ("`a|b`\n-|-", "table --[tr[td['`a'] td['b`']]]"),
        ("a|b\n-|-|-", "p['a|b' / '-|-|-']"),
        ("a|b\n-|x", "p['a|b' / '-|x']"),
        ("a|b\n:|-", "p['a|b' / ':|-']"),
        ("a\n---", "p['a'] hr"),
        (
            "text\na|b\n-|-\n1|2\n\nc|d",
            "p['text'] table --[tr[td['a'] td['b']] tr[td['1'] td['2']]] p['c|d']",
        ),
        ("a|b\n-|-\n> q", "table --[tr[td['a'] td['b']]] q[p['q']]"),
        ("> a|b\n> -|-\n> 1|2", "q[table --[tr[td['a'] td['b']] tr[td['1'] td['2']]]]"),
        ("- a|b\n  -|-", "ul[li[table --[tr[td['a'] td['b']]]]]"),
    ]);
}

#[test]
fn a_block_is_at_the_range_of_its_markup() {
    let source = "> - a\n>   b\n\n~~~ c\n d\n~~~ \n# e #\n|f|\n|-|\n|g|";
    let tree = parse(source);
    let ranges = tree.blocks.iter().map(|block| &source[block.range.clone()]);
    let expected = ["> - a\n>   b", "~~~ c\n d\n~~~", "# e #", "|f|\n|-|\n|g|"];
    assert_eq!(ranges.collect::<Vec<_>>(), expected);
    let item = &tree.blocks[0].children[0].children[0];
    assert_eq!(&source[item.range.clone()], "- a\n>   b");
}
