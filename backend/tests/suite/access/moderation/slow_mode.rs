//! Slow mode: members wait between two messages.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{
    ids::ClientId, live::ServerFrame, messages::Message, paths, problem::Code, rooms::Room,
};
use uuid::Uuid;

use super::{join, leave, set_slow_mode};
use crate::fixture::{Fixture, LiveSocket};

fn new_message(content: &str) -> Value {
    json!({"content": content, "client_id": Uuid::now_v7()})
}

#[tokio::test]
async fn a_member_waits_and_a_host_does_not() {
    let fixture = Fixture::start().await;
    let messages = fixture.path(paths::MESSAGES);
    set_slow_mode(&fixture.admin, fixture.room, 60).await;
    let room: Room = fixture.member.get(&fixture.path(paths::ROOM)).await.expect_json(200);
    assert_eq!(room.policies.slow_s, 60);
    let first = new_message("one");
    let stored: Message = fixture.member.post(&messages, first.clone()).await.expect_json(201);
    let refused = fixture.member.post(&messages, new_message("two")).await;
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((55..=60).contains(&wait), "{wait}");
    let problem = refused.expect_problem(Code::SlowMode);
    assert!(problem.detail.contains("slow mode"), "{problem:?}");
    // A retry is no further message.
    let retried: Message = fixture.member.post(&messages, first).await.expect_json(200);
    assert_eq!(retried, stored);
    let edit = json!({"content": "changed"});
    fixture.member.patch(&fixture.message_path(stored.seq.0), edit).await.expect_status(200);
    for text in ["a", "b", "c"] {
        fixture.admin.post_message(fixture.room, text).await;
    }
    // Others have a wait of their own.
    join(&fixture.outsider, fixture.room).await;
    fixture.outsider.post_message(fixture.room, "hello").await;
    // Leaving does not shorten it.
    leave(&fixture.member, fixture.room).await;
    join(&fixture.member, fixture.room).await;
    fixture.member.post(&messages, new_message("two")).await.expect_problem(Code::SlowMode);
    set_slow_mode(&fixture.admin, fixture.room, 0).await;
    fixture.member.post_message(fixture.room, "three").await;
}

#[tokio::test]
async fn the_wait_ends() {
    let fixture = Fixture::start().await;
    set_slow_mode(&fixture.admin, fixture.room, 1).await;
    fixture.member.post_message(fixture.room, "one").await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    fixture.member.post_message(fixture.room, "two").await;
}

#[tokio::test]
async fn one_of_several_messages_at_once_is_stored() {
    let fixture = Fixture::start().await;
    set_slow_mode(&fixture.admin, fixture.room, 60).await;
    let messages = fixture.path(paths::MESSAGES);
    let post = |text| fixture.member.post(&messages, new_message(text));
    let posted = tokio::join!(post("one"), post("two"), post("three"));
    let mut statuses = [posted.0.status, posted.1.status, posted.2.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 429, 429]);
}

#[tokio::test]
async fn a_socket_gets_a_nack_with_the_wait() {
    let fixture = Fixture::start().await;
    set_slow_mode(&fixture.admin, fixture.room, 60).await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let [first, second] = [(); 2].map(|()| ClientId(Uuid::now_v7()));
    live.send_message(fixture.room, first, "one").await;
    live.wait_ack(first).await;
    live.send_message(fixture.room, second, "two").await;
    let nack = live.expect(|frame| match frame {
        ServerFrame::Nack { client_id, problem, retry, retry_after } => {
            Some((*client_id, problem.code, *retry, *retry_after))
        }
        _ => None,
    });
    let (id, code, retry, wait) = nack.await;
    assert_eq!((id, code, retry), (second, Code::SlowMode, false));
    assert!(wait.is_some_and(|wait| (55..=60).contains(&wait)), "{wait:?}");
    // The socket goes on: the retry of the first is acknowledged.
    live.send_message(fixture.room, first, "one").await;
    live.wait_ack(first).await;
}

#[tokio::test]
async fn slow_mode_has_a_limit() {
    let fixture = Fixture::start().await;
    let change = json!({"policies": {"slow_s": 21_601}});
    let changed = fixture.admin.patch(&fixture.path(paths::ROOM), change).await;
    changed.expect_field_error("policies.slow_s", "21600");
    let new = json!({"name": "Slow", "policies": {"slow_s": 21_601}});
    fixture.admin.post(paths::ROOMS, new).await.expect_field_error("policies.slow_s", "21600");
    set_slow_mode(&fixture.admin, fixture.room, 21_600).await;
}
