//! Pages of a room around an anchor.

use serde_json::{Value, json};
use shared::{
    ids::{NUMBER_MAX, RoomId, Seq},
    messages::{Anchor, AnchorMiss, MessagePage},
    paths,
    problem::Code,
    rooms::Room,
};

use crate::fixture::{Client, Fixture};

/// Creates a room with admin and member, in which the admin posts `length` messages.
async fn room(fixture: &Fixture, length: usize) -> RoomId {
    let room: Room =
        fixture.admin.post(paths::ROOMS, json!({"name": "Attic"})).await.expect_json(201);
    let membership = paths::fill(paths::MEMBERSHIP, &[&room.id]);
    fixture.member.put(&membership, Value::Null).await.expect_status(200);
    for nth in 1..=length {
        fixture.admin.post_message(room.id, &format!("word {nth}")).await;
    }
    room.id
}

/// Reads a page and checks the invariants of all pages.
pub async fn read_page(client: &Client, room: RoomId, query: &str) -> MessagePage {
    let path = format!("{}?{query}", paths::fill(paths::MESSAGES, &[&room]));
    let page: MessagePage = client.get(&path).await.expect_json(200);
    let seqs: Vec<i64> = page.messages.iter().map(|message| message.seq.0).collect();
    let (last, anchor) = (page.room_last_seq, page.anchor);
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{query}: {seqs:?}");
    assert_eq!(seqs.is_empty(), last == Seq(0), "{query}: only an empty room has an empty page");
    assert_eq!(page.has_older, seqs.first().is_some_and(|first| *first > 1), "{query}: {seqs:?}");
    assert_eq!(page.has_newer, seqs.last().is_some_and(|end| *end < last.0), "{query}: {seqs:?}");
    assert_eq!(anchor.found, anchor.reason.is_none(), "{query}: {anchor:?}");
    let has_anchor = last == Seq(0) || seqs.contains(&anchor.seq.0);
    assert!(has_anchor, "{query}: {anchor:?} is not in {seqs:?}");
    let unread = (page.read_seq < last).then(|| page.read_seq.next());
    assert_eq!(page.first_unread_seq, unread, "{query}");
    page
}

/// The seq of the resolved anchor, the reason if it is not the requested one, and the first and last
/// seq of the page (0 if it is empty).
type PageSummary = (i64, Option<AnchorMiss>, (i64, i64));

pub async fn page_summary(client: &Client, room: RoomId, query: &str) -> PageSummary {
    let page = read_page(client, room, query).await;
    let ends = page.messages.first().zip(page.messages.last());
    let ends = ends.map_or((0, 0), |(first, last)| (first.seq.0, last.seq.0));
    (page.anchor.seq.0, page.anchor.reason, ends)
}

#[tokio::test]
async fn each_anchor_returns_the_page_around_it() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, 10).await;
    fixture
        .member
        .put(&paths::fill(paths::READ, &[&room]), json!({"seq": 6}))
        .await
        .expect_status(200);
    use AnchorMiss::{BeforeOldest, BeyondNewest};
    for (query, expected) in [
        ("", (10, None, (1, 10))),
        ("before=3", (10, None, (7, 10))),
        ("after=3", (10, None, (10, 10))),
        ("before=0&after=0", (10, None, (10, 10))),
        ("anchor=newest&before=200", (10, None, (1, 10))),
        ("anchor=oldest", (1, None, (1, 10))),
        ("anchor=oldest&after=3", (1, None, (1, 4))),
        ("anchor=oldest&before=3", (1, None, (1, 1))),
        ("anchor=seq:5", (5, None, (1, 10))),
        ("anchor=seq:5&before=2", (5, None, (3, 5))),
        ("anchor=seq:5&after=2", (5, None, (5, 7))),
        ("anchor=seq:5&before=2&after=1", (5, None, (3, 6))),
        // Messages missing on one side are not added to the other.
        ("anchor=seq:2&before=4&after=1", (2, None, (1, 3))),
        ("anchor=seq:9&before=1&after=4", (9, None, (8, 10))),
        ("anchor=seq:1&before=4", (1, None, (1, 1))),
        ("anchor=seq:0&before=1&after=1", (1, Some(BeforeOldest), (1, 2))),
        ("anchor=seq:11&before=1&after=1", (10, Some(BeyondNewest), (9, 10))),
        ("anchor=seq:9007199254740991&before=1", (10, Some(BeyondNewest), (9, 10))),
        ("anchor=first_unread&before=1&after=1", (7, None, (6, 8))),
        ("anchor=last_read&before=1&after=1", (6, None, (5, 7))),
    ] {
        assert_eq!(page_summary(&fixture.member, room, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_page_has_fifty_messages_by_default() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, 120).await;
    for (query, expected) in [
        ("", (120, None, (71, 120))),
        ("anchor=oldest", (1, None, (1, 50))),
        ("anchor=seq:60", (60, None, (35, 84))),
        ("anchor=first_unread", (1, None, (1, 25))),
        ("anchor=seq:60&before=200&after=200", (60, None, (1, 120))),
    ] {
        assert_eq!(page_summary(&fixture.member, room, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn an_id_anchor_finds_its_message_in_its_own_room_only() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, 3).await;
    let second = read_page(&fixture.member, room, "").await.messages.remove(1);
    let query = |id| format!("anchor={}&before=1", Anchor::Id(id));
    let found = page_summary(&fixture.member, room, &query(second.id)).await;
    assert_eq!(found, (2, None, (1, 2)));
    // The id of a message in another room is as unknown as one that does not exist.
    let elsewhere = read_page(&fixture.member, fixture.room, "").await.messages.remove(0);
    for id in [elsewhere.id, 0.into(), 4_000.into(), NUMBER_MAX.into()] {
        let unknown = page_summary(&fixture.member, room, &query(id)).await;
        assert_eq!(unknown, (3, Some(AnchorMiss::Unknown), (2, 3)), "{id}");
    }
    fixture.admin.delete(&paths::fill(paths::MESSAGE, &[&room, &2])).await.expect_status(204);
    let deleted =
        page_summary(&fixture.member, room, &format!("{}&after=1", query(second.id))).await;
    assert_eq!(deleted, (3, Some(AnchorMiss::Deleted), (1, 3)));
}

#[tokio::test]
async fn last_read_and_first_unread_follow_the_read_mark() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, 3).await;
    let (last_read, first_unread) = ("anchor=last_read&after=1", "anchor=first_unread&after=1");
    let summarize = async |query: &str| page_summary(&fixture.member, room, query).await;
    assert_eq!(summarize(last_read).await, (1, Some(AnchorMiss::NothingRead), (1, 2)));
    assert_eq!(summarize(first_unread).await, (1, None, (1, 2)));
    let path = paths::fill(paths::READ, &[&room]);
    fixture.member.put(&path, json!({"seq": 1})).await.expect_status(200);
    assert_eq!(summarize(last_read).await, (1, None, (1, 2)));
    assert_eq!(summarize(first_unread).await, (2, None, (2, 3)));
    fixture.member.put(&path, json!({"seq": 3})).await.expect_status(200);
    assert_eq!(summarize(last_read).await, (3, None, (3, 3)));
    assert_eq!(summarize(first_unread).await, (3, Some(AnchorMiss::NothingUnread), (3, 3)));
    // The admin has read everything, because the admin wrote it.
    assert_eq!(read_page(&fixture.admin, room, "").await.first_unread_seq, None);
}

#[tokio::test]
async fn an_empty_room_has_an_empty_page_for_each_anchor() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, 0).await;
    for anchor in [
        "newest",
        "oldest",
        "first_unread",
        "last_read",
        "seq:1",
        "id:1",
        "date:2026-03-01",
        "date:2026-03-01T14:30",
    ] {
        let page =
            read_page(&fixture.member, room, &format!("anchor={anchor}&before=5&after=5")).await;
        let anchored = (page.anchor.seq, page.anchor.reason);
        assert_eq!(anchored, (Seq(0), Some(AnchorMiss::EmptyRoom)), "{anchor}");
        assert_eq!((page.room_last_seq.0, page.read_seq.0, page.as_of_rev.0), (0, 0, 3));
    }
}

#[tokio::test]
async fn an_anchor_at_a_tombstone_resolves_to_the_next_message() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, 9).await;
    for seq in [1, 4, 5, 6, 8] {
        fixture.admin.delete(&paths::fill(paths::MESSAGE, &[&room, &seq])).await.expect_status(204);
    }
    let deleted = Some(AnchorMiss::Deleted);
    for (query, expected) in [
        ("anchor=seq:3", (3, None, (1, 9))),
        ("anchor=seq:4", (3, deleted, (1, 9))),
        ("anchor=seq:5", (7, deleted, (1, 9))),
        ("anchor=seq:8", (9, deleted, (1, 9))),
        ("anchor=seq:1&after=1", (2, deleted, (1, 2))),
        // The page surrounds the tombstone itself, so that clients can read past it.
        ("anchor=seq:5&after=2", (7, deleted, (5, 7))),
        ("anchor=seq:5&before=2", (3, deleted, (3, 5))),
        ("anchor=seq:5&before=1&after=1", (5, deleted, (4, 6))),
        // `oldest` may be a tombstone.
        ("anchor=oldest&after=1", (1, None, (1, 2))),
    ] {
        assert_eq!(page_summary(&fixture.member, room, query).await, expected, "{query}");
    }
    let page = read_page(&fixture.member, room, "anchor=seq:5&before=1&after=1").await;
    assert!(page.messages.iter().all(|message| message.content.is_empty()), "{page:?}");
    fixture.admin.delete(&paths::fill(paths::MESSAGE, &[&room, &9])).await.expect_status(204);
    let newest = page_summary(&fixture.member, room, "before=1").await;
    assert_eq!(newest, (9, None, (8, 9)));
}

#[tokio::test]
async fn invalid_anchors_are_refused_with_the_field() {
    let fixture = Fixture::start().await;
    let path = fixture.path(paths::MESSAGES);
    for (query, field, error_text) in [
        ("anchor=57", "anchor", "must be `seq:57` or `id:57`"),
        ("anchor=", "anchor", "`first_unread`"),
        ("anchor=latest", "anchor", "`newest`"),
        ("anchor=seq:-1", "anchor", "`seq:57`"),
        ("anchor=seq:99999999999999999999", "anchor", "at most 9007199254740991"),
        ("anchor=date:2026-02-30", "anchor", "`date:2026-03-01`"),
        ("anchor=date:2026-03-01T25:00", "anchor", "`date:2026-03-01T14:30`"),
        ("anchor=oldest&anchor=newest", "anchor", "duplicated"),
        ("before=201", "before", "0 to 200, but is 201"),
        ("after=201", "after", "0 to 200, but is 201"),
        ("before=300&after=201", "after", "0 to 200, but is 201"),
        ("before=-1", "before", "digit"),
        ("after=many", "after", "digit"),
        ("before=", "before", "empty"),
        // Unknown parameters are refused, not ignored.
        ("around=3", "around", "`anchor`, `before`, `after`"),
        ("limit=10", "limit", "`anchor`, `before`, `after`"),
        ("anchor=newest&after_rev=3", "after_rev", "`anchor`, `before`, `after`"),
    ] {
        fixture.member.get(&format!("{path}?{query}")).await.expect_field_error(field, error_text);
    }
}

/// A non-member learns nothing, not even by `If-None-Match: *`.
#[tokio::test]
async fn only_members_read_pages() {
    let fixture = Fixture::start().await;
    let get_any_etag = async |client: &Client, path: &str| {
        let request = client.request("GET", path).header("if-none-match", "*");
        crate::fixture::Response::fetch(request).await
    };
    for query in ["", "?anchor=seq:1", "?anchor=id:1", "?anchor=date:2026-03-01"] {
        let path = format!("{}{query}", fixture.path(paths::MESSAGES));
        get_any_etag(&fixture.anon, &path).await.expect_problem(Code::Unauthenticated);
        get_any_etag(&fixture.outsider, &path).await.expect_problem(Code::NotAMember);
        let unknown_room = format!("/api/v1/rooms/4000/messages{query}");
        get_any_etag(&fixture.outsider, &unknown_room).await.expect_problem(Code::NotFound);
        assert_eq!(get_any_etag(&fixture.member, &path).await.status, 304, "{query}");
    }
}
