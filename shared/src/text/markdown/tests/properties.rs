//! Properties that hold for every text.

use proptest::prelude::*;

use super::{Kind, Node, Visit, assert_valid, outline, parse};
use crate::text::spans;

/// The number of texts for each property. `MARKDOWN_CASES=1000000` makes a fuzz test of them.
fn cases() -> u32 {
    std::env::var("MARKDOWN_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1_000)
}

/// Texts of markup, for the most part.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        16 => prop::sample::select(&[
            "*", "**", "***", "_", "__", "~~", "||", "|", "`", "``", "```", "~~~", "\\", "[", "]", "](", "(",
            ")", "<", ">", "> ", "- ", "* ", "+", "1. ", "2) ", "#", "## ", "---", "|-|", "-|-", ":-:", "!", "\"",
            "'", "https://", "http://x.test", "<https://x.test>", "](https://x.test)", "@ada", "a", "b c", "0",
            ".", ":", " ", "  ", "    ", "\t", "\n", "\n", "\n", "\n\n", "\r\n", "\r", "\0", "ü", "🎉", "「", "。", "で",
            "\u{200b}", "\u{202e}", "\u{a0}",
        ][..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => (prop::sample::select(&["*", "[", "`", ">", "- ", "|", "_", "\t"][..]), 1..20_usize)
            .prop_map(|(part, count)| part.repeat(count)),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn every_text_has_a_valid_tree(text in text()) {
        let tree = parse(&text);
        assert_valid(&tree);
        prop_assert!(tree.plain().len() <= 2 * text.len() + 9);
        for url in tree.links() {
            prop_assert!(url.to_ascii_lowercase().starts_with("http"), "{:?}", url);
            prop_assert!(!url.contains(char::is_whitespace), "{:?}", url);
        }
    }

    #[test]
    fn a_visible_text_stays_visible(text in "[-+*#_~|`>\\[\\]() 1.a\n]{1,12}") {
        let is_visible = text.chars().any(char::is_alphanumeric);
        let tree = parse(&text);
        let is_code = tree.walk().any(|visit| {
            matches!(visit, Visit::Enter(Node { kind: Kind::CodeBlock { .. }, .. }))
        });
        // The language of code, the number of an item and a spoiler are not in the plain text.
        let plain = tree.plain();
        prop_assert!(!is_visible || is_code || text.contains('1') || plain.contains(['a', '▒']), "{:?}", text);
    }

    #[test]
    fn escaped_text_is_plain_text(text in text()) {
        let line = text.replace(['\n', '\r'], " ");
        let line = line.trim_matches([' ', '\t']);
        let escaped: String = line.chars().flat_map(|c| {
            let backslash = c.is_ascii_punctuation().then_some('\\');
            backslash.into_iter().chain([c])
        }).collect();
        let tree = parse(&escaped);
        prop_assert!(tree.blocks.len() <= 1);
        prop_assert_eq!(tree.texts().map(|run| run.text).collect::<String>(), line);
    }

    #[test]
    fn text_in_code_is_verbatim(code in text(), prefix in prop::sample::select(&["", "> ", "> > "][..])) {
        let code = code.replace('\r', "");
        let fence = "`".repeat(3.max(code.len() + 1));
        let lines: Vec<_> = [&*fence].into_iter().chain(code.split('\n')).chain([&*fence])
            .map(|line| format!("{prefix}{line}")).collect();
        let source = lines.join("\n");
        let tree = parse(&source);
        prop_assert!(tree.texts().all(|run| run.is_verbatim));
        prop_assert_eq!(tree.texts().map(|run| run.text).collect::<String>(), &*code);
        prop_assert_eq!(outline(&tree.blocks).matches("pre ").count(), 1 + code.matches("pre ").count());
    }

    #[test]
    fn a_text_without_markup_has_the_links_of_plain_text(text in "(https?://|x\\.test|/|[a-z]|[,.;:?!] | |ü|。)*") {
        let text = text.trim();
        let tree = parse(text);
        let links: Vec<_> = crate::text::links(text).collect();
        prop_assert_eq!(tree.links().collect::<Vec<_>>(), links);
        prop_assert_eq!(spans(text).len(), tree.blocks.iter().map(|block| block.children.len()).sum::<usize>());
    }
}
