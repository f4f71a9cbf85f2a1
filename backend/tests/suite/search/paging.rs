//! Paging through hits in both directions.

use shared::{
    messages::{Anchor, MessagePage},
    paths,
    problem::Code,
    search::Hits,
};

use super::{address, room, search, summary};
use crate::fixture::{Client, Fixture};

/// Runs a search; returns the texts of the hits, and the response.
async fn page(client: &Client, parameters: &[(&str, String)]) -> (Vec<String>, Hits) {
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, &**value)).collect();
    let hits = search(client, &parameters).await;
    (hits.hits.iter().map(|hit| hit.message.content.clone()).collect(), hits)
}

/// Posts twelve messages alternately in two rooms. Eight contain "disk".
async fn rooms_with_disks() -> Fixture {
    let fixture = Fixture::start().await;
    let rooms = [room(&fixture, "Attic").await, fixture.room];
    for nth in 1..=12 {
        let text = if nth % 3 == 0 { format!("tape {nth}") } else { format!("disk {nth}") };
        fixture.admin.post_message(rooms[nth % 2], &text).await;
    }
    fixture
}

/// Pages through all hits on one side of `start`, `step` hits per page; returns their texts in order.
async fn read_all_pages(
    fixture: &Fixture,
    q: &str,
    side: &str,
    start: &str,
    step: &str,
) -> Vec<String> {
    let mut all = Vec::new();
    let mut anchor = start.to_owned();
    loop {
        let parameters = [("q", q.into()), ("anchor", anchor), (side, step.into())];
        let (texts, hits) = page(&fixture.member, &parameters).await;
        all.extend(if side == "before" { texts } else { texts.into_iter().rev().collect() });
        let next = if side == "before" { hits.older } else { hits.newer };
        match next {
            Some(next) => anchor = next.to_string(),
            None => return all,
        }
    }
}

#[tokio::test]
async fn both_directions_return_each_hit_once() {
    let fixture = rooms_with_disks().await;
    let expected: Vec<_> = [1, 2, 4, 5, 7, 8, 10, 11].map(|nth| format!("disk {nth}")).into();
    let reversed: Vec<_> = expected.iter().rev().cloned().collect();
    // A query that the index answers exactly, and one that needs a re-check.
    for q in ["disk", "disk -~tape", "~isk"] {
        for step in ["1", "3", "8", "200"] {
            assert_eq!(
                read_all_pages(&fixture, q, "before", "newest", step).await,
                reversed,
                "{q} {step}"
            );
            assert_eq!(
                read_all_pages(&fixture, q, "after", "oldest", step).await,
                expected,
                "{q} {step}"
            );
        }
    }
}

#[tokio::test]
async fn an_anchor_separates_older_and_newer_hits() {
    let fixture = rooms_with_disks().await;
    let (_, all) = page(&fixture.member, &[("q", "disk".into())]).await;
    let fifth = all.hits.iter().find(|hit| hit.message.content == "disk 5").unwrap();
    let (id, seq, in_room) = (fifth.message.id, fifth.message.seq, fifth.message.room);
    let around = |anchor: String| {
        [
            ("q", "disk".to_owned()),
            ("anchor", anchor),
            ("before", "2".into()),
            ("after", "2".into()),
        ]
    };
    let (texts, hits) = page(&fixture.member, &around(format!("id:{id}"))).await;
    assert_eq!(texts, ["disk 8", "disk 7", "disk 5", "disk 4"]);
    assert!(matches!((hits.older, hits.newer), (Some(Anchor::Id(_)), Some(Anchor::Id(_)))));
    let near = format!("disk in:#{in_room} near:{seq}");
    let (texts, _) = page(&fixture.member, &[("q", near)]).await;
    assert!(texts.contains(&"disk 5".into()) && texts.contains(&"disk 7".into()), "{texts:?}");
    let (texts, _) =
        page(&fixture.member, &[("q", "disk sort:old".into()), ("after", "2".into())]).await;
    assert_eq!(texts, ["disk 1", "disk 2"]);
    // A side with limit 0 may have more: its cursor is the start.
    let (_, hits) = page(&fixture.member, &[("before", "0".into()), ("after", "0".into())]).await;
    assert_eq!((hits.hits.len(), hits.older, hits.newer), (0, Some(Anchor::Newest), None));
    let (texts, _) = page(&fixture.member, &around("date:2020-01-01".into())).await;
    assert_eq!(texts, ["disk 2", "disk 1"]);
    let (texts, _) = page(&fixture.member, &around("date:2100-01-01".into())).await;
    assert_eq!(texts, ["disk 11", "disk 10"]);
}

#[tokio::test]
async fn hits_come_with_their_neighbours_on_request() {
    let fixture = rooms_with_disks().await;
    let (_, hits) =
        page(&fixture.member, &[("q", "tape".into()), ("context", "true".into())]).await;
    assert_eq!(hits.hits.len(), 4);
    for hit in &hits.hits {
        let (before, after) = (hit.before.as_deref(), hit.after.as_deref());
        let seq = hit.message.seq.0;
        assert_eq!(before.map(|m| (m.room, m.seq.0)), Some((hit.message.room, seq - 1)));
        assert!(after.is_none_or(|m| (m.room, m.seq.0) == (hit.message.room, seq + 1)));
    }
    assert_eq!(hits.hits.iter().filter(|hit| hit.after.is_none()).count(), 1);
    let (_, hits) = page(&fixture.member, &[("q", "tape".into())]).await;
    assert!(hits.hits.iter().all(|hit| hit.before.is_none() && hit.after.is_none()));
}

#[tokio::test]
async fn a_summary_counts_by_room_author_and_month() {
    let fixture = rooms_with_disks().await;
    let found = summary(&fixture.member, "disk").await;
    assert_eq!((found.total, found.more), (8, false));
    let rooms: Vec<_> = found.rooms.iter().map(|room| (&*room.name, room.count)).collect();
    assert_eq!(rooms, [("Attic", 4), ("Lobby", 4)]);
    assert_eq!((&*found.authors[0].user.username, found.authors[0].count), ("admin", 8));
    assert_eq!(found.months.iter().map(|month| month.count).sum::<u64>(), 8);
    let nothing = summary(&fixture.outsider, "disk").await;
    assert_eq!((nothing.total, nothing.rooms.len(), nothing.months.len()), (0, 0, 0));
}

#[tokio::test]
async fn an_unchanged_result_is_not_sent_again() {
    let fixture = rooms_with_disks().await;
    let path = address(paths::SEARCH, &[("q", "disk")]);
    let first = fixture.member.get(&path).await;
    let tag = first.header("etag").to_owned();
    let revalidate = |path: String| {
        let request = fixture.member.request("GET", &path).header("if-none-match", &tag);
        crate::fixture::Response::fetch(request)
    };
    assert_eq!(revalidate(path.clone()).await.status, 304);
    assert_eq!(revalidate(address(paths::SEARCH, &[("q", "tape")])).await.status, 200);
    fixture.admin.post_message(fixture.room, "disk 13").await;
    assert_eq!(revalidate(path).await.status, 200);
}

#[tokio::test]
async fn invalid_parameters_are_refused_with_the_field() {
    let fixture = Fixture::start().await;
    let get_search = |parameters: &'static [(&str, &str)]| {
        let member = fixture.member.clone();
        async move { member.get(&address(paths::SEARCH, parameters)).await }
    };
    get_search(&[("before", "201")]).await.expect_field_error("before", "0 to 200");
    get_search(&[("anchor", "seq:3")]).await.expect_field_error("anchor", "one room");
    get_search(&[("anchor", "3")]).await.expect_field_error("anchor", "id:3");
    get_search(&[("limit", "3")]).await.expect_field_error("limit", "unknown");
    get_search(&[("q", "a sort:relevance"), ("after", "3")])
        .await
        .expect_field_error("after", "one page");
    fixture.anon.get(paths::SEARCH).await.expect_problem(Code::Unauthenticated);
    fixture.anon.get(paths::SUMMARY).await.expect_problem(Code::Unauthenticated);
}

#[tokio::test]
async fn a_room_search_starts_at_the_anchor() {
    let fixture = rooms_with_disks().await;
    let around = |query: &'static str| {
        let path = format!("{}?{query}", fixture.path(paths::MESSAGES));
        let member = fixture.member.clone();
        async move {
            let page: MessagePage = member.get(&path).await.expect_json(200);
            assert_eq!(page.ranges.len(), page.messages.len());
            let texts = page.messages.into_iter().map(|message| message.content);
            (texts.collect::<Vec<_>>(), page.has_older, page.has_newer)
        }
    };
    let found = |texts: &[&str], older, newer| {
        (texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), older, newer)
    };
    // The room has: first, second, disk 1, tape 3, disk 5, disk 7, tape 9, disk 11.
    assert_eq!(
        around("q=disk").await,
        found(&["disk 1", "disk 5", "disk 7", "disk 11"], false, false)
    );
    assert_eq!(around("q=disk&before=1").await, found(&["disk 7", "disk 11"], true, false));
    let next = "q=disk&anchor=seq:4&after=1";
    assert_eq!(around(next).await, found(&["disk 5"], true, true));
    let previous = "q=disk&anchor=seq:7&before=1";
    assert_eq!(around(previous).await, found(&["disk 7"], true, true));
    let at_a_hit = "q=disk&anchor=seq:5&before=1&after=1";
    assert_eq!(around(at_a_hit).await, found(&["disk 1", "disk 5", "disk 7"], false, true));
    assert_eq!(
        around("q=~isk&anchor=oldest&after=2").await,
        found(&["disk 1", "disk 5"], false, true)
    );
    assert_eq!(around("q=nothing").await, found(&[], false, false));
    let path = format!("{}?q=on:tuesday", fixture.path(paths::MESSAGES));
    fixture.member.get(&path).await.expect_problem(Code::InvalidSearch);
    let path = format!("{}?q=disk", fixture.path(paths::MESSAGES));
    fixture.outsider.get(&path).await.expect_problem(Code::NotAMember);
    let elsewhere = format!("{}?q=in:Attic", fixture.path(paths::MESSAGES));
    fixture.member.get(&elsewhere).await.expect_problem(Code::InvalidSearch);
}

#[tokio::test]
async fn a_room_search_reaches_both_ends() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, "Long").await;
    for nth in 1..=9 {
        fixture.member.post_message(room, &format!("disk {nth}")).await;
        fixture.member.post_message(room, "tape").await;
    }
    for q in ["disk", "~di", "-tape"] {
        for (from, side) in [("newest", "before"), ("oldest", "after"), ("oldest", "before")] {
            let mut found = Vec::new();
            let mut anchor = Some(from.to_owned());
            while let Some(at) = anchor {
                let parameters = [("q", q), ("anchor", &at), (side, "2")];
                let path = address(&paths::fill(paths::MESSAGES, &[&room]), &parameters);
                let page: MessagePage = fixture.member.get(&path).await.expect_json(200);
                let next = if side == "before" { page.older } else { page.newer };
                assert_eq!(page.has_older, page.older.is_some());
                assert_eq!(page.has_newer, page.newer.is_some());
                assert!(
                    next.is_none_or(|seq| format!("seq:{seq}") != at),
                    "the cursor does not move"
                );
                let mut seqs: Vec<_> = page.messages.iter().map(|m| m.seq.0).collect();
                if side == "before" {
                    seqs.reverse();
                }
                found.extend(seqs);
                anchor = next.map(|seq| format!("seq:{seq}"));
            }
            let mut all: Vec<i64> = (0..9).map(|nth| 2 * nth + 1).collect();
            match (from, side) {
                ("newest", _) => all.reverse(),
                (_, "before") => all.truncate(1),
                _ => {}
            }
            assert_eq!(found, all, "{q} {from} {side}");
        }
    }
}
