//! Posting, editing and deleting messages, and the permissions for each.

use serde_json::{Value, json};
use shared::{
    ids::ClientId,
    live::ServerFrame,
    messages::{Message, Row},
    paths,
    problem::Code,
};
use uuid::Uuid;

use crate::fixture::{Fixture, LiveSocket, all_messages, changes};

mod formats;
mod reactions;

fn with_client_id(id: Uuid, content: &str) -> Value {
    json!({"client_id": id, "content": content})
}

#[tokio::test]
async fn a_retry_returns_the_original_message() {
    let fixture = Fixture::start().await;
    let (path, id) = (fixture.path(paths::MESSAGES), Uuid::now_v7());
    let first: Message =
        fixture.member.post(&path, with_client_id(id, "once")).await.expect_json(201);
    assert_eq!((first.seq.0, first.client_id.0, &*first.content), (3, id, "once"));
    let retried: Message =
        fixture.member.post(&path, with_client_id(id, " once\n")).await.expect_json(200);
    assert_eq!(retried, first);
    fixture
        .member
        .post(&path, with_client_id(id, "twice"))
        .await
        .expect_problem(Code::ClientIdReused);
    let reply = json!({"client_id": id, "content": "once", "reply_to": 1});
    fixture.member.post(&path, reply).await.expect_problem(Code::ClientIdReused);
    // A client id is unique per author and room.
    let other: Message =
        fixture.admin.post(&path, with_client_id(id, "twice")).await.expect_json(201);
    assert_eq!(other.seq.0, 4);
    // A retry after an edit returns the message in its current state.
    let edit = json!({"content": "edited"});
    fixture.member.patch(&fixture.message_path(3), edit).await.expect_status(200);
    let retried: Message =
        fixture.member.post(&path, with_client_id(id, "once")).await.expect_json(200);
    assert_eq!((retried.seq.0, &*retried.content), (3, "edited"));
    assert_eq!(all_messages(&fixture.member, fixture.room).await.len(), 4);
}

#[tokio::test]
async fn a_socket_refuses_a_reused_client_id() {
    let fixture = Fixture::start().await;
    let (path, id) = (fixture.path(paths::MESSAGES), ClientId(Uuid::now_v7()));
    fixture.member.post(&path, with_client_id(id.0, "once")).await.expect_status(201);
    let mut live = LiveSocket::open(&fixture.member).await;
    live.send_message(fixture.room, id, "twice").await;
    let (code, retry) = live.expect(nack).await;
    assert_eq!((code, retry), (Code::ClientIdReused, false));
    live.send_message(fixture.room, id, "once").await;
    assert_eq!(live.wait_ack(id).await.seq.0, 3);
}

fn nack(frame: &ServerFrame) -> Option<(Code, bool)> {
    match frame {
        ServerFrame::Nack { problem, retry, .. } => Some((problem.code, *retry)),
        _ => None,
    }
}

#[tokio::test]
async fn a_socket_refuses_messages_that_rest_refuses() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::open(&fixture.outsider).await;
    live.send_message(fixture.room, ClientId(Uuid::now_v7()), "let me in").await;
    assert_eq!(live.expect(nack).await, (Code::NotAMember, false));
    live.send_message(77.into(), ClientId(Uuid::now_v7()), "anybody?").await;
    assert_eq!(live.expect(nack).await, (Code::NotFound, false));
    let mut live = LiveSocket::open(&fixture.member).await;
    live.send_message(fixture.room, ClientId(Uuid::now_v7()), "  ").await;
    assert_eq!(live.expect(nack).await, (Code::InvalidFields, false));
    assert_eq!(all_messages(&fixture.member, fixture.room).await.len(), 2);
}

#[tokio::test]
async fn only_the_author_edits_a_message() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::in_room(&fixture.admin, fixture.room).await;
    let edit = json!({"content": " better "});
    fixture
        .admin
        .patch(&fixture.message_path(1), edit.clone())
        .await
        .expect_problem(Code::NotTheAuthor);
    let edited: Message =
        fixture.member.patch(&fixture.message_path(1), edit.clone()).await.expect_json(200);
    assert_eq!((edited.seq.0, edited.rev.0, &*edited.content), (1, 6, "better"));
    assert!(edited.edited_at.is_some() && edited.deleted_at.is_none());
    let change = live.next_change().await;
    assert_eq!((change.rev.0, change.row), (6, Row::Message(edited.clone())));
    // An edit to the same text is no change.
    let same: Message =
        fixture.member.patch(&fixture.message_path(1), edit.clone()).await.expect_json(200);
    assert_eq!(same, edited);
    fixture
        .member
        .patch(&fixture.message_path(99), edit.clone())
        .await
        .expect_problem(Code::NotFound);
    // Former members may not edit, not even their own messages.
    fixture.member.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    fixture.member.patch(&fixture.message_path(1), edit).await.expect_problem(Code::NotAMember);
}

#[tokio::test]
async fn an_admin_deletes_messages_of_others_without_being_a_member() {
    let fixture = Fixture::start().await;
    fixture.admin.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    fixture.admin.get(&fixture.message_path(1)).await.expect_problem(Code::NotAMember);
    fixture.admin.delete(&fixture.message_path(1)).await.expect_status(204);
    fixture.admin.delete(&fixture.message_path(99)).await.expect_problem(Code::NotFound);
    let tombstone: Message = fixture.member.get(&fixture.message_path(1)).await.expect_json(200);
    assert!(tombstone.deleted_at.is_some());
}

/// Neither REST, the classic API nor a replay on the live socket returns a deleted text.
#[tokio::test]
async fn no_path_returns_a_deleted_text() {
    const SECRET: &str = "xyzzy plugh";
    let fixture = Fixture::start().await;
    let (path, id) = (fixture.path(paths::MESSAGES), Uuid::now_v7());
    fixture.member.post(&path, with_client_id(id, SECRET)).await.expect_status(201);
    let before = fixture.member.get(&fixture.message_path(3)).await.text;
    assert!(before.contains(SECRET), "the text must be found before the deletion");
    let mut live = LiveSocket::in_room(&fixture.admin, fixture.room).await;
    fixture.member.delete(&fixture.message_path(3)).await.expect_status(204);
    let Row::Message(tombstone) = live.next_change().await.row else { panic!() };
    assert_eq!((tombstone.seq.0, &*tombstone.content), (3, ""));
    assert!(tombstone.deleted_at.is_some());
    let classic = format!("/messages/{}/", fixture.room);
    for path in [
        fixture.path(paths::MESSAGES),
        fixture.message_path(3),
        fixture.path(paths::CHANGES),
        classic,
    ] {
        let response = fixture.member.get(&path).await;
        assert_eq!(response.status, 200);
        assert!(!response.text.contains(SECRET), "{path}: {}", response.text);
    }
    let replay =
        LiveSocket::open(&fixture.admin).await.subscribe(fixture.room, Some(0.into())).await;
    assert!(!format!("{replay:?}").contains(SECRET));
    // The tombstone stays and cannot be edited; deleting it again is no error.
    let messages = all_messages(&fixture.member, fixture.room).await;
    assert_eq!((messages.len(), &messages[2]), (3, &tombstone));
    let edit = json!({"content": "back"});
    fixture.member.patch(&fixture.message_path(3), edit).await.expect_problem(Code::MessageDeleted);
    fixture.member.delete(&fixture.message_path(3)).await.expect_status(204);
    // A retry of the post does not restore the text.
    let retried: Message =
        fixture.member.post(&path, with_client_id(id, SECRET)).await.expect_json(200);
    assert_eq!(retried, tombstone);
}

#[tokio::test]
async fn a_reply_names_the_message_it_replies_to() {
    let fixture = Fixture::start().await;
    let reply = json!({"content": "indeed", "reply_to": 1});
    let reply: Message =
        fixture.admin.post(&fixture.path(paths::MESSAGES), reply).await.expect_json(201);
    assert_eq!(reply.reply_to.map(|seq| seq.0), Some(1));
    let read: Message = fixture.member.get(&fixture.message_path(3)).await.expect_json(200);
    assert_eq!(read, reply);
}

#[tokio::test]
async fn seqs_are_dense_and_revs_consecutive() {
    let fixture = Fixture::start().await;
    fixture.outsider.put(&fixture.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    // Joining again is no change.
    fixture.outsider.put(&fixture.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    fixture
        .outsider
        .post(&fixture.path(paths::MESSAGES), json!({"content": "third"}))
        .await
        .expect_status(201);
    fixture
        .admin
        .patch(&fixture.path(paths::ROOM), json!({"topic": "New"}))
        .await
        .expect_status(200);
    fixture.outsider.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    let found = changes(&fixture.admin, fixture.room, 0).await;
    let revs: Vec<i64> = found.changes.iter().map(|change| change.rev.0).collect();
    // Rev 8 (the topic) replaces 1 (the creation). Rev 9 (the leaving) replaces 6 (the joining), whose event
    // comes with the latest state.
    assert_eq!(revs, [2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(found.changes[4].row, found.changes[7].row);
    assert_eq!((found.rev.0, found.more), (9, false));
    let Row::Member(member) = &found.changes[7].row else { panic!() };
    assert_eq!((member.user.id, member.left), (fixture.outsider.user.id, true));
    let seqs: Vec<i64> =
        all_messages(&fixture.admin, fixture.room).await.iter().map(|m| m.seq.0).collect();
    assert_eq!(seqs, [1, 2, 3]);
}
