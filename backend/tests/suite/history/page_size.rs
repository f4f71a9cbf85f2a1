//! The byte limit of pages: a page of long texts ends early, and nothing is lost or repeated at its
//! ends.

use serde_json::{Value, json};
use shared::{
    ids::{Rev, RoomId, Seq},
    messages::{Anchor, Changes, Message, MessagePage, Row},
    paths,
    rooms::Room,
    rules::PAGE_MAX_BYTES,
    search::Hits,
};

use super::anchors::read_page;
use crate::{
    fixture::{Fixture, LiveSocket},
    search::{address, search},
};

/// More messages of the greatest length than fit into two pages.
const COUNT: i64 = 150;

/// Creates a room in which the member posts long messages between a few short ones.
async fn create_room(fixture: &Fixture) -> RoomId {
    let room: Room =
        fixture.admin.post(paths::ROOMS, json!({"name": "Attic"})).await.expect_json(201);
    fixture
        .member
        .put(&paths::fill(paths::MEMBERSHIP, &[&room.id]), Value::Null)
        .await
        .expect_status(200);
    let mut live = LiveSocket::open(&fixture.member).await;
    let text = |nth| {
        let bytes = if nth % 10 == 0 { 10 } else { 16_000 };
        format!("word {nth} {}", "x".repeat(bytes))
    };
    live.post_all(room.id, (1..=COUNT).map(text)).await;
    room.id
}

#[track_caller]
fn check_size<'a>(messages: impl IntoIterator<Item = &'a Message>) {
    let bytes: usize = messages.into_iter().map(|message| message.content.len()).sum();
    assert!(bytes <= PAGE_MAX_BYTES, "{bytes}");
}

fn seqs<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Vec<i64> {
    messages.into_iter().map(|message| message.seq.0).collect()
}

fn all() -> Vec<i64> {
    (1..=COUNT).collect()
}

#[tokio::test]
async fn pages_of_a_room_continue_in_both_directions() {
    let fixture = Fixture::start().await;
    let room = create_room(&fixture).await;
    let mut page = read_page(&fixture.member, room, "anchor=newest&before=200").await;
    let mut read = seqs(&page.messages);
    check_size(&page.messages);
    while page.has_older {
        let anchor = Anchor::Seq(Seq(read[0] - 1));
        page = read_page(&fixture.member, room, &format!("anchor={anchor}&before=200")).await;
        check_size(&page.messages);
        read.splice(..0, seqs(&page.messages));
    }
    assert_eq!(read, all());
    let mut page = read_page(&fixture.member, room, "anchor=oldest&after=200").await;
    let mut read = seqs(&page.messages);
    while page.has_newer {
        let anchor = Anchor::Seq(Seq(read.len() as i64 + 1));
        page = read_page(&fixture.member, room, &format!("anchor={anchor}&after=200")).await;
        check_size(&page.messages);
        read.extend(seqs(&page.messages));
    }
    assert_eq!(read, all());
    // Around an anchor in the middle, both sides have messages.
    let page = read_page(&fixture.member, room, "anchor=seq:75&before=200&after=200").await;
    check_size(&page.messages);
    let read = seqs(&page.messages);
    assert!(read[0] < 50 && read[read.len() - 1] > 100, "{read:?}");
    // Near an end, the other side gets the room that is left.
    let page = read_page(&fixture.member, room, "anchor=seq:3&before=200&after=200").await;
    assert!(page.messages.len() > 60 && page.messages[0].seq == Seq(1));
}

#[tokio::test]
async fn pages_of_changes_continue() {
    let fixture = Fixture::start().await;
    let room = create_room(&fixture).await;
    let (mut read, mut after, mut pages) = (Vec::new(), Rev(0), 0);
    loop {
        let path = format!("{}?after_rev={after}", paths::fill(paths::CHANGES, &[&room]));
        let page: Changes = fixture.member.get(&path).await.expect_json(200);
        let messages = page.changes.iter().filter_map(|change| match &change.row {
            Row::Message(message) => Some(message),
            _ => None,
        });
        let messages: Vec<_> = messages.collect();
        check_size(messages.iter().copied());
        read.extend(seqs(messages));
        (after, pages) = (page.rev, pages + 1);
        if !page.more {
            break;
        }
    }
    assert_eq!((read, pages), (all(), 3));
}

/// A client that missed several pages gets them one after the other on its socket, not a gap.
#[tokio::test]
async fn a_replay_consists_of_pages() {
    let fixture = Fixture::start().await;
    let room = create_room(&fixture).await;
    let mut live = LiveSocket::open(&fixture.member).await;
    let changes = live.subscribe(room, Some(Rev(0))).await;
    let revs: Vec<_> = changes.iter().map(|change| change.rev.0).collect();
    assert!(revs.windows(2).all(|pair| pair[0] < pair[1]), "{revs:?}");
    let messages = changes.iter().filter_map(|change| match &change.row {
        Row::Message(message) => Some(message),
        _ => None,
    });
    assert_eq!(seqs(messages), all());
    // A later message arrives once.
    fixture.admin.post_message(room, "next").await;
    assert_eq!(live.next_change().await.rev.0, revs[revs.len() - 1] + 1);
}

#[tokio::test]
async fn pages_of_hits_continue_in_both_directions() {
    let fixture = Fixture::start().await;
    let room = create_room(&fixture).await;
    let path = paths::fill(paths::MESSAGES, &[&room]);
    for (start, side) in [("newest", "before"), ("oldest", "after")] {
        let (mut anchor, mut read) = (start.to_owned(), Vec::new());
        loop {
            let query = [("q", "word"), ("anchor", &*anchor), (side, "200")];
            let page: MessagePage =
                fixture.member.get(&address(&path, &query)).await.expect_json(200);
            check_size(&page.messages);
            read.extend(seqs(&page.messages));
            match if side == "before" { page.older } else { page.newer } {
                Some(next) => anchor = Anchor::Seq(next).to_string(),
                None => break,
            }
        }
        read.sort();
        assert_eq!(read, all(), "{side}");
    }
    for context in ["false", "true"] {
        for (start, side) in [("newest", "before"), ("oldest", "after")] {
            let (mut anchor, mut read) = (start.to_owned(), Vec::new());
            loop {
                let query = [("q", "word in:Attic"), ("anchor", &*anchor), (side, "200")];
                let page: Hits =
                    search(&fixture.member, &[&query[..], &[("context", context)]].concat()).await;
                let neighbours = page.hits.iter().flat_map(|hit| [&hit.before, &hit.after]);
                let neighbours = neighbours.flatten().map(|message| &**message);
                check_size(page.hits.iter().map(|hit| &hit.message).chain(neighbours));
                assert!(!page.hits.is_empty());
                read.extend(seqs(page.hits.iter().map(|hit| &hit.message)));
                match if side == "before" { page.older } else { page.newer } {
                    Some(next) => anchor = next.to_string(),
                    None => break,
                }
            }
            read.sort();
            assert_eq!(read, all(), "{side}, context={context}");
        }
    }
}
