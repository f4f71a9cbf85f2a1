//! No account slows others: fair turns in the ledger, and a bounded rate for each account.

use std::time::{Duration, Instant};

use serde_json::json;
use shared::{
    ids::{Rev, RoomId, Seq},
    live::{ClientFrame, ServerFrame},
    paths,
    problem::Code,
    rules,
};
use tokio::{task::JoinSet, time::timeout};

use super::new_client_id;
use crate::fixture::{Fixture, LiveSocket, Person};

const FLOOD_SOCKETS: usize = 8;
const MESSAGES_PER_SOCKET: usize = 150;

/// Posts long messages as fast as the server takes them, and waits for all acks.
async fn flood(person: Person, room: RoomId) {
    let mut live = LiveSocket::open(&person).await;
    let text = "word ".repeat(rules::CONTENT_MAX_BYTES / 5);
    for _ in 0..MESSAGES_PER_SOCKET {
        live.send_message(room, new_client_id(), &text).await;
    }
    let mut acks = 0;
    while acks < MESSAGES_PER_SOCKET {
        // Without a time limit, because other tests share the cores.
        let frame = live.receive().await.expect("the socket stays open");
        acks += usize::from(matches!(frame, ServerFrame::Ack { .. }));
    }
}

#[tokio::test]
async fn a_flood_of_one_account_does_not_delay_another() {
    let fixture = Fixture::start().await;
    let mut quiet = LiveSocket::in_room(&fixture.admin, fixture.room).await;
    let mut floods = JoinSet::new();
    for _ in 0..FLOOD_SOCKETS {
        floods.spawn(flood(fixture.member.clone(), fixture.room));
    }
    // By the time of the first ack, hundreds of messages wait for the ledger or in the sockets.
    let first = quiet.next_change().await.rev;
    let id = new_client_id();
    quiet.send_message(fixture.room, id, "hello").await;
    let message = quiet.wait_ack(id).await;
    let flooded = FLOOD_SOCKETS * MESSAGES_PER_SOCKET;
    let before = (message.rev.0 - first.0) as usize;
    assert!(before < flooded / 4, "{before} of {flooded} messages went first");
    while let Some(done) = floods.join_next().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn an_account_that_posts_too_fast_waits() {
    let fixture = Fixture::with(|settings| settings.messages_per_second = 1).await;
    let messages = fixture.path(paths::MESSAGES);
    // The burst is ten messages.
    let mut refused = None;
    for nth in 0..100 {
        let response = fixture.member.post(&messages, json!({"content": format!("{nth}")})).await;
        if response.status != 201 {
            refused = Some(response);
            break;
        }
        assert!(nth < 50, "no limit");
    }
    let refused = refused.expect("a limit");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&seconds));
    let problem = refused.expect_problem(Code::TooManyRequests);
    assert!(problem.detail.starts_with("Too many messages at once. Try again in "), "{problem:?}");

    let id = new_client_id();
    let mut live = LiveSocket::open(&fixture.member).await;
    let long = "x".repeat(rules::CONTENT_MAX_BYTES);
    let send = ClientFrame::Send {
        room: fixture.room,
        client_id: id,
        content: long,
        format: None,
        reply_to: None,
    };
    let (retry, retry_after) = loop {
        live.send(&send).await;
        let nack = live.expect(|frame| match frame {
            ServerFrame::Nack { retry, retry_after, .. } => Some(Some((*retry, *retry_after))),
            ServerFrame::Ack { .. } => Some(None),
            _ => None,
        });
        // A slow machine may have refilled the burst.
        if let Some(nack) = nack.await {
            break nack;
        }
    };
    assert!(retry && retry_after.is_some_and(|seconds| seconds >= 1), "{retry_after:?}");

    let classic = format!("/messages/create/{}/", fixture.room);
    let edit = json!({"content": "edited"});
    for _ in 0..100 {
        let edited = fixture.member.patch(&fixture.message_path(1), edit.clone()).await;
        let posted = fixture.member.post(&classic, edit.clone()).await;
        if edited.status == 429 && posted.status == 429 {
            assert!(!posted.header("retry-after").is_empty());
            // Other writes and other accounts have their own limits.
            let read = json!({"seq": Seq(1)});
            fixture.member.put(&fixture.path(paths::READ), read).await.expect_status(200);
            fixture.admin.post(&messages, edit).await.expect_status(201);
            return;
        }
    }
    panic!("edits and classic posts have no limit");
}

#[tokio::test]
async fn the_sockets_of_one_user_take_turns_to_catch_up() {
    let fixture = Fixture::start().await;
    let mut waiting = LiveSocket::open(&fixture.member).await;
    let permits = fixture.hold_catch_ups(&fixture.member);
    let subscribe = ClientFrame::Subscribe { room: fixture.room, after_rev: Some(Rev(0)) };
    waiting.send(&subscribe).await;
    let mut other = LiveSocket::open(&fixture.admin).await;
    assert!(!other.subscribe(fixture.room, Some(Rev(0))).await.is_empty());
    let answer = timeout(Duration::from_millis(500), waiting.receive()).await;
    assert!(answer.is_err(), "{answer:?}");
    drop(permits);
    waiting.expect(|frame| matches!(frame, ServerFrame::Subscribed { .. }).then_some(())).await;
}

/// The session reads no further frames while a subscription waits, so each gets its reply later.
#[tokio::test]
async fn a_user_who_subscribes_too_often_waits() {
    const SUBSCRIPTIONS: usize = 30;
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::open(&fixture.member).await;
    fixture.use_up_subscriptions(&fixture.member);
    let start = Instant::now();
    let subscribe = ClientFrame::Subscribe { room: fixture.room, after_rev: Some(Rev(0)) };
    for _ in 0..SUBSCRIPTIONS {
        live.send(&subscribe).await;
    }
    for _ in 0..SUBSCRIPTIONS {
        live.expect(|frame| matches!(frame, ServerFrame::Subscribed { .. }).then_some(())).await;
    }
    // The limit is 10 per second.
    assert!(start.elapsed() > Duration::from_millis(1_500), "{:?}", start.elapsed());
}

/// Reading and refusing frames takes as much time as accepting them.
#[tokio::test]
async fn the_sockets_of_a_user_who_sends_too_much_are_read_slowly() {
    let fixture = Fixture::with(|settings| settings.messages_per_second = 1).await;
    let mut flood = LiveSocket::open(&fixture.member).await;
    let mut other = LiveSocket::open(&fixture.admin).await;
    fixture.use_up_frames(&fixture.member);
    let start = Instant::now();
    // Invalid frames, each as long as what the user may send in a second.
    for _ in 0..3 {
        flood.socket.send_text(&format!("{{}}{}", " ".repeat(16 * 1_024 - 2))).await;
    }
    other.socket.send_text("{}").await;
    other.expect(|frame| matches!(frame, ServerFrame::Error { .. }).then_some(())).await;
    for _ in 0..3 {
        flood.expect(|frame| matches!(frame, ServerFrame::Error { .. }).then_some(())).await;
    }
    // The first frame is read at once. The second waits until there is room for it, and so does the third
    // unless a second had passed before.
    assert!(start.elapsed() > Duration::from_millis(900), "{:?}", start.elapsed());
}
