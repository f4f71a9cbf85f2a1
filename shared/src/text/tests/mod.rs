//! Golden texts, and properties that hold for every text.

use proptest::prelude::*;

use super::*;
use crate::unicode;

mod format;

fn plain(text: &str) -> FormattedText<'_> {
    FormattedText::new(Format::Text, text)
}

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

/// Texts with the addresses that they link to.
#[test]
fn links_end_before_the_punctuation_of_every_script() {
    for (text, expected) in [
        ("见https://x.test/a。谢谢", "https://x.test/a"),
        ("见https://x.test/a，谢谢", "https://x.test/a"),
        ("「https://x.test/a」を見て", "https://x.test/a"),
        ("（https://x.test/a）", "https://x.test/a"),
        ("https://x.test/a（説明）", "https://x.test/a"),
        ("https://x.test/病院（東京）、", "https://x.test/病院（東京）"),
        ("„https://x.test/a“", "https://x.test/a"),
        ("“https://x.test/a”, he said", "https://x.test/a"),
        ("« https://x.test/a », «https://x.test/a»", "https://x.test/a"),
        ("‹https://x.test/a›", "https://x.test/a"),
        ("https://x.test/l’été’", "https://x.test/l’été"),
        ("https://x.test/a… https://x.test/a—", "https://x.test/a"),
        ("شاهد https://x.test/a، ثم https://x.test/a؟", "https://x.test/a"),
        ("देखें https://x.test/a।", "https://x.test/a"),
        ("https://x.test/a՞ https://x.test/a። https://x.test/a។", "https://x.test/a"),
        ("**https://x.test/a** _https://x.test/a_ ~~https://x.test/a~~", "https://x.test/a"),
        ("||https://x.test/a|| *https://x.test/a*.", "https://x.test/a"),
        ("([https://x.test/a])( https://x.test/a( ", "https://x.test/a"),
        ("https://x.test/a_(b)_", "https://x.test/a_(b)"),
        ("https://x.test/a\u{200b} https://x.test/a\u{2060}b", "https://x.test/a"),
        ("https://x.test/a\u{202e}moc.live", "https://x.test/a"),
        ("https://x.test/a\u{2066}b\u{2069}", "https://x.test/a"),
        ("https://x.test/a\u{200f}b https://x.test/a\u{ad}b", "https://x.test/a"),
        ("https://x.test/a\u{200d}b https://x.test/a\u{3164}b", "https://x.test/a"),
        ("https://x.test/a\u{2800}b https://x.test/a\u{1b}b", "https://x.test/a"),
        ("https://x.test/می\u{200c}خواهم", "https://x.test/می\u{200c}خواهم"),
        ("https://x.test/❤\u{fe0f}", "https://x.test/❤\u{fe0f}"),
        ("https://x.test/e\u{301}", "https://x.test/e\u{301}"),
    ] {
        let found: Vec<_> = links(text).collect();
        assert!(
            !found.is_empty() && found.iter().all(|link| *link == expected),
            "{text}: {found:?}"
        );
    }
}

/// Names that exist, in twelve scripts, with texts that mention them.
const MENTIONED: &[(&str, &[&str])] = &[
    // Latin
    (
        "ada",
        &[
            "@ada",
            "Hi (@Ada), ",
            "@ADA's",
            "@ada’s",
            "@ada!",
            "@ada: hi",
            "@ada, @bob",
            "@ada…",
            "@ada—",
            "@ada-",
            "\"@ada\"",
            "'@ada'",
            "[@ada]",
            "“@ada”",
            "«@ada»",
            "**@ada**",
            "_@ada_",
            "~~@ada~~",
            "`@ada`",
            "||@ada||",
            "> @ada",
            "#@ada",
            "@ada/@bob",
            "@ada\u{200b}",
            "\u{2068}@ada\u{2069}",
            "见@ada。",
            "@ada님",
            "@adaさん",
            "＠ada",
            "@ada.",
            "@ada... ",
            "@ada is here",
            "@ada\nlee",
            "-@ada",
        ],
    ),
    (
        "ann lee",
        &[
            "@ann lee",
            "@Ann Lee's",
            "(@ann lee)",
            "@ann\u{a0}lee!",
            "@ann lee and others",
            "@ann lee, you",
        ],
    ),
    ("a_b_", &["@a_b_", "\"@a_b_\"", "@A_B_!"]),
    ("c.d", &["@c.d", "@c.d.", "'@c.d'"]),
    ("jörg", &["@jörg", "@jo\u{308}rg!", "@JÖRG"]),
    ("o'brien", &["@o'brien", "@O'Brien's"]),
    // Cyrillic, Greek, Armenian, Georgian
    ("юля", &["@юля", "@Юля, привет", "«@Юля»", "(@юля)"]),
    ("андрей", &["@андрей", "@Андреи\u{306}!"]),
    ("ελένη", &["@ελένη", "@Ελένη·", "@ΕΛΈΝΗ;"]),
    ("արամ", &["@արամ", "@Արամ։", "@արամ՞"]),
    ("ნინო", &["@ნინო", "@ნინო!"]),
    // Hebrew, Arabic
    ("דנה", &["@דנה", "@דנה, שלום", "״@דנה״", "(@דנה)"]),
    ("علي", &["@علي", "@علي، مرحبا", "@علي؟", "«@علي»"]),
    ("مى\u{200c}خ", &["@مى\u{200c}خ", "@مى\u{200c}خ."]),
    // Devanagari, Tamil, Thai
    ("राहुल", &["@राहुल", "@राहुल।", "(@राहुल)", "@राहुल जी"]),
    ("கமல்", &["@கமல்", "@கமல்!"]),
    ("สมชาย", &["@สมชาย", "@สมชายครับ", "ขอบคุณ@สมชาย"]),
    // Han, Kana, Hangul
    ("田中", &["@田中", "@田中さん", "@田中、", "「@田中」", "見て@田中"]),
    ("アン", &["@アン", "@アンさん", "@アン。"]),
    ("ｱﾝ", &["@ｱﾝ!"]),
    ("철수", &["@철수", "@철수, 안녕", "@\u{110e}\u{1165}\u{11af}\u{1109}\u{116e}!"]),
    // Ethiopic
    ("አበበ", &["@አበበ", "@አበበ።"]),
];

#[test]
fn a_name_is_mentioned_in_every_script() {
    let exists = |key: &str| key == "bob" || MENTIONED.iter().any(|(name, _)| *name == key);
    for (name, texts) in MENTIONED {
        for text in *texts {
            let mut found = mentions(text, exists);
            found.retain(|name| name != "bob");
            assert_eq!(found, [*name], "{text:?}");
            assert!(ReaderName::new(name, &[]).is_mentioned(plain(text)), "{text:?}");
        }
    }
}

#[test]
fn a_part_of_a_word_is_no_mention() {
    let exists =
        |key: &str| ["ada", "アン", "철수", "राहु", "علي", "田", "田中", "jo", "x"].contains(&key);
    for text in [
        "mail@ada.test",
        "a1@ada",
        "@adam",
        "@ada_lee",
        "@ada1",
        "@ада",
        "@ ada",
        "@",
        "@ada.test",
        "@ada\u{301}",
        "http://x.test/@ada",
        "http://ada@x.test",
        "@アンナ",
        "@철수야",
        "@राहुल",
        "@عليا",
        "@jo\u{308}rg",
    ] {
        assert_eq!(mentions(text, exists), [""; 0], "{text:?}");
    }
    assert_eq!(mentions("@田中さん @田さん", exists), ["田中", "田"]);
}

#[test]
fn the_longest_name_that_exists_is_mentioned() {
    let names = |text: &str, known: &[&str]| mentions(text, |key| known.contains(&key));
    let all = ["ann", "ann lee", "ann lee jones", "lee"];
    assert_eq!(
        names("@ann lee jones, @ann lee-jones @ann le @ann", &all),
        ["ann lee jones", "ann lee", "ann", "ann"]
    );
    assert_eq!(names("@ann @lee", &["ann", "ann @lee", "lee"]), ["ann @lee"]);
    assert_eq!(names(&"@ann ".repeat(60), &all).len(), rules::MENTIONS_MAX);
    let long = "x ".repeat(75);
    assert_eq!(names(&format!("@{long}"), &[long.trim()]), [""; 0], "more ends than are tried");
    assert!(mention_keys(&"@x ".repeat(5_000)).len() <= rules::MENTIONS_MAX * 32);
}

#[test]
fn only_the_name_of_the_reader_is_a_mention_for_them() {
    let expected = [Span::Text("Hi ("), Span::Mention("@Ada"), Span::Text("), and @adam")];
    assert_eq!(ReaderName::new("ADA", &[]).spans("Hi (@Ada), and @adam"), expected);
    let ann = ReaderName::new("ann", &["Ann Lee".into()]);
    assert!(ann.is_mentioned(plain("@ann leeds")) && !ann.is_mentioned(plain("@ann lee, hi")));
    assert!(ReaderName::new("Ann Lee", &[]).is_mentioned(plain("@ann lee, hi")));
}

#[test]
fn only_links_to_messages_of_this_server_are_permalinks() {
    let find = |text: &str| plain(text).permalinks("http://h.test:8000");
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
            "*", "_", "~", "。", "「", "」", "“", "”", "’", "\u{202e}", "\u{200d}", "\u{fe0f}", "病", "е\u{301}",
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
        let ada = ReaderName::new("ada", &["ada (".into()]);
        let joined: String = ada.spans(&text).iter().map(|span| span.as_str()).collect();
        prop_assert_eq!(joined, text);
    }

    #[test]
    fn a_link_without_its_context_is_one_link(text in text()) {
        for link in links(&text) {
            prop_assert_eq!(spans(link), [Span::Link(link)]);
            prop_assert!(!link.contains(unicode::is_bidi_control), "{:?}", link);
        }
    }
}
