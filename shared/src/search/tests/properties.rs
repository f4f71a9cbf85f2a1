//! Properties that hold for every query and every input.

use proptest::prelude::*;

use super::*;
use crate::ids::NUMBER_MAX;

fn term() -> impl Strategy<Value = Term> {
    let inside = "[a-zA-Z0-9äß病😀#.:/+_'-]{0,6}";
    prop_oneof![
        ("[#(]?[a-z0-9ä病]", inside).prop_map(|(first, rest)| Term::Word(first + &rest)),
        ("[a-z0-9ä病]", "[a-z病\"-]{0,5}").prop_map(|(first, rest)| Term::Prefix(first + &rest)),
        "[a-z \"病*~:-]{0,8}[a-z]".prop_map(Term::Phrase),
        "[a-z \"病*~:-]{0,8}[^ \\p{White_Space}\\p{Cc}]".prop_map(Term::Substring),
    ]
    .prop_filter("a word may look like an operator", |term| {
        !term.as_str().split(':').next().is_some_and(|name| {
            name.len() < term.as_str().len() && name.chars().all(|c| c.is_ascii_alphabetic())
        })
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z@#\"“: ]{0,5}[a-z0-9]",
        Just("me".into()),
        Just("Me".into()),
        Just("#7".into())
    ]
    .prop_map(|name: String| name.trim().to_owned())
}

fn person() -> impl Strategy<Value = Person> {
    prop_oneof![Just(Person::Me), name().prop_map(Person::Name)]
}

fn time_span() -> impl Strategy<Value = TimeSpan> {
    let day = (0..3_000_000u32).prop_filter_map("a year of four digits", |days| {
        let day = chrono::NaiveDate::from_ymd_opt(1, 1, 1)? + chrono::Days::new(days.into());
        (day.format("%Y").to_string().len() == 4).then_some(day)
    });
    prop_oneof![
        (1..10_000).prop_map(TimeSpan::Year),
        (1..10_000, 1..13u32)
            .prop_map(|(y, m)| TimeSpan::Month(chrono::NaiveDate::from_ymd_opt(y, m, 1).unwrap())),
        day.prop_map(TimeSpan::Day),
        Just(TimeSpan::Today),
        Just(TimeSpan::Yesterday),
        (1..=u16::MAX).prop_map(TimeSpan::Days),
        (1..=u16::MAX).prop_map(TimeSpan::Weeks),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let predicate = prop_oneof![
        person().prop_map(Predicate::From),
        person().prop_map(Predicate::Mentions),
        name().prop_map(|name| Predicate::In(RoomRef::Name(name))),
        (1..=NUMBER_MAX).prop_map(|id| Predicate::In(RoomRef::Id(RoomId(id)))),
        time_span().prop_map(Predicate::Before),
        time_span().prop_map(Predicate::After),
        time_span().prop_map(Predicate::On),
        prop::sample::select(Has::ALL).prop_map(Predicate::Has),
        prop::sample::select(Is::ALL).prop_map(Predicate::Is),
    ];
    (any::<bool>(), predicate).prop_map(|(negated, predicate)| Filter { negated, predicate })
}

fn query() -> impl Strategy<Value = Query> {
    (
        prop::collection::vec(prop::collection::vec(term(), 1..4).prop_map(AnyOf), 0..4),
        prop::collection::vec(term(), 0..3),
        prop::collection::vec(filter(), 0..4),
        prop::option::of((1..=NUMBER_MAX).prop_map(Seq)),
        prop::sample::select(Sort::ALL),
    )
        .prop_map(|(all_of, none_of, filters, near, sort)| Query {
            all_of,
            none_of,
            filters,
            near,
            sort,
        })
}

/// Inputs that break parsers: signs, quotes, names and their prefixes, other scripts.
fn input() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        4 => prop::sample::select(&[
            "OR", " OR ", "-", "~", "\"", "“", "”", "*", ":", "from:", "in:#", "form:", "on:", "near:",
            "2026-02", "7d", "me", "has:", "link", " ", "\u{3000}", "sort:", "old", "病", "a", "b ",
        ][..]).prop_map(str::to_owned),
        1 => "\\PC{0,3}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(fragment, 0..16).prop_map(|fragments| fragments.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_query_survives_a_round_trip(query in query()) {
        let written = query.to_string();
        prop_assert_eq!(parse(&written), Ok(query), "{}", written);
    }

    #[test]
    fn every_input_is_a_query_or_an_error_in_it(input in input()) {
        match parse(&input) {
            Ok(query) => prop_assert_eq!(parse(&query.to_string()), Ok(query)),
            Err(error) => {
                prop_assert!(error.at.start < error.at.end, "{:?}", error);
                prop_assert!(input.get(error.at).is_some());
                prop_assert!(!error.message.is_empty());
            }
        }
    }

    #[test]
    fn highlights_cover_everything_except_blanks(input in input()) {
        let highlights = highlight(&input);
        let mut end = 0;
        for highlight in &highlights {
            prop_assert!(input[end..highlight.range.start].chars().all(chars::is_blank));
            prop_assert!(!input[highlight.range.clone()].is_empty());
            end = highlight.range.end;
        }
        prop_assert!(input[end..].chars().all(chars::is_blank));
        let builder = parse::build(&lexer::lex(&input));
        prop_assert!(builder.errors.is_sorted_by_key(|error| error.at.start));
        let errors = highlights.iter().filter(|highlight| highlight.kind == HighlightKind::Error).count();
        prop_assert_eq!(errors, builder.errors.len());
        let has_error = highlights.iter().any(|highlight| highlight.kind == HighlightKind::Error);
        prop_assert_eq!(has_error, parse(&input).is_err());
    }
}
