//! The hit map: the positions of the hits in a room.

use shared::{ids::RoomId, messages::MapHits, paths, problem::Code};

use super::{address, room};
use crate::fixture::{Client, Fixture, LiveSocket, Response};

/// More messages than the map has parts, and no multiple of their number.
const MESSAGE_COUNT: i64 = 2_345;
const PARTS: i64 = 1_000;

/// Reads the whole map, in several responses if the time limit splits it.
async fn hits(client: &Client, room: RoomId, q: &str, up_to: i64) -> Vec<i64> {
    let (mut all, mut next) = (Vec::new(), Some(up_to.to_string()));
    while let Some(up_to) = next {
        let parameters = [("q", q), ("up_to", &*up_to)];
        let path = address(&paths::fill(paths::MAP_HITS, &[&room]), &parameters);
        let map: MapHits = client.get(&path).await.expect_json(200);
        all.splice(..0, map.hits.into_iter().map(|seq| seq.0));
        next = map.older.map(|seq| seq.to_string());
        assert!(next.as_ref() != Some(&up_to), "the cursor does not move");
    }
    all
}

/// A room in which every seventh message contains "disk", and 700 and 701 contain "tape".
async fn create_long_room(fixture: &Fixture) -> RoomId {
    let room = room(fixture, "Long").await;
    let mut live = LiveSocket::open(&fixture.member).await;
    let text = |nth| match nth {
        700 | 701 => "tape",
        nth if nth % 7 == 0 => "disk",
        _ => "else",
    };
    live.post_all(room, (1..=MESSAGE_COUNT).map(|nth| text(nth).to_owned())).await;
    room
}

/// The newest hit of each part.
fn newest_per_part(up_to: i64, is_hit: impl Fn(i64) -> bool) -> Vec<i64> {
    let part = |seq: i64| (seq - 1) * PARTS / MESSAGE_COUNT;
    let mut found: Vec<i64> = Vec::new();
    for seq in (1..=up_to).rev().filter(|seq| is_hit(*seq)) {
        if found.last().is_none_or(|last| part(*last) != part(seq)) {
            found.push(seq);
        }
    }
    found.reverse();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_of_a_room_has_its_newest_hit() {
    let fixture = Fixture::start().await;
    let room = create_long_room(&fixture).await;
    let is_tape = |seq| seq == 700 || seq == 701;
    let is_disk = move |seq| seq % 7 == 0 && !is_tape(seq);
    assert_eq!(newest_per_part(MESSAGE_COUNT, |_| true).len(), 1_000);
    for up_to in [MESSAGE_COUNT, MESSAGE_COUNT + 5, 1_234, 1, 0] {
        let hits_of = async |q| hits(&fixture.member, room, q, up_to).await;
        let up_to = up_to.min(MESSAGE_COUNT);
        assert_eq!(hits_of("").await, newest_per_part(up_to, |_| true), "{up_to}");
        assert_eq!(hits_of("is:mine").await, newest_per_part(up_to, |_| true), "{up_to}");
        // A query that the index answers exactly, and one that needs a re-check.
        assert_eq!(hits_of("disk").await, newest_per_part(up_to, is_disk), "{up_to}");
        assert_eq!(hits_of("-~els -tape").await, newest_per_part(up_to, is_disk), "{up_to}");
        assert_eq!(hits_of("tape").await, newest_per_part(up_to, is_tape), "{up_to}");
        assert!(hits_of("nothing").await.is_empty(), "{up_to}");
    }
    assert!(hits(&fixture.admin, room, "is:mine", MESSAGE_COUNT).await.is_empty());
}

#[tokio::test]
async fn the_hit_map_has_only_existing_messages() {
    let fixture = Fixture::start().await;
    let of = async |reader: &Client, q| hits(reader, fixture.room, q, 4).await;
    for text in ["a disk", "@admin a disk"] {
        fixture.member.post_message(fixture.room, text).await;
    }
    // The room has: first, second, a disk, @admin a disk.
    assert_eq!(of(&fixture.member, "is:mine").await, [1, 3, 4]);
    assert_eq!(of(&fixture.admin, "is:mine").await, [2]);
    assert_eq!(of(&fixture.admin, "mentions:me disk").await, [4]);
    assert_eq!(of(&fixture.admin, "is:unread").await, [3, 4]);
    fixture.member.delete(&fixture.message_path(3)).await.expect_status(204);
    assert_eq!(of(&fixture.member, "is:mine").await, [1, 4]);
    assert_eq!(of(&fixture.admin, "is:deleted").await, [3]);
}

#[tokio::test]
async fn the_hit_map_checks_etag_and_query_like_other_searches() {
    let fixture = Fixture::start().await;
    let map_path = fixture.path(paths::MAP_HITS);
    let path = address(&map_path, &[("q", "is:mine")]);
    let tag = fixture.member.get(&path).await.header("etag").to_owned();
    let revalidate = async |reader: &Client, path: &str| {
        Response::fetch(reader.request("GET", path).header("if-none-match", &tag)).await.status
    };
    assert_eq!(revalidate(&fixture.member, &path).await, 304);
    assert_eq!(revalidate(&fixture.admin, &path).await, 200, "the etag belongs to another reader");
    assert_eq!(revalidate(&fixture.member, &format!("{path}&up_to=1")).await, 200);
    assert_eq!(revalidate(&fixture.member, &address(&map_path, &[("q", "first")])).await, 200);
    fixture.outsider.get(&path).await.expect_problem(Code::NotAMember);
    let get_hits = async |q| fixture.member.get(&address(&map_path, &[("q", q)])).await;
    get_hits("on:tuesday").await.expect_problem(Code::InvalidSearch);
    get_hits("in:Attic").await.expect_problem(Code::InvalidSearch);
    get_hits("is:deleted").await.expect_problem(Code::AdminOnly);
    fixture.member.get(&format!("{map_path}?tz=Berlin")).await.expect_field_error("tz", "+02:00");
    let nowhere = paths::fill(paths::MAP_HITS, &[&999_999]);
    fixture.member.get(&nowhere).await.expect_problem(Code::NotFound);
}
