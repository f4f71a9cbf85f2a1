//! A search is read in both directions, as far as it goes.

use shared::{
    messages::{Anchor, MessagePage},
    paths,
    problem::Code,
    search::Hits,
};

use super::{address, room, say, search, summary};
use crate::actors::{Cast, Client};

async fn page(client: &Client, parameters: &[(&str, String)]) -> (Vec<String>, Hits) {
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, &**value)).collect();
    let hits = search(client, &parameters).await;
    (hits.hits.iter().map(|hit| hit.message.content.clone()).collect(), hits)
}

/// Twelve messages by turns in two rooms, of which eight are about a disk.
async fn disks() -> Cast {
    let cast = Cast::assemble().await;
    let rooms = [room(&cast, "Attic").await, cast.room];
    for nth in 1..=12 {
        let text = if nth % 3 == 0 { format!("tape {nth}") } else { format!("disk {nth}") };
        say(&cast.admin, rooms[nth % 2], &text).await;
    }
    cast
}

async fn walk(cast: &Cast, q: &str, side: &str, start: &str, step: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut anchor = start.to_owned();
    loop {
        let asked = [("q", q.into()), ("anchor", anchor), (side, step.into())];
        let (texts, hits) = page(&cast.member, &asked).await;
        all.extend(if side == "before" { texts } else { texts.into_iter().rev().collect() });
        let next = if side == "before" { hits.older } else { hits.newer };
        match next {
            Some(next) => anchor = next.to_string(),
            None => return all,
        }
    }
}

#[tokio::test]
async fn both_ways_give_every_hit_once() {
    let cast = disks().await;
    let expected: Vec<_> = [1, 2, 4, 5, 7, 8, 10, 11].map(|nth| format!("disk {nth}")).into();
    let reversed: Vec<_> = expected.iter().rev().cloned().collect();
    // By an index alone, and with a second look at what it finds.
    for q in ["disk", "disk -~tape", "~isk"] {
        for step in ["1", "3", "8", "200"] {
            assert_eq!(walk(&cast, q, "before", "newest", step).await, reversed, "{q} {step}");
            assert_eq!(walk(&cast, q, "after", "oldest", step).await, expected, "{q} {step}");
        }
    }
}

#[tokio::test]
async fn an_anchor_is_between_the_sides() {
    let cast = disks().await;
    let (_, all) = page(&cast.member, &[("q", "disk".into())]).await;
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
    let (texts, hits) = page(&cast.member, &around(format!("id:{id}"))).await;
    assert_eq!(texts, ["disk 8", "disk 7", "disk 5", "disk 4"]);
    assert!(matches!((hits.older, hits.newer), (Some(Anchor::Id(_)), Some(Anchor::Id(_)))));
    let near = format!("disk in:#{in_room} near:{seq}");
    let (texts, _) = page(&cast.member, &[("q", near)]).await;
    assert!(texts.contains(&"disk 5".into()) && texts.contains(&"disk 7".into()), "{texts:?}");
    let (texts, _) =
        page(&cast.member, &[("q", "disk sort:old".into()), ("after", "2".into())]).await;
    assert_eq!(texts, ["disk 1", "disk 2"]);
    // A side that is not asked for is open: its anchor leads back to where one began.
    let (_, hits) = page(&cast.member, &[("before", "0".into()), ("after", "0".into())]).await;
    assert_eq!((hits.hits.len(), hits.older, hits.newer), (0, Some(Anchor::Newest), None));
    let (texts, _) = page(&cast.member, &around("date:2020-01-01".into())).await;
    assert_eq!(texts, ["disk 2", "disk 1"]);
    let (texts, _) = page(&cast.member, &around("date:2100-01-01".into())).await;
    assert_eq!(texts, ["disk 11", "disk 10"]);
}

#[tokio::test]
async fn hits_come_with_their_neighbours_if_asked() {
    let cast = disks().await;
    let (_, hits) = page(&cast.member, &[("q", "tape".into()), ("context", "true".into())]).await;
    assert_eq!(hits.hits.len(), 4);
    for hit in &hits.hits {
        let (before, after) = (hit.before.as_deref(), hit.after.as_deref());
        let seq = hit.message.seq.0;
        assert_eq!(before.map(|m| (m.room, m.seq.0)), Some((hit.message.room, seq - 1)));
        assert!(after.is_none_or(|m| (m.room, m.seq.0) == (hit.message.room, seq + 1)));
    }
    assert_eq!(hits.hits.iter().filter(|hit| hit.after.is_none()).count(), 1);
    let (_, hits) = page(&cast.member, &[("q", "tape".into())]).await;
    assert!(hits.hits.iter().all(|hit| hit.before.is_none() && hit.after.is_none()));
}

#[tokio::test]
async fn a_summary_counts_by_room_author_and_month() {
    let cast = disks().await;
    let found = summary(&cast.member, "disk").await;
    assert_eq!((found.total, found.more), (8, false));
    let rooms: Vec<_> = found.rooms.iter().map(|room| (&*room.name, room.count)).collect();
    assert_eq!(rooms, [("Attic", 4), ("Lobby", 4)]);
    assert_eq!((&*found.authors[0].user.username, found.authors[0].count), ("admin", 8));
    assert_eq!(found.months.iter().map(|month| month.count).sum::<u64>(), 8);
    let nothing = summary(&cast.outsider, "disk").await;
    assert_eq!((nothing.total, nothing.rooms.len(), nothing.months.len()), (0, 0, 0));
}

#[tokio::test]
async fn the_same_answer_is_not_sent_twice() {
    let cast = disks().await;
    let path = address(paths::SEARCH, &[("q", "disk")]);
    let first = cast.member.get(&path).await;
    let tag = first.header("etag").to_owned();
    let again = |path: String| {
        let request = cast.member.request("GET", &path).header("if-none-match", &tag);
        crate::actors::Answer::of(request)
    };
    assert_eq!(again(path.clone()).await.status, 304);
    assert_eq!(again(address(paths::SEARCH, &[("q", "tape")])).await.status, 200);
    say(&cast.admin, cast.room, "disk 13").await;
    assert_eq!(again(path).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_is_named() {
    let cast = Cast::assemble().await;
    let refused = |parameters: &'static [(&str, &str)]| {
        let member = cast.member.clone();
        async move { member.get(&address(paths::SEARCH, parameters)).await }
    };
    refused(&[("before", "201")]).await.refused_field("before", "0 to 200");
    refused(&[("anchor", "seq:3")]).await.refused_field("anchor", "one room");
    refused(&[("anchor", "3")]).await.refused_field("anchor", "id:3");
    refused(&[("limit", "3")]).await.refused_field("limit", "not known");
    refused(&[("q", "a sort:relevance"), ("after", "3")]).await.refused_field("after", "one page");
    cast.anon.get(paths::SEARCH).await.refused(Code::Unauthenticated);
    cast.anon.get(paths::SUMMARY).await.refused(Code::Unauthenticated);
}

/// In one room, from the place where one is.
#[tokio::test]
async fn a_room_is_searched_from_where_one_is() {
    let cast = disks().await;
    let around = |query: &'static str| {
        let path = format!("{}?{query}", cast.at(paths::MESSAGES));
        let member = cast.member.clone();
        async move {
            let page: MessagePage = member.get(&path).await.read(200);
            assert_eq!(page.ranges.len(), page.messages.len());
            let texts = page.messages.into_iter().map(|message| message.content);
            (texts.collect::<Vec<_>>(), page.has_older, page.has_newer)
        }
    };
    let found = |texts: &[&str], older, newer| {
        (texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), older, newer)
    };
    // first, second, 1 disk, 3 tape, 5 disk, 7 disk, 9 tape, 11 disk
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
    let path = format!("{}?q=form:ada", cast.at(paths::MESSAGES));
    cast.member.get(&path).await.refused(Code::InvalidSearch);
    let path = format!("{}?q=disk", cast.at(paths::MESSAGES));
    cast.outsider.get(&path).await.refused(Code::NotAMember);
    let elsewhere = format!("{}?q=in:Attic", cast.at(paths::MESSAGES));
    cast.member.get(&elsewhere).await.refused(Code::InvalidSearch);
}

#[tokio::test]
async fn a_room_is_searched_to_both_ends() {
    let cast = Cast::assemble().await;
    let room = room(&cast, "Long").await;
    for nth in 1..=9 {
        say(&cast.member, room, &format!("disk {nth}")).await;
        say(&cast.member, room, "tape").await;
    }
    for q in ["disk", "~di", "-tape"] {
        for (from, side) in [("newest", "before"), ("oldest", "after"), ("oldest", "before")] {
            let mut found = Vec::new();
            let mut anchor = Some(from.to_owned());
            while let Some(at) = anchor {
                let parameters = [("q", q), ("anchor", &at), (side, "2")];
                let path = address(&paths::fill(paths::MESSAGES, &[&room]), &parameters);
                let page: MessagePage = cast.member.get(&path).await.read(200);
                let next = if side == "before" { page.older } else { page.newer };
                assert_eq!(page.has_older, page.older.is_some());
                assert_eq!(page.has_newer, page.newer.is_some());
                assert!(next.is_none_or(|seq| format!("seq:{seq}") != at), "it goes on");
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
