//! Saying, changing and deleting, and who may.

use serde_json::{Value, json};
use shared::{
    ids::ClientId,
    live::ServerFrame,
    messages::{Message, Row},
    paths,
    problem::Code,
};
use uuid::Uuid;

use crate::actors::{Cast, LiveSocket, all, changes};

fn named(name: Uuid, content: &str) -> Value {
    json!({"client_id": name, "content": content})
}

#[tokio::test]
async fn a_retry_returns_the_original() {
    let cast = Cast::assemble().await;
    let (path, name) = (cast.at(paths::MESSAGES), Uuid::now_v7());
    let first: Message = cast.member.post(&path, named(name, "once")).await.read(201);
    assert_eq!((first.seq.0, first.client_id.0, &*first.content), (3, name, "once"));
    let again: Message = cast.member.post(&path, named(name, " once\n")).await.read(200);
    assert_eq!(again, first);
    cast.member.post(&path, named(name, "twice")).await.refused(Code::ClientIdReused);
    let reply = json!({"client_id": name, "content": "once", "reply_to": 1});
    cast.member.post(&path, reply).await.refused(Code::ClientIdReused);
    // The name is the author's and the room's own.
    let other: Message = cast.admin.post(&path, named(name, "twice")).await.read(201);
    assert_eq!(other.seq.0, 4);
    // A retry after an edit is still that message, as it is now.
    let edit = json!({"content": "edited"});
    cast.member.patch(&cast.message(3), edit).await.is(200);
    let again: Message = cast.member.post(&path, named(name, "once")).await.read(200);
    assert_eq!((again.seq.0, &*again.content), (3, "edited"));
    assert_eq!(all(&cast.member, cast.room).await.len(), 4);
}

#[tokio::test]
async fn a_socket_refuses_a_name_that_is_used() {
    let cast = Cast::assemble().await;
    let (path, name) = (cast.at(paths::MESSAGES), ClientId(Uuid::now_v7()));
    cast.member.post(&path, named(name.0, "once")).await.is(201);
    let mut live = LiveSocket::open(&cast.member).await;
    live.say(cast.room, name, "twice").await;
    let (code, retry) = live.expect(nacked).await;
    assert_eq!((code, retry), (Code::ClientIdReused, false));
    live.say(cast.room, name, "once").await;
    assert_eq!(live.ack(name).await.seq.0, 3);
}

fn nacked(frame: &ServerFrame) -> Option<(Code, bool)> {
    match frame {
        ServerFrame::Nack { problem, retry, .. } => Some((problem.code, *retry)),
        _ => None,
    }
}

#[tokio::test]
async fn a_socket_refuses_what_rest_refuses() {
    let cast = Cast::assemble().await;
    let mut live = LiveSocket::open(&cast.outsider).await;
    live.say(cast.room, ClientId(Uuid::now_v7()), "let me in").await;
    assert_eq!(live.expect(nacked).await, (Code::NotAMember, false));
    live.say(77.into(), ClientId(Uuid::now_v7()), "anybody?").await;
    assert_eq!(live.expect(nacked).await, (Code::NotFound, false));
    let mut live = LiveSocket::open(&cast.member).await;
    live.say(cast.room, ClientId(Uuid::now_v7()), "  ").await;
    assert_eq!(live.expect(nacked).await, (Code::InvalidFields, false));
    assert_eq!(all(&cast.member, cast.room).await.len(), 2);
}

#[tokio::test]
async fn only_its_author_edits_a_message() {
    let cast = Cast::assemble().await;
    let mut live = LiveSocket::in_room(&cast.admin, cast.room).await;
    let edit = json!({"content": " better "});
    cast.admin.patch(&cast.message(1), edit.clone()).await.refused(Code::NotTheAuthor);
    let edited: Message = cast.member.patch(&cast.message(1), edit.clone()).await.read(200);
    assert_eq!((edited.seq.0, edited.rev.0, &*edited.content), (1, 6, "better"));
    assert!(edited.edited_at.is_some() && edited.deleted_at.is_none());
    let change = live.change().await;
    assert_eq!((change.rev.0, change.row), (6, Row::Message(edited.clone())));
    // The same text again is no change.
    let same: Message = cast.member.patch(&cast.message(1), edit.clone()).await.read(200);
    assert_eq!(same, edited);
    cast.member.patch(&cast.message(99), edit.clone()).await.refused(Code::NotFound);
    // Who left has no say any more, not even about what was theirs.
    cast.member.delete(&cast.at(paths::MEMBERSHIP)).await.is(204);
    cast.member.patch(&cast.message(1), edit).await.refused(Code::NotAMember);
}

#[tokio::test]
async fn an_admin_deletes_what_others_said_without_being_in_the_room() {
    let cast = Cast::assemble().await;
    cast.admin.delete(&cast.at(paths::MEMBERSHIP)).await.is(204);
    cast.admin.get(&cast.message(1)).await.refused(Code::NotAMember);
    cast.admin.delete(&cast.message(1)).await.is(204);
    cast.admin.delete(&cast.message(99)).await.refused(Code::NotFound);
    let tombstone: Message = cast.member.get(&cast.message(1)).await.read(200);
    assert!(tombstone.deleted_at.is_some());
}

/// Promise 5: the text leaves the server on no path again.
#[tokio::test]
async fn what_is_deleted_is_gone_everywhere() {
    const SECRET: &str = "xyzzy plugh";
    let cast = Cast::assemble().await;
    let (path, name) = (cast.at(paths::MESSAGES), Uuid::now_v7());
    cast.member.post(&path, named(name, SECRET)).await.is(201);
    let before = cast.member.get(&cast.message(3)).await.text;
    assert!(before.contains(SECRET), "the test can find it");
    let mut live = LiveSocket::in_room(&cast.admin, cast.room).await;
    cast.member.delete(&cast.message(3)).await.is(204);
    let Row::Message(told) = live.change().await.row else { panic!() };
    assert_eq!((told.seq.0, &*told.content), (3, ""));
    assert!(told.deleted_at.is_some());
    let classic = format!("/messages/{}/", cast.room);
    for path in [cast.at(paths::MESSAGES), cast.message(3), cast.at(paths::CHANGES), classic] {
        let answer = cast.member.get(&path).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text.contains(SECRET), "{path}: {}", answer.text);
    }
    let replay = LiveSocket::open(&cast.admin).await.subscribe(cast.room, Some(0.into())).await;
    assert!(!format!("{replay:?}").contains(SECRET));
    // Its place stays, and takes no more changes; deleting it again is no error.
    let messages = all(&cast.member, cast.room).await;
    assert_eq!((messages.len(), &messages[2]), (3, &told));
    let edit = json!({"content": "back"});
    cast.member.patch(&cast.message(3), edit).await.refused(Code::MessageDeleted);
    cast.member.delete(&cast.message(3)).await.is(204);
    // A retry of it brings nothing back.
    let again: Message = cast.member.post(&path, named(name, SECRET)).await.read(200);
    assert_eq!(again, told);
}

#[tokio::test]
async fn a_reply_names_what_it_answers() {
    let cast = Cast::assemble().await;
    let reply = json!({"content": "indeed", "reply_to": 1});
    let reply: Message = cast.admin.post(&cast.at(paths::MESSAGES), reply).await.read(201);
    assert_eq!(reply.reply_to.map(|seq| seq.0), Some(1));
    let read: Message = cast.member.get(&cast.message(3)).await.read(200);
    assert_eq!(read, reply);
}

#[tokio::test]
async fn numbers_are_dense_and_changes_consecutive() {
    let cast = Cast::assemble().await;
    cast.outsider.put(&cast.at(paths::MEMBERSHIP), Value::Null).await.is(200);
    // In it already: no change.
    cast.outsider.put(&cast.at(paths::MEMBERSHIP), Value::Null).await.is(200);
    cast.outsider.post(&cast.at(paths::MESSAGES), json!({"content": "third"})).await.is(201);
    cast.admin.patch(&cast.at(paths::ROOM), json!({"topic": "New"})).await.is(200);
    cast.outsider.delete(&cast.at(paths::MEMBERSHIP)).await.is(204);
    let found = changes(&cast.admin, cast.room, 0).await;
    let revs: Vec<i64> = found.changes.iter().map(|change| change.rev.0).collect();
    // 1 made the room, and the topic took its place; 6 was the outsider's coming, 9 the going.
    assert_eq!(revs, [2, 3, 4, 5, 7, 8, 9]);
    assert_eq!((found.rev.0, found.more), (9, false));
    let Row::Member(member) = &found.changes[6].row else { panic!() };
    assert_eq!((member.user.id, member.left), (cast.outsider.user.id, true));
    let seqs: Vec<i64> = all(&cast.admin, cast.room).await.iter().map(|m| m.seq.0).collect();
    assert_eq!(seqs, [1, 2, 3]);
}
