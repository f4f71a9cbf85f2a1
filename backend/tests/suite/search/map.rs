//! Where in a room there is what a search finds: for its map.

use shared::{
    ids::{ClientId, RoomId},
    messages::MapHits,
    paths,
    problem::Code,
};
use uuid::Uuid;

use super::{address, room, say};
use crate::actors::{Answer, Cast, Client, LiveSocket};

/// More than there are parts, and no multiple of their number.
const LONG: i64 = 2_345;
const PARTS: i64 = 1_000;

/// In as many answers as there is no time for in one.
async fn hits(client: &Client, room: RoomId, q: &str, up_to: i64) -> Vec<i64> {
    let (mut all, mut next) = (Vec::new(), Some(up_to.to_string()));
    while let Some(up_to) = next {
        let parameters = [("q", q), ("up_to", &*up_to)];
        let path = address(&paths::fill(paths::MAP_HITS, &[&room]), &parameters);
        let map: MapHits = client.get(&path).await.read(200);
        all.splice(..0, map.hits.into_iter().map(|seq| seq.0));
        next = map.older.map(|seq| seq.to_string());
        assert!(next.as_ref() != Some(&up_to), "it goes on");
    }
    all
}

/// A room in which every seventh message is about a disk, and 700 and 701 about a tape.
async fn long(cast: &Cast) -> RoomId {
    let room = room(cast, "Long").await;
    let mut live = LiveSocket::open(&cast.member).await;
    for nth in 1..=LONG {
        let text = match nth {
            700 | 701 => "tape",
            nth if nth % 7 == 0 => "disk",
            _ => "else",
        };
        let name = ClientId(Uuid::now_v7());
        live.say(room, name, text).await;
        // Not more than waits for a socket.
        if nth % 100 == 0 || nth == LONG {
            live.ack(name).await;
        }
    }
    room
}

/// The newest of each part.
fn newest(up_to: i64, is_hit: impl Fn(i64) -> bool) -> Vec<i64> {
    let part = |seq: i64| (seq - 1) * PARTS / LONG;
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
    let cast = Cast::assemble().await;
    let room = long(&cast).await;
    let is_tape = |seq| seq == 700 || seq == 701;
    let is_disk = move |seq| seq % 7 == 0 && !is_tape(seq);
    assert_eq!(newest(LONG, |_| true).len(), 1_000);
    for up_to in [LONG, LONG + 5, 1_234, 1, 0, -1] {
        let ask = async |q| hits(&cast.member, room, q, up_to).await;
        let up_to = up_to.min(LONG);
        assert_eq!(ask("").await, newest(up_to, |_| true), "{up_to}");
        assert_eq!(ask("is:mine").await, newest(up_to, |_| true), "{up_to}");
        // By an index alone, and with a second look at what it finds.
        assert_eq!(ask("disk").await, newest(up_to, is_disk), "{up_to}");
        assert_eq!(ask("-~els -tape").await, newest(up_to, is_disk), "{up_to}");
        assert_eq!(ask("tape").await, newest(up_to, is_tape), "{up_to}");
        assert!(ask("nothing").await.is_empty(), "{up_to}");
    }
    assert!(hits(&cast.admin, room, "is:mine", LONG).await.is_empty());
}

#[tokio::test]
async fn only_what_is_there_is_on_the_map() {
    let cast = Cast::assemble().await;
    let of = async |who: &Client, q| hits(who, cast.room, q, 4).await;
    for text in ["a disk", "@admin a disk"] {
        say(&cast.member, cast.room, text).await;
    }
    // first, second, a disk, @admin a disk
    assert_eq!(of(&cast.member, "is:mine").await, [1, 3, 4]);
    assert_eq!(of(&cast.admin, "is:mine").await, [2]);
    assert_eq!(of(&cast.admin, "mentions:me disk").await, [4]);
    assert_eq!(of(&cast.admin, "is:unread").await, [3, 4]);
    cast.member.delete(&cast.message(3)).await.is(204);
    assert_eq!(of(&cast.member, "is:mine").await, [1, 4]);
    assert_eq!(of(&cast.admin, "is:deleted").await, [3]);
}

#[tokio::test]
async fn it_is_kept_and_refused_as_other_searches_are() {
    let cast = Cast::assemble().await;
    let at = cast.at(paths::MAP_HITS);
    let path = address(&at, &[("q", "is:mine")]);
    let tag = cast.member.get(&path).await.header("etag").to_owned();
    let again = async |who: &Client, path: &str| {
        Answer::of(who.request("GET", path).header("if-none-match", &tag)).await.status
    };
    assert_eq!(again(&cast.member, &path).await, 304);
    assert_eq!(again(&cast.admin, &path).await, 200, "it is somebody else's");
    assert_eq!(again(&cast.member, &format!("{path}&up_to=1")).await, 200);
    assert_eq!(again(&cast.member, &address(&at, &[("q", "first")])).await, 200);
    cast.outsider.get(&path).await.refused(Code::NotAMember);
    let refused = async |q| cast.member.get(&address(&at, &[("q", q)])).await;
    refused("form:ada").await.refused(Code::InvalidSearch);
    refused("in:Attic").await.refused(Code::InvalidSearch);
    refused("is:deleted").await.refused(Code::AdminOnly);
    cast.member.get(&format!("{at}?tz=CET")).await.refused_field("tz", "+02:00");
    let nowhere = paths::fill(paths::MAP_HITS, &[&999_999]);
    cast.member.get(&nowhere).await.refused(Code::NotFound);
}
