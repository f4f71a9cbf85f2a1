//! The golden set: what is found by what, and the promises that hold for any text.

use proptest::prelude::*;

use super::*;
use crate::search::{Query, Text, parse};

fn finds(query: &str, text: &str) -> bool {
    is_match(text, &parse(query).unwrap())
}

fn words(text: &str) -> Vec<String> {
    index_tokens(text).into_iter().filter(|token| !token.is_part).map(|token| token.text).collect()
}

fn parts(text: &str) -> Vec<String> {
    index_tokens(text).into_iter().filter(|token| token.is_part).map(|token| token.text).collect()
}

#[test]
fn the_golden_set_is_found() {
    for (query, text) in [
        ("PLT-3699", "see PLT-3699, please"),
        ("plt-3699", "PLT-3699"),
        ("3699", "PLT-3699"),
        ("db.json", "rm backup/db.json;"),
        ("json", "db.json"),
        ("10.4.1.74", "ping 10.4.1.74:8080"),
        ("example.org/a/b", "https://www.example.org/a/b?c=d#e"),
        ("https://example.org/a?b=c", "<https://example.org/a?b=c>"),
        ("12:30", "um 12:30 Uhr"),
        ("std::sync::Arc", "use std::sync::Arc;"),
        ("host", "the hostname"),
        ("fras", "die Fräse"),
        ("FRÄSE", "fra\u{308}se"),
        ("strasse", "Straße"),
        ("straße", "STRASSE"),
        ("lodz", "Łódź"),
        ("ok", "ist OK."),
        ("AND", "this and that"),
        ("NOT", "why not"),
        ("or", "now or never"),
        ("\"OR\"", "now or never"),
        ("😀", "gut😀!"),
        ("👍", "👍🏽"),
        ("👩‍💻", "x 👩‍💻 y"),
        ("💻", "👩‍💻"),
        ("🇩🇪", "in 🇩🇪🇫🇷"),
        ("user", "getUserName()"),
        ("username", "getUserName()"),
        ("getusername", "getUserName()"),
        ("getUserName", "getUserName()"),
        ("get", "getUserName()"),
        ("user", "get_user_name"),
        ("user_name", "get_user_name"),
        ("id", "userIdMap"),
        ("server", "HTTPServer2"),
        ("\"the getUserName function\"", "call the getUserName function"),
    ] {
        assert!(finds(query, text), "{query} in {text}: {:?}", index_tokens(text));
    }
}

#[test]
fn signs_and_accents_are_found() {
    for (query, text) in [
        ("C++", "in C++17 oder"),
        ("g++", "G++"),
        ("c#", "(C#)"),
        ("f#", "F# is"),
        ("pr", "PR#12"),
        ("#tag", "a #tag"),
        ("tag", "a #tag"),
        ("ａｂｃ", "abc"),
        ("école", "ECOLE"),
        ("ΟΔΟΣ", "οδός"),
        ("ежик", "ёжик"),
    ] {
        assert!(finds(query, text), "{query} in {text}: {:?}", index_tokens(text));
    }
}

#[test]
fn scripts_without_blanks_are_found_by_any_length() {
    for (query, text) in [
        ("病", "大病院です"),
        ("院", "大病院"),
        ("病院", "大病院です"),
        ("大病院", "大病院です"),
        ("機能し", "正常に機能している"),
        ("病*", "大病院"),
        ("\"病院\"", "病院"),
        ("3月", "2026年3月1日"),
        ("3月1日", "2026年3月1日"),
        ("月", "3月"),
        ("病院abc", "大病院abc"),
        ("学", "학교에서 学校"),
        ("학교", "학교에서"),
        ("교", "학교에서"),
        ("\u{1112}\u{1161}\u{11a8}교", "학교에서"),
        ("ガ", "ﾒｶﾞﾈ"),
        ("สวัส", "สวัสดีครับ"),
        ("キロ", "5㌔"),
        ("キ", "5㌔"),
    ] {
        assert!(finds(query, text), "{query} in {text}: {:?}", index_tokens(text));
    }
    for (query, text) in
        [("病気", "病院の気"), ("院病", "病院"), ("か", "が"), ("月1", "月曜1"), ("病院病", "病院")]
    {
        assert!(!finds(query, text), "{query} in {text}");
    }
}

#[test]
fn points_of_right_to_left_text_do_not_count() {
    for (query, text) in [
        ("שלום", "שָׁלוֹם עולם"),
        ("שָׁלוֹם", "שלום"),
        ("محمد", "قال مُحَمَّدٌ ذلك"),
        ("مـحـمـد", "محمد"),
        ("احمد", "أحمد"),
        ("\"שלום עולם\"", "שָׁלוֹם\u{200f} עוֹלָם"),
    ] {
        assert!(finds(query, text), "{query} in {text}: {:?}", index_tokens(text));
    }
    assert!(finds("हिन्दी", "हिन्दी में"));
    assert!(!finds("\"हिन्द\"", "हिन्दी"));
}

#[test]
fn what_is_not_meant_is_not_found() {
    for (query, text) in [
        ("PLT-3699", "PLT 36990"),
        ("PLT-3699", "3699 PLT"),
        ("369", "3699"),
        ("ho", "hostname"),
        ("\"host\"", "hostname"),
        ("name", "hostname"),
        ("C", "C++ and C#"),
        ("C++", "C and C#"),
        ("c#", "c++"),
        ("\"user\"", "getUserName"),
        ("\"get user\"", "getUserName"),
        ("erna", "getUserName"),
        ("10.4.1.74", "10.4.1.7.4"),
        ("disk -full", "disk full"),
        ("disk full", "disk"),
        ("\"a b\"", "a x b"),
        ("~\"a  b\"", "a b"),
        ("😀", "😃"),
        ("🇪🇫", "🇩🇪🇫🇷"),
    ] {
        assert!(!finds(query, text), "{query} in {text}: {:?}", index_tokens(text));
    }
}

#[test]
fn the_parts_of_a_query_go_together() {
    for (query, text) in [
        ("ho*", "hostname"),
        ("~stna", "hostname"),
        ("~\"k FÜL\"", "DISK\nFUL"),
        ("~->", "a->b"),
        ("disk OR ssd full", "ssd full"),
        ("full -ssd", "disk full"),
        ("— disk", "disk"),
        ("— OR disk", "disk"),
        ("\u{5b0}", "anything"),
        ("from:ada", "anything"),
        ("", ""),
    ] {
        assert!(finds(query, text), "{query} in {text}");
    }
    assert!(!finds("— OR disk", "ssd"));
    assert!(!finds("disk -~stna", "disk hostname"));
    assert!(finds("disk -\u{5b0}", "disk"));
}

#[test]
fn tokens_say_where_they_are() {
    let text = "Fra\u{308}se PLT-3 病院内 getHTTPName x_y";
    let found = |is_part| {
        let tokens = index_tokens(text).into_iter().filter(move |token| token.is_part == is_part);
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
    assert_eq!(streams("C++ aB").words, "zqcz0017z0017 zqab");
    assert_eq!(streams("C++ aB").parts, "zqa zqb");
}

#[test]
fn what_is_no_name_has_no_parts() {
    assert_eq!(parts("hostname HOST Host x86 ẞa"), [] as [&str; 0]);
    assert_eq!(parts(&"aB".repeat(12)).len(), 0);
    assert_eq!(parts(&format!("A{}", "bC".repeat(11))).len(), 22);
    assert_eq!(parts("straßeNord"), ["strasse", "nord"]);
}

#[test]
fn a_long_run_goes_on_in_the_next_token() {
    let run = "0123456789".repeat(25);
    assert_eq!(words(&run).iter().map(String::len).collect::<Vec<_>>(), [80, 80, 80, 10]);
    assert_eq!(words(&"z".repeat(50)).iter().map(String::len).collect::<Vec<_>>(), [40, 10]);
    assert!(finds(&run, &format!("x {run} y")));
    assert!(finds(&format!("{}*", &run[..200]), &run));
    assert!(!finds(&run, &run[..240]));
}

#[test]
fn marks_are_sorted_and_merged() {
    let marked = |query: &str, text: &'static str| -> Vec<&str> {
        matches(text, &parse(query).unwrap()).into_iter().map(|range| &text[range]).collect()
    };
    assert_eq!(marked("host OR ~na db", "db of hostname, banana"), ["db", "hostname", "nana"]);
    assert_eq!(marked("PLT-3699", "see PLT-3699."), ["PLT-3699"]);
    assert_eq!(marked("病", "大病院"), ["病"]);
    assert_eq!(marked("病院", "大病院内"), ["病院"]);
    assert_eq!(marked("院", "病院"), ["院"]);
    assert_eq!(marked("キ", "5㌔"), ["㌔"]);
    assert_eq!(marked("user", "getUserName"), ["UserName"]);
    assert_eq!(marked("~s", "Straße"), ["S", "ß"]);
    assert_eq!(marked("👍", "ok 👍🏽!"), ["👍🏽"]);
    assert_eq!(marked("-disk from:me", "disk"), [] as [&str; 0]);
    assert_eq!(marked("a b", "b-a"), ["b", "a"]);
}

#[test]
fn what_is_wanted() {
    let tokens = |text: Text| match wanted(&text) {
        Wanted::Tokens { tokens, in_parts } => {
            let tokens = tokens.into_iter().map(|token| (token.text, token.is_prefix));
            (tokens.collect::<Vec<_>>(), in_parts)
        }
        other => panic!("{other:?}"),
    };
    let one = |text: &str, is_prefix| vec![(text.to_owned(), is_prefix)];
    assert_eq!(tokens(Text::Word("host".into())), (one("host", true), true));
    assert_eq!(tokens(Text::Word("ab".into())), (one("ab", false), true));
    assert_eq!(tokens(Text::Word("2026".into())), (one("2026", false), true));
    assert_eq!(tokens(Text::Prefix("2".into())), (one("2", true), true));
    assert_eq!(tokens(Text::Phrase("host".into())), (one("host", false), false));
    assert_eq!(tokens(Text::Phrase("病".into())), (one("病", true), false));
    assert_eq!(tokens(Text::Prefix("病院".into())), (one("病院", false), true));
    assert_eq!(wanted(&Text::Word("—".into())), Wanted::Nothing);
    assert_eq!(wanted(&Text::Substring("\u{300}".into())), Wanted::Nothing);
    assert_eq!(wanted(&Text::Substring("Ä-".into())), Wanted::Substring("a-".into()));
}

/// Text of everything that is cut in a way of its own.
fn text() -> impl Strategy<Value = String> {
    let bit = prop_oneof![
        4 => prop::sample::select(&[
            "get", "User", "HTTP", "plt-36", "C++", "c#", "_", ".", "-", " ", " ", "病院", "機", "が", "ｶﾞ",
            "학", "\u{1161}", "สวัส", "😀", "👍🏽", "🇩", "🇪", "Fra\u{308}se", "ß", "ẞ", "שָׁ", "مُ", "ㄱ", "㌔",
            "z", "½", "İ", "ﷺ", "\u{300}", "\u{309a}",
        ][..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[a-zA-Z]{70,90}",
    ];
    prop::collection::vec(bit, 0..12).prop_map(|bits| bits.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_token_comes_back_from_its_code(a in text(), b in text()) {
        for token in [&a, &b] {
            prop_assert_eq!(decode(&encode(token)), Some(token.clone()));
        }
        prop_assert_eq!(encode(&b).starts_with(&encode(&a)), b.starts_with(&a));
        let longer = format!("{a}{b}");
        prop_assert!(encode(&longer).starts_with(&encode(&a)));
    }

    #[test]
    fn folding_twice_is_folding_once(text in text()) {
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
            if !token.is_part {
                prop_assert_eq!(token.position, words);
                prop_assert!(at <= (token.range.start, token.range.end));
                at = (token.range.start, token.range.end);
                words += 1;
            }
        }
        let streams = streams(&text);
        prop_assert_eq!(streams.words.split_whitespace().count(), words);
    }

    #[test]
    fn a_text_is_found_by_itself(text in text(), before in text(), after in text()) {
        let whole = format!("{before} {text} {after}");
        for term in [Text::Word(text.clone()), Text::Phrase(text.clone()), Text::Substring(text.clone())] {
            let query = Query { all_of: vec![super::super::AnyOf(vec![term])], ..Query::default() };
            prop_assert!(is_match(&whole, &query), "{:?}", query);
        }
    }

    #[test]
    fn marks_are_in_the_text_and_apart(text in text(), a in text(), b in text()) {
        let terms = vec![Text::Word(a.clone()), Text::Substring(b), Text::Prefix(a)];
        let query = Query { all_of: vec![super::super::AnyOf(terms)], ..Query::default() };
        let marks = matches(&text, &query);
        for mark in &marks {
            prop_assert!(text.get(mark.clone()).is_some_and(|marked| !marked.is_empty()));
        }
        prop_assert!(marks.windows(2).all(|pair| pair[0].end < pair[1].start));
        let asks = query.all_of[0].0.iter().any(|text| wanted(text) != Wanted::Nothing);
        prop_assert_eq!(is_match(&text, &query), !marks.is_empty() || !asks);
    }
}
