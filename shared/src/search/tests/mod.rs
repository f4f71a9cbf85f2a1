//! Tests of the parser, its errors, the canonical text and the highlights.

use super::*;
use crate::{ids::RoomId, rules::QUERY_MAX_CHARS};

mod properties;
mod time_span;

fn word(text: &str) -> Term {
    Term::Word(text.into())
}

fn all_of(terms: &[Term]) -> Query {
    let all_of = terms.iter().map(|term| AnyOf(vec![term.clone()])).collect();
    Query { all_of, ..Query::default() }
}

fn predicates(query: &str) -> Vec<Predicate> {
    parse(query).unwrap().filters.into_iter().map(|filter| filter.predicate).collect()
}

fn error_of(query: &str) -> (&str, String, Option<String>) {
    let error = parse(query).unwrap_err();
    (&query[error.at], error.message, error.suggestion)
}

#[test]
fn every_kind_of_term_is_parsed() {
    let phrase = |text: &str| Term::Phrase(text.into());
    let prefix = |text: &str| Term::Prefix(text.into());
    let substring = |text: &str| Term::Substring(text.into());
    for (query, terms) in [
        ("disk full", vec![word("disk"), word("full")]),
        ("\"disk full\"", vec![phrase("disk full")]),
        ("“disk full” „voll“", vec![phrase("disk full"), phrase("voll")]),
        ("\"say \"\"hi\"\"\" x", vec![phrase("say \"hi\""), word("x")]),
        ("\"never closed", vec![phrase("never closed")]),
        ("\"a\0b\nc\"", vec![phrase("a b c")]),
        ("pre* a*b c**", vec![prefix("pre"), word("a*b"), prefix("c")]),
        (
            "~sub ~\"sub string\" ~->",
            vec![substring("sub"), substring("sub string"), substring("->")],
        ),
        ("a\u{3000}b\tc\0d", vec![word("a"), word("b"), word("c"), word("d")]),
    ] {
        assert_eq!(parse(query), Ok(all_of(&terms)), "{query}");
    }
}

#[test]
fn texts_that_resemble_operators_are_words() {
    for text in [
        "C++",
        "#tag",
        "db.json",
        "PLT-3699",
        "10.4.1.74",
        "https://example.org/a?b=c",
        "http://from:8080/",
        "http:",
        "12:30",
        "std::sync::Arc",
        "from::std",
        "foo:",
        "C:\\dir",
        "localhost:8080",
        "x-forwarded-for:1",
        "{\"a\":1}",
        ":smile:",
        "AND",
        "NOT",
        "or",
        "ORDER",
        "--flag",
        "a-b",
        "don't",
        "病院",
        "😀",
        "foo\"bar",
        "(a",
    ] {
        assert_eq!(parse(text), Ok(all_of(&[word(text)])), "{text}");
        assert_eq!(parse(text).unwrap().to_string(), text);
        let negated = parse(&format!("-{text}"));
        if !text.starts_with('-') {
            assert_eq!(negated.unwrap().none_of, [word(text)], "-{text}");
        }
    }
}

#[test]
fn elements_without_searchable_text_are_ignored() {
    for query in [
        "", "  ", "\"", "\"\"", "-", "- -", "--", "~", "~\"\"", "~\" \"", "*", "**", "&", "OR",
        "OR OR", "-\"", "-*", "->", "sort:new", "“", "\0",
    ] {
        let parsed = parse(query).unwrap();
        assert!(parsed.is_empty(), "{query}: {parsed:?}");
        assert_eq!(parsed.to_string(), "");
    }
    for query in ["disk OR", "OR disk", "OR disk OR", "disk &", "& OR disk", "disk OR &", "disk -"]
    {
        assert_eq!(parse(query), Ok(all_of(&[word("disk")])), "{query}");
    }
    assert!(!parse("sort:old").unwrap().is_empty());
}

#[test]
fn or_binds_tighter_than_a_blank() {
    let query = parse("a OR \"b c\" OR d* e -f").unwrap();
    let first = vec![word("a"), Term::Phrase("b c".into()), Term::Prefix("d".into())];
    assert_eq!(query.all_of, [AnyOf(first), AnyOf(vec![word("e")])]);
    assert_eq!(query.none_of, [word("f")]);
    assert_eq!(parse("a OR OR b"), parse("a OR b"));
    assert_eq!(parse("a OR & b"), parse("a OR b"));
    assert_eq!(parse("-OR").unwrap().none_of, [word("OR")]);
    assert_eq!(parse("-OR a").unwrap().to_string(), "a -OR");
}

#[test]
fn or_next_to_a_filter_or_negation_is_an_error() {
    for query in [
        "-a OR b",
        "a OR -b",
        "a OR from:b",
        "from:b OR a",
        "from:a OR has:link",
        "from:a OR -from:b",
        "-from:a OR from:b",
        "near:1 OR a",
        "a OR sort:old",
    ] {
        let (at, message, suggestion) = error_of(query);
        assert_eq!((at, suggestion.as_deref()), ("OR", Some("\"OR\"")), "{query}");
        assert!(message.contains("between two texts"), "{message}");
    }
    assert_eq!(parse("from:a OR from:b"), parse("from:a from:b"));
}

#[test]
fn every_operator_value_is_parsed() {
    let name = |name: &str| Person::Name(name.into());
    for (query, expected) in [
        ("from:ada", Predicate::From(name("ada"))),
        ("From:@ada", Predicate::From(name("ada"))),
        ("from:\"Ada L\"", Predicate::From(name("Ada L"))),
        ("from:“Ada L”", Predicate::From(name("Ada L"))),
        ("from:me", Predicate::From(Person::Me)),
        ("FROM:Me", Predicate::From(Person::Me)),
        ("from:\"me\"", Predicate::From(name("me"))),
        ("from:@me", Predicate::From(name("me"))),
        ("from:a:b", Predicate::From(name("a:b"))),
        ("mentions:me", Predicate::Mentions(Person::Me)),
        ("mentions:bob", Predicate::Mentions(name("bob"))),
        ("in:general", Predicate::In(RoomRef::Name("general".into()))),
        ("in:#general", Predicate::In(RoomRef::Name("general".into()))),
        ("in:\"#general\"", Predicate::In(RoomRef::Name("#general".into()))),
        ("in:#12", Predicate::In(RoomRef::Id(RoomId(12)))),
        ("in:12", Predicate::In(RoomRef::Name("12".into()))),
        ("has:LINK", Predicate::Has(Has::Link)),
        ("is:unread", Predicate::Is(Is::Unread)),
        ("before:2026", Predicate::Before(TimeSpan::Year(2026))),
        ("after:7d", Predicate::After(TimeSpan::Days(7))),
        ("during:2W", Predicate::On(TimeSpan::Weeks(2))),
        ("on:Today", Predicate::On(TimeSpan::Today)),
        ("on:\"yesterday\"", Predicate::On(TimeSpan::Yesterday)),
    ] {
        assert_eq!(predicates(query), [expected], "{query}");
    }
    for (operator, values) in [("has", Has::NAMES), ("is", Is::NAMES)] {
        for value in values {
            let query = format!("{operator}:{value}");
            assert_eq!(parse(&query).unwrap().to_string(), query);
        }
    }
    let query = parse("near:120 sort:relevance -has:code x").unwrap();
    assert_eq!((query.near, query.sort), (Some(Seq(120)), Sort::Relevance));
    assert!(query.filters[0].negated);
    assert_eq!(query.to_string(), "x -has:code near:120 sort:relevance");
}

#[test]
fn every_listed_operator_is_parsed() {
    for operator in OPERATORS {
        let value = match operator.value {
            ValueKind::Person => "me",
            ValueKind::Room => "#1",
            ValueKind::Time => "today",
            ValueKind::OneOf(values) => values[1],
            ValueKind::Seq => "1",
        };
        let query = parse(&format!("{}:{value}", operator.name)).unwrap();
        assert!(!query.is_empty() && query.all_of.is_empty(), "{}", operator.name);
    }
}

#[test]
fn an_error_has_its_range_and_a_suggestion() {
    for (query, at, suggestion) in [
        ("has:links", "links", Some("link")),
        ("has:zebra", "zebra", None),
        ("is:unraed", "unraed", Some("unread")),
        ("sort:newest x", "newest", None),
        ("from: bob", "from:", None),
        ("from:@", "@", None),
        ("in:#", "#", None),
        ("in:#0", "#0", None),
        ("near:0", "0", None),
        ("near:+1", "+1", None),
        ("near:x", "x", None),
        ("-near:1", "-", None),
        ("-sort:old", "-", None),
        ("near:1 near:2", "near:2", None),
        ("sort:new sort:old", "sort:old", None),
        ("before:\"\" has:x", "before:\"\"", None),
    ] {
        let (found, message, suggested) = error_of(query);
        assert_eq!((found, suggested.as_deref()), (at, suggestion), "{query}: {message}");
    }
    assert!(error_of("has:zebra").1.contains("link, code, reply, edit or mention"));
}

#[test]
fn what_is_no_operator_is_text_with_a_hint() {
    for (query, term, at, suggestion) in [
        ("a form:bob", word("form:bob"), "form:", Some("from:")),
        ("befor:2026", word("befor:2026"), "befor:", Some("before:")),
        ("author:bob", word("author:bob"), "author:", Some("from:")),
        ("since:2026", word("since:2026"), "since:", Some("after:")),
        ("ü qwertz:bob", word("qwertz:bob"), "qwertz:bob", None),
        ("qwertz:b*", Term::Prefix("qwertz:b".into()), "qwertz:b*", None),
        ("qwertz:\"a \"\"b\"", Term::Phrase("qwertz:a \"b".into()), "qwertz:\"a \"\"b\"", None),
    ] {
        let parsed = parse(query).unwrap();
        assert_eq!(parsed.all_of.last(), Some(&AnyOf(vec![term])), "{query}");
        assert_eq!(parse(&parsed.to_string()), Ok(parsed), "{query}");
        let [hint] = &hints(query)[..] else { panic!("{query}") };
        assert_eq!((&query[hint.at.clone()], hint.suggestion.as_deref()), (at, suggestion));
    }
    assert_eq!(parse("-form:bob").unwrap().none_of, [word("form:bob")]);
    assert!(hints("qwertz:x")[0].message.contains("from, in, before"));
    for (query, suggestion) in
        [("a &", "~&"), ("—", "~—"), ("\"- >\"", "~\"- >\""), ("-&&*", "~&&")]
    {
        let [hint] = &hints(query)[..] else { panic!("{query}") };
        assert_eq!(hint.suggestion.as_deref(), Some(suggestion), "{query}");
    }
    for query in
        ["", "* - ~ \"", "a OR b", "12:30 foo: C:\\dir a::b localhost:8080", "from:ada ↩ €"]
    {
        assert_eq!(hints(query), [], "{query}");
    }
}

#[test]
fn the_error_of_a_long_query_names_the_limit() {
    let longest = "ü".repeat(QUERY_MAX_CHARS);
    assert!(parse(&longest).is_ok());
    let error = parse(&format!("{longest}üü")).unwrap_err();
    assert_eq!(error.at, 2 * QUERY_MAX_CHARS..2 * QUERY_MAX_CHARS + 4);
    assert!(error.message.contains("4000") && error.message.contains("4002"));
    assert_eq!(highlight(&format!("{longest}x")).len(), 1);
}

#[test]
fn filters_of_the_same_kind_are_alternatives() {
    let query = parse("from:a has:link from:me -from:c is:edited is:mine").unwrap();
    let from = |name: &str| Predicate::From(Person::Name(name.into()));
    let (edited, mine) = (Predicate::Is(Is::Edited), Predicate::Is(Is::Mine));
    let groups = query.filter_groups();
    assert_eq!(groups[0], [&from("a"), &Predicate::From(Person::Me)]);
    assert_eq!(groups[1..], [vec![&Predicate::Has(Has::Link)], vec![&edited], vec![&mine]]);
    assert_eq!(query.excluded_predicates().collect::<Vec<_>>(), [&from("c")]);
}

#[test]
fn narrowing_replaces_filters_of_the_same_kind() {
    let narrowed = |query: &str, predicate| parse(query).unwrap().narrow(predicate).to_string();
    let from = |name: &str| Predicate::From(Person::Name(name.into()));
    assert_eq!(narrowed("disk from:a from:bob", from("c")), "disk from:c");
    assert_eq!(narrowed("disk", from("me")), "disk from:\"me\"");
    assert_eq!(narrowed("in:\"a b\" -from:a x", from("c d")), "x in:\"a b\" -from:a from:\"c d\"");
    let march = Predicate::On("2026-03".parse().unwrap());
    assert_eq!(narrowed("during:2026 after:7d sort:old", march), "after:7d on:2026-03 sort:old");
    assert_eq!(narrowed("is:mine", Predicate::Is(Is::Edited)), "is:mine is:edited");
}

#[test]
fn without_scope_removes_room_position_and_order() {
    let query = parse("disk in:attic -in:#3 from:a near:7 sort:old").unwrap();
    assert_eq!(query.without_scope().to_string(), "disk from:a");
    assert!(parse("in:#3 near:7 sort:old").unwrap().without_scope().is_empty());
}

#[test]
fn highlights_include_the_errors() {
    let query = "a OR \"b c\" -has:x OR -d in:\"y z\"q";
    let highlights: Vec<_> =
        highlight(query).into_iter().map(|h| (&query[h.range], h.kind)).collect();
    assert_eq!(
        highlights,
        [
            ("a", HighlightKind::Term),
            ("OR", HighlightKind::Or),
            ("\"b c\"", HighlightKind::Term),
            ("-", HighlightKind::Not),
            ("has:x", HighlightKind::Error),
            ("OR", HighlightKind::Or),
            ("-", HighlightKind::Not),
            ("d", HighlightKind::Term),
            ("in:\"y z\"", HighlightKind::Operator),
            ("q", HighlightKind::Term),
        ]
    );
    let highlights: Vec<_> =
        highlight("a OR -b").into_iter().map(|highlight| highlight.kind).collect();
    assert_eq!(
        highlights,
        [HighlightKind::Term, HighlightKind::Error, HighlightKind::Not, HighlightKind::Term]
    );
}

#[test]
fn display_quotes_terms_that_resemble_syntax() {
    let terms = [word("from:me"), word("OR"), word("-x"), word("a b"), word("x*"), word("\"x")];
    let written = all_of(&terms).to_string();
    assert_eq!(written, "\"from:me\" \"OR\" \"-x\" \"a b\" \"x*\" \"\"\"x\"");
    let quoted: Vec<_> = terms.iter().map(|term| Term::Phrase(term.as_str().into())).collect();
    assert_eq!(parse(&written), Ok(all_of(&quoted)));
}

#[test]
fn an_error_survives_a_json_round_trip() {
    let error = parse("has:links").unwrap_err();
    let json = serde_json::to_value(&error).unwrap();
    assert_eq!(json["at"], serde_json::json!({"start": 4, "end": 9}));
    assert_eq!(json["suggestion"], "link");
    assert_eq!(serde_json::from_value::<QueryError>(json).unwrap(), error);
}
