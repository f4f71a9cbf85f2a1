//! Invalid searches: position and suggestion.

use shared::{paths, problem::Code, rules};

use super::{address, search};
use crate::fixture::Fixture;

#[tokio::test]
async fn an_invalid_search_has_a_position_and_a_suggestion() {
    let fixture = Fixture::start().await;
    for (query, at, suggestion, error_text) in [
        ("has:lnik", Some(4..8), Some("link"), "link, code"),
        ("on:2026-02-30", Some(3..13), None, "a time"),
        ("from:nobody", None, None, "nobody here is called “nobody”"),
        ("in:Nowhere", None, None, "you are in no room called “Nowhere”"),
        ("in:#77", None, None, "in no room with the number 77"),
        ("mentions:nobody", None, None, "mentions: nobody here"),
    ] {
        for path in [paths::SEARCH, paths::SUMMARY] {
            let response = fixture.member.get(&address(path, &[("q", query)])).await;
            let problem = response.expect_problem(Code::InvalidSearch);
            let [error] = &problem.errors[..] else { panic!("{problem:?}") };
            assert_eq!((&*error.field, &error.at), ("q", &at), "{query}");
            assert_eq!(error.suggestion.as_deref(), suggestion, "{query}");
            assert!(error.message.contains(error_text), "{query}: {}", error.message);
            assert_eq!(problem.detail, error.message);
        }
    }
    fixture.member.post_message(fixture.room, "see form:ada").await;
    let found = search(&fixture.member, &[("q", "form:ada")]).await;
    assert_eq!(found.hits.len(), 1, "what is no operator is searched as text");
    assert_eq!(
        (&found.hints[0].at, found.hints[0].suggestion.as_deref()),
        (&(0..5), Some("from:"))
    );
    assert!(search(&fixture.member, &[("q", "ada")]).await.hints.is_empty());
    let long = "x".repeat(rules::QUERY_MAX_CHARS + 1);
    let response = fixture.member.get(&address(paths::SEARCH, &[("q", &long)])).await;
    assert!(response.expect_problem(Code::InvalidSearch).detail.contains("4000 characters"));
    let many: String = (0..51).map(|nth| format!("from:n{nth} ")).collect();
    let response = fixture.member.get(&address(paths::SEARCH, &[("q", &many)])).await;
    assert!(response.expect_problem(Code::InvalidSearch).detail.contains("at most 50"));
    let repeated = "-has:link from:me on:1d ".repeat(160);
    fixture.member.get(&address(paths::SEARCH, &[("q", &repeated)])).await.expect_status(200);
    // The outsider is a member of no room.
    let near = fixture.outsider.get(&address(paths::SEARCH, &[("q", "near:3")])).await;
    assert!(near.expect_problem(Code::InvalidSearch).detail.contains("one room"));
}
