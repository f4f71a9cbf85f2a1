//! Long exports that the client reads slowly, and changes during the download.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use shared::{ids::RoomId, paths, problem::Code};

use super::{export, messages};
use crate::{
    fixture::{Fixture, LiveSocket, PASSWORD, Person, SlowDownload, TIMEOUT},
    search::{address, room},
};

/// More messages than fit into two batches of an export.
const MESSAGE_COUNT: usize = 1_200;

/// Creates a room with many messages of `bytes` bytes each.
pub(super) async fn create_long_room(fixture: &Fixture, bytes: usize) -> RoomId {
    let room = room(fixture, "Long").await;
    let mut live = LiveSocket::open(&fixture.member).await;
    let text = |nth| format!("word {nth}. {}", "x".repeat(bytes));
    live.post_all(room, (1..=MESSAGE_COUNT).map(text)).await;
    room
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_export_has_each_message_once_in_order() {
    let fixture = Fixture::start().await;
    let room = create_long_room(&fixture, 20).await;
    let seqs = |text: &str| -> Vec<_> { messages(text).iter().map(|m| m.seq.0).collect() };
    let all: Vec<_> = (1..=MESSAGE_COUNT as i64).collect();
    assert_eq!(seqs(&export(&fixture.member, room, &[]).await.text), all);
    let part = export(&fixture.member, room, &[("from_seq", "499"), ("to_seq", "1001")]).await;
    assert_eq!(seqs(&part.text), all[498..1_001]);
    assert_eq!(part.header("hallway-messages"), "503");
    // A query that the index answers exactly, and one that needs a re-check.
    for q in ["word in:Long", "in:Long -~tape", "in:Long"] {
        let path = address(paths::EXPORT_SEARCH, &[("q", q)]);
        assert_eq!(seqs(&fixture.member.get(&path).await.text), all, "{q}");
    }
    let csv = export(&fixture.member, room, &[("format", "csv")]).await.text;
    assert_eq!(csv.lines().count(), MESSAGE_COUNT + 1);
    let html = export(&fixture.member, room, &[("format", "html")]).await.text;
    let anchors = html.split("<article id=\"m").skip(1);
    let anchors = anchors.map(|article| article.split_once('"').unwrap().0.parse().unwrap());
    assert_eq!(anchors.collect::<Vec<i64>>(), all);
    let markdown = export(&fixture.member, room, &[("format", "markdown")]).await.text;
    assert_eq!(markdown.matches("\n**member** at ").count(), MESSAGE_COUNT);
}

/// Begins a download that reads only on request.
pub(super) async fn begin(person: &Person, path: &str) -> SlowDownload {
    let bearer = format!("Bearer {}", person.token);
    SlowDownload::begin(person.address, ("authorization", &bearer), path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_reader_gets_no_more_of_an_export() {
    let fixture = Fixture::start().await;
    let room = create_long_room(&fixture, 8_000).await;
    let path = paths::fill(paths::EXPORT, &[&room]);
    let search = address(paths::EXPORT_SEARCH, &[("q", "in:Long")]);
    let membership = paths::fill(paths::MEMBERSHIP, &[&room]);
    let html = format!("{path}?format=html");
    for path in [&path, &html, &search] {
        let slow = begin(&fixture.member, path).await;
        let member = paths::fill(paths::MEMBER, &[&room, &fixture.member.user.id]);
        fixture.admin.delete(&member).await.expect_status(204);
        assert_eq!(slow.finish().await, None, "{path}");
        fixture.member.put(&membership, Value::Null).await.expect_status(200);
    }
    let text = begin(&fixture.member, &path).await.finish().await.unwrap();
    assert_eq!(messages(&text).len(), MESSAGE_COUNT);

    for path in [&path, &search] {
        let second_session = fixture.server.sign_in("member").await;
        let slow = begin(&second_session, path).await;
        second_session.delete("/api/v1/sessions/current").await.expect_status(204);
        assert_eq!(slow.finish().await, None, "{path}");
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("member:{PASSWORD}")));
    let slow = SlowDownload::begin(fixture.member.address, ("authorization", &basic), &path).await;
    let account = paths::fill(paths::USER, &[&fixture.member.user.id]);
    fixture.admin.patch(&account, json!({"is_disabled": true})).await.expect_status(200);
    assert_eq!(slow.finish().await, None);

    let slow = begin(&fixture.admin, &path).await;
    fixture.admin.delete(&paths::fill(paths::ROOM, &[&room])).await.expect_status(204);
    assert_eq!(slow.finish().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_a_fixed_end_and_omits_messages_deleted_meanwhile() {
    let fixture = Fixture::start().await;
    let room = create_long_room(&fixture, 8_000).await;
    let search = address(paths::EXPORT_SEARCH, &[("q", "in:Long word")]);
    for (nth, path) in [paths::fill(paths::EXPORT, &[&room]), search].into_iter().enumerate() {
        let slow = begin(&fixture.member, &path).await;
        fixture.admin.post_message(room, "word behind your back").await;
        let at = |seq: usize| paths::fill(paths::MESSAGE, &[&room, &(seq - nth)]);
        fixture.member.delete(&at(MESSAGE_COUNT)).await.expect_status(204);
        fixture
            .member
            .patch(&at(MESSAGE_COUNT - 5), json!({"content": "another word"}))
            .await
            .expect_status(200);
        let text = slow.finish().await.unwrap();
        assert!(!text.contains("behind your back") || nth == 1);
        assert!(!text.contains(&format!("word {}.", MESSAGE_COUNT - nth)));
        let found = messages(&text);
        if nth == 0 {
            assert_eq!(found.len(), MESSAGE_COUNT);
            assert!(
                found[MESSAGE_COUNT - 1].deleted_at.is_some()
                    && found[MESSAGE_COUNT - 1].content.is_empty()
            );
            assert_eq!(found[MESSAGE_COUNT - 6].content, "another word");
        } else {
            // An export of hits omits tombstones. It has the message that the first round posted.
            assert_eq!(found.len(), MESSAGE_COUNT - 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_two_exports_at_once() {
    let fixture = Fixture::start().await;
    let room = create_long_room(&fixture, 8_000).await;
    let path = paths::fill(paths::EXPORT, &[&room]);
    let search = address(paths::EXPORT_SEARCH, &[("q", "in:Long")]);
    let first = begin(&fixture.member, &path).await;
    let second = begin(&fixture.member, &search).await;
    for path in [&path, &search] {
        let refused = fixture.member.get(path).await;
        assert!(refused.header("retry-after").parse::<u64>().is_ok());
        let problem = refused.expect_problem(Code::TooManyRequests);
        assert!(problem.detail.starts_with("Too many of your exports"), "{problem:?}");
    }
    export(&fixture.admin, fixture.room, &[]).await;
    // A download that ends or breaks off makes room for the next.
    assert!(first.finish().await.is_some());
    let third = begin(&fixture.member, &path).await;
    drop(second);
    let start = Instant::now();
    while fixture.member.get(&path).await.status != 200 {
        assert!(start.elapsed() < TIMEOUT, "the permit of a broken download stays taken");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(third);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_four_classic_histories_at_once() {
    let fixture = Fixture::start().await;
    let room = create_long_room(&fixture, 8_000).await;
    let path = format!("/messages/{room}/");
    let mut downloads = Vec::new();
    for _ in 0..4 {
        downloads.push(begin(&fixture.member, &path).await);
    }
    let refused = fixture.member.get(&path).await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    downloads.pop();
    // Waits for the permit of the download that broke off.
    fixture.member.get(&format!("{path}?limit=1")).await.expect_status(200);
}

/// A download that nobody reads first loses its permit, and then the server aborts it. One that is read
/// slowly goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_nobody_reads_is_aborted() {
    let fixture = Fixture::start().await;
    let room = create_long_room(&fixture, 8_000).await;
    let path = paths::fill(paths::EXPORT, &[&room]);
    let unread = begin(&fixture.member, &path).await;
    let mut slow = begin(&fixture.member, &path).await;
    let third = format!("{path}?to_seq=1");
    assert_eq!(fixture.member.get(&third).await.status, 429);
    let mut is_permit_free = false;
    let start = Instant::now();
    while !unread.is_aborted() {
        is_permit_free = is_permit_free || fixture.member.get(&third).await.status == 200;
        assert!(start.elapsed() < 6 * TIMEOUT, "the server still waits for the client");
        slow.read(8_192).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(is_permit_free, "the permit stays taken until the connection ends");
    let text = slow.finish().await.expect("the slow download goes on");
    assert_eq!(messages(&text).len(), MESSAGE_COUNT);
}
