//! The golden set, and properties that hold for every text.

use proptest::prelude::*;

use super::*;
use crate::search::{Query, Term, parse};

fn matches(query: &str, text: &str) -> bool {
    Matcher::new(&parse(query).unwrap()).is_match(text)
}

fn words(text: &str) -> Vec<String> {
    index_tokens(text)
        .into_iter()
        .filter(|token| !token.is_subword)
        .map(|token| token.text)
        .collect()
}

fn subwords(text: &str) -> Vec<String> {
    index_tokens(text)
        .into_iter()
        .filter(|token| token.is_subword)
        .map(|token| token.text)
        .collect()
}

#[test]
fn the_golden_set_matches() {
    for (query, text) in golden::FOUND {
        assert!(matches(query, text), "{query} in {text}: {:?}", index_tokens(text));
    }
    for (query, text) in golden::NOT_FOUND {
        assert!(!matches(query, text), "{query} in {text}: {:?}", index_tokens(text));
    }
}

#[test]
fn short_texts_with_many_matches_are_the_most_relevant() {
    let score = |text: &str, query: &str| Matcher::new(&parse(query).unwrap()).relevance(text);
    let short = score("the disk is full", "disk");
    assert!(short > score(&format!("the disk is full {}", "and so on ".repeat(20)), "disk"));
    assert!(score("disk disk", "disk") > score("disk tape", "disk"));
    assert!(short > score("the disks are full", "disk"), "the word itself counts more");
    assert_eq!(score("tape", "disk"), 0.0);
}

#[test]
fn tokens_have_their_range_and_position() {
    let text = "Fra\u{308}se PLT-3 病院内 getHTTPName x_y";
    let found = |is_subword| {
        let tokens =
            index_tokens(text).into_iter().filter(move |token| token.is_subword == is_subword);
        tokens.map(|token| (token.text, &text[token.range], token.position)).collect::<Vec<_>>()
    };
    let expect = |expected: &[(&str, &'static str, usize)]| {
        expected.iter().map(|(t, s, p)| ((*t).to_owned(), *s, *p)).collect::<Vec<_>>()
    };
    assert_eq!(
        found(false),
        expect(&[
            ("frase", "Fra\u{308}se", 0),
            ("plt", "PLT", 1),
            ("3", "3", 2),
            ("病院", "病院", 3),
            ("院内", "院内", 4),
            ("内", "内", 5),
            ("gethttpname", "getHTTPName", 6),
            ("x", "x", 7),
            ("y", "y", 8),
        ])
    );
    assert_eq!(
        found(true),
        expect(&[
            ("get", "get", 6),
            ("http", "HTTP", 6),
            ("name", "Name", 6),
            ("httpname", "HTTPName", 6),
        ])
    );
    assert_eq!(index_columns("C++ aB").words, "zqcz0017z0017 zqab");
    assert_eq!(index_columns("C++ aB").subwords, "zqa zqb");
}

#[test]
fn only_camel_case_names_have_subwords() {
    assert_eq!(subwords("hostname HOST Host x86 ẞa"), [] as [&str; 0]);
    assert_eq!(subwords(&"aB".repeat(12)).len(), 0);
    assert_eq!(subwords(&format!("A{}", "bC".repeat(11))).len(), 22);
    assert_eq!(subwords("straßeNord"), ["strasse", "nord"]);
}

#[test]
fn a_long_run_continues_in_the_next_token() {
    let run = "0123456789".repeat(25);
    assert_eq!(words(&run).iter().map(String::len).collect::<Vec<_>>(), [80, 80, 80, 10]);
    assert_eq!(words(&"z".repeat(50)).iter().map(String::len).collect::<Vec<_>>(), [40, 10]);
    assert!(matches(&run, &format!("x {run} y")));
    assert!(matches(&format!("{}*", &run[..200]), &run));
    assert!(!matches(&run, &run[..240]));
}

#[test]
fn ranges_are_sorted_and_merged() {
    let matched = |query: &str, text: &'static str| -> Vec<&str> {
        let matcher = Matcher::new(&parse(query).unwrap());
        matcher.ranges(text).into_iter().map(|range| &text[range]).collect()
    };
    assert_eq!(matched("host OR ~na db", "db of hostname, banana"), ["db", "hostname", "nana"]);
    assert_eq!(matched("PLT-3699", "see PLT-3699."), ["PLT-3699"]);
    assert_eq!(matched("病", "大病院"), ["病"]);
    assert_eq!(matched("病院", "大病院内"), ["病院"]);
    assert_eq!(matched("院", "病院"), ["院"]);
    assert_eq!(matched("キ", "5㌔"), ["㌔"]);
    assert_eq!(matched("user", "getUserName"), ["UserName"]);
    assert_eq!(matched("~s", "Straße"), ["S", "ß"]);
    assert_eq!(matched("👍", "ok 👍🏽!"), ["👍🏽"]);
    assert_eq!(matched("-disk from:me", "disk"), [] as [&str; 0]);
    assert_eq!(matched("a b", "b-a"), ["b", "a"]);
}

#[test]
fn terms_compile_to_tokens_or_substrings() {
    let tokens = |term: Term| match compile_term(&term) {
        CompiledTerm::Tokens { tokens, in_subwords } => {
            let tokens = tokens.into_iter().map(|token| (token.text, token.is_prefix));
            (tokens.collect::<Vec<_>>(), in_subwords)
        }
        other => panic!("{other:?}"),
    };
    let one = |text: &str, is_prefix| vec![(text.to_owned(), is_prefix)];
    assert_eq!(tokens(Term::Word("host".into())), (one("host", true), true));
    assert_eq!(tokens(Term::Word("ab".into())), (one("ab", false), true));
    assert_eq!(tokens(Term::Word("2026".into())), (one("2026", false), true));
    assert_eq!(tokens(Term::Prefix("2".into())), (one("2", true), true));
    assert_eq!(tokens(Term::Phrase("host".into())), (one("host", false), false));
    assert_eq!(tokens(Term::Phrase("病".into())), (one("病", true), false));
    assert_eq!(tokens(Term::Prefix("病院".into())), (one("病院", false), true));
    assert_eq!(compile_term(&Term::Word("—".into())), CompiledTerm::Nothing);
    assert_eq!(compile_term(&Term::Substring("\u{300}".into())), CompiledTerm::Nothing);
    assert_eq!(compile_term(&Term::Substring("Ä-".into())), CompiledTerm::Substring("a-".into()));
}

/// Texts with every kind of character that the tokenizer distinguishes.
fn text() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        4 => prop::sample::select(&[
            "get", "User", "HTTP", "plt-36", "C++", "c#", "_", ".", "-", " ", " ", "病院", "機", "が", "ｶﾞ",
            "학", "\u{1161}", "สวัส", "😀", "👍🏽", "🇩", "🇪", "Fra\u{308}se", "ß", "ẞ", "שָׁ", "مُ", "ㄱ", "㌔",
            "z", "½", "İ", "ﷺ", "\u{300}", "\u{309a}", "€", "™", "й", "и\u{306}", "ё", "°",
        ][..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[a-zA-Z]{70,90}",
    ];
    prop::collection::vec(fragment, 0..12).prop_map(|fragments| fragments.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn encoding_is_reversible_and_preserves_prefixes(a in text(), b in text()) {
        for token in [&a, &b] {
            prop_assert_eq!(decode(&encode(token)), Some(token.clone()));
        }
        prop_assert_eq!(encode(&b).starts_with(&encode(&a)), b.starts_with(&a));
        let longer = format!("{a}{b}");
        prop_assert!(encode(&longer).starts_with(&encode(&a)));
    }

    #[test]
    fn folding_is_idempotent(text in text()) {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
    }

    #[test]
    fn tokens_are_in_order_and_fit_every_engine(text in text()) {
        let mut at = (0, 0);
        let mut words = 0;
        for token in index_tokens(&text) {
            prop_assert!(!token.text.is_empty());
            prop_assert!(!text[token.range.clone()].is_empty());
            let encoded = encode(&token.text);
            prop_assert!((3..=84).contains(&encoded.chars().count()), "{}", encoded);
            prop_assert!(encoded.chars().all(char::is_alphanumeric), "{}", encoded);
            if !token.is_subword {
                prop_assert_eq!(token.position, words);
                prop_assert!(at <= (token.range.start, token.range.end));
                at = (token.range.start, token.range.end);
                words += 1;
            }
        }
        let columns = index_columns(&text);
        prop_assert_eq!(columns.words.split_whitespace().count(), words);
    }

    #[test]
    fn a_text_matches_itself(text in text(), before in text(), after in text()) {
        let whole = format!("{before} {text} {after}");
        for term in [Term::Word(text.clone()), Term::Phrase(text.clone()), Term::Substring(text.clone())] {
            let query = Query { all_of: vec![super::super::AnyOf(vec![term])], ..Query::default() };
            prop_assert!(Matcher::new(&query).is_match(&whole), "{:?}", query);
        }
    }

    #[test]
    fn ranges_are_valid_and_disjoint(text in text(), a in text(), b in text()) {
        let terms = vec![Term::Word(a.clone()), Term::Substring(b), Term::Prefix(a)];
        let query = Query { all_of: vec![super::super::AnyOf(terms)], ..Query::default() };
        let matcher = Matcher::new(&query);
        let ranges = matcher.ranges(&text);
        for range in &ranges {
            prop_assert!(text.get(range.clone()).is_some_and(|matched| !matched.is_empty()));
        }
        prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start));
        let has_tokens = query.all_of[0].0.iter().any(|term| compile_term(term) != CompiledTerm::Nothing);
        prop_assert_eq!(matcher.is_match(&text), !ranges.is_empty() || !has_tokens);
    }
}
