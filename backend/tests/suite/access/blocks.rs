//! Blocking people: who can no longer write to whom, and what nobody learns of it.

use serde_json::{Value, json};
use shared::{
    access::Rank,
    ids::{RoomId, UserId},
    live::{ClientFrame, ServerFrame},
    messages::Message,
    paths,
    problem::Code,
    rooms::MyRoom,
    rules,
    users::BlockList,
};

use crate::{
    delivery::new_client_id,
    fixture::{Fixture, LiveSocket, Person, Response},
};

mod rows;

const NOBODY: [UserId; 0] = [];

fn block_path(user: UserId) -> String {
    paths::fill(paths::BLOCK, &[&user])
}

async fn block(by: &Person, other: &Person) {
    by.put(&block_path(other.user.id), Value::Null).await.expect_status(204);
}

async fn unblock(by: &Person, other: &Person) {
    by.delete(&block_path(other.user.id)).await.expect_status(204);
}

async fn blocked_by(person: &Person) -> Vec<UserId> {
    let list: BlockList = person.get(paths::BLOCKS).await.expect_json(200);
    list.blocks.into_iter().map(|block| block.user.id).collect()
}

async fn start_direct(by: &Person, others: &[&Person]) -> Response {
    let users: Vec<_> = others.iter().map(|person| person.user.id).collect();
    by.post(paths::DIRECT, json!({"users": users})).await
}

async fn direct(by: &Person, others: &[&Person]) -> RoomId {
    let response = start_direct(by, others).await;
    assert!([200, 201].contains(&response.status), "{}", response.text);
    serde_json::from_str::<MyRoom>(&response.text).unwrap().id
}

async fn try_post(by: &Person, room: RoomId) -> Response {
    by.post(&paths::fill(paths::MESSAGES, &[&room]), json!({"content": "hello"})).await
}

fn blocks(frame: &ServerFrame) -> Option<Vec<UserId>> {
    match frame {
        ServerFrame::Blocks { users } => Some(users.clone()),
        _ => None,
    }
}

/// The status, the headers and the body, without what differs between any two responses.
fn answer(response: &Response, other: UserId) -> (u16, Vec<String>, String) {
    const VARYING: [&str; 3] = ["date", "x-request-id", "content-length"];
    let headers = response.headers.iter().filter(|(name, _)| !VARYING.contains(&name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    let text = response.text.replace(response.header("x-request-id"), "");
    (response.status, headers, text.replace(&format!("but {other} is"), "but ID is"))
}

#[tokio::test]
async fn a_block_is_set_and_removed_once() {
    let Fixture { server, admin, member, outsider, .. } = &Fixture::start().await;
    assert_eq!(blocked_by(member).await, NOBODY);
    let mut live = LiveSocket::open(member).await;
    for _ in 0..2 {
        block(member, outsider).await;
    }
    block(member, admin).await;
    let mut both = vec![admin.user.id, outsider.user.id];
    both.sort();
    assert_eq!(blocked_by(member).await, [admin.user.id, outsider.user.id], "the last one first");
    assert_eq!(LiveSocket::open(member).await.blocked, both);
    // A repeated block sends nothing.
    assert_eq!(live.expect(blocks).await, [outsider.user.id]);
    assert_eq!(live.expect(blocks).await, both);
    for _ in 0..2 {
        unblock(member, admin).await;
    }
    unblock(member, outsider).await;
    assert_eq!(live.expect(blocks).await, [outsider.user.id]);
    assert_eq!(live.expect(blocks).await, NOBODY);
    assert_eq!(blocked_by(member).await, NOBODY);

    let own = member.put(&block_path(member.user.id), Value::Null).await;
    own.expect_field_error("user", "somebody else");
    let unknown = block_path(UserId(987_654));
    member.put(&unknown, Value::Null).await.expect_problem(Code::NotFound);
    member.delete(&unknown).await.expect_status(204);

    // A guest knows only the people in the same rooms.
    let guest = server.person("guest", Rank::Guest).await;
    let of_guest = |user| answer_of_block(&guest, user);
    assert_eq!(of_guest(member.user.id).await, of_guest(UserId(987_654)).await);
    assert_eq!(of_guest(member.user.id).await.0, 404);
}

async fn answer_of_block(by: &Person, user: UserId) -> (u16, Vec<String>, String) {
    answer(&by.put(&block_path(user), Value::Null).await, user)
}

/// Neither the list, nor a frame, nor anything that the blocked one or a third person reads.
#[tokio::test]
async fn nobody_else_learns_of_a_block() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, outsider, room, .. } = &fixture;
    let reads = [
        paths::BLOCKS.to_owned(),
        paths::fill(paths::USER, &[&member.user.id]),
        fixture.path(paths::MEMBERS),
        fixture.path(paths::CHANGES),
        "/api/v1/people?q=member&scope=server".to_owned(),
        "/api/v1/messages?q=mentions:member".to_owned(),
    ];
    let read_all = async |by: &Person| {
        let mut texts = Vec::new();
        for path in &reads {
            texts.push(by.get(path).await.expect_status(200));
        }
        texts
    };
    let mut live = LiveSocket::in_room(admin, *room).await;
    let (before, of_outsider) = (read_all(admin).await, outsider.get(paths::BLOCKS).await.text);
    block(member, admin).await;
    assert_eq!(read_all(admin).await, before);
    assert_eq!(outsider.get(paths::BLOCKS).await.text, of_outsider);
    assert_eq!(LiveSocket::open(admin).await.blocked, NOBODY);
    member.post_message(*room, "after").await;
    loop {
        match live.next().await {
            ServerFrame::Message { .. } => break,
            frame => assert_eq!(blocks(&frame), None),
        }
    }
}

/// Whoever blocks whom, and whoever tries to write: the answers are the same bytes.
#[tokio::test]
async fn neither_writes_to_the_other() {
    let Fixture { server: _server, admin, member, outsider, .. } = &Fixture::start().await;
    let room = direct(member, &[admin]).await;
    let sent = member.post_message(room, "before").await;
    let own = admin.post_message(room, "before too").await;
    let (mut posts, mut starts, mut edits) = (Vec::new(), Vec::new(), Vec::new());
    for (by, other) in [(member, admin), (admin, member)] {
        block(by, other).await;
        for (writer, reader, seq) in [(member, admin, sent.seq), (admin, member, own.seq)] {
            let id = reader.user.id;
            posts.push(answer(&try_post(writer, room).await, id));
            starts.push(answer(&start_direct(writer, &[reader]).await, id));
            starts.push(answer(&start_direct(writer, &[reader, outsider]).await, id));
            let path = paths::fill(paths::MESSAGE, &[&room, &seq]);
            edits.push(answer(&writer.patch(&path, json!({"content": "edited"})).await, id));
        }
        unblock(by, other).await;
    }
    for answers in [&posts, &starts, &edits] {
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }
    assert!(posts[0].2.contains("\"direct_refused\""), "{}", posts[0].2);
    assert_eq!(posts[0].2, edits[0].2);
    assert_eq!(posts[0].0, Code::DirectRefused.status());
    let unknown = member.post(paths::DIRECT, json!({"users": [987_654]})).await;
    assert_eq!(starts[0], answer(&unknown, UserId(987_654)), "as for an account that is unknown");

    // Nothing was written, and both can write again.
    assert_eq!(member.post_message(room, "after").await.seq, own.seq.next());
    assert_eq!(direct(admin, &[member]).await, room);
}

#[tokio::test]
async fn a_socket_gets_a_refusal_and_a_retry_its_message() {
    let Fixture { server: _server, admin, member, .. } = &Fixture::start().await;
    let room = direct(member, &[admin]).await;
    let mut live = LiveSocket::in_room(admin, room).await;
    let (before, after) = (new_client_id(), new_client_id());
    live.send_message(room, before, "before").await;
    let stored = live.wait_ack(before).await;
    block(member, admin).await;
    live.send_message(room, after, "after").await;
    let refusal = live.expect(|frame| match frame {
        ServerFrame::Nack { client_id, problem, retry, .. } => {
            Some((*client_id, problem.code, *retry))
        }
        _ => None,
    });
    assert_eq!(refusal.await, (after, Code::DirectRefused, false));
    // The ack of what was stored before may have been lost.
    live.send_message(room, before, "before").await;
    assert_eq!(live.wait_ack(before).await, stored);
    unblock(member, admin).await;
    let content = "after".to_owned();
    live.send(&ClientFrame::Send { room, client_id: after, content, format: None, reply_to: None })
        .await;
    live.wait_ack(after).await;
}

#[tokio::test]
async fn larger_rooms_and_notes_go_on() {
    let Fixture { server, admin, member, outsider, room, .. } = &Fixture::start().await;
    let trio = direct(member, &[admin, outsider]).await;
    let notes = direct(member, &[]).await;
    let pair = direct(member, &[outsider]).await;
    block(member, admin).await;
    for (by, room) in [(member, trio), (admin, trio), (member, notes), (member, pair)] {
        by.post_message(room, "still here").await;
    }
    admin.post_message(*room, "in the open").await;
    // A third person learns nothing, and finds or starts rooms with both.
    assert_eq!(direct(outsider, &[member, admin]).await, trio);
    let friend = server.register("friend").await;
    direct(&friend, &[member, admin]).await;
    // Neither adds the other to a room.
    let users = [member.user.id, outsider.user.id, admin.user.id];
    let request = json!({"users": users, "from": pair});
    let answers = [member.post(paths::DIRECT, request.clone()).await, {
        let with_admin = direct(admin, &[outsider]).await;
        admin.post(paths::DIRECT, json!({"users": users, "from": with_admin})).await
    }];
    let [by_member, by_admin] = answers;
    let by_member = answer(&by_member, admin.user.id);
    assert_eq!(by_member, answer(&by_admin, member.user.id));
    assert_eq!(by_member.0, 422);
    // Somebody else may, but the three have a room.
    outsider.post(paths::DIRECT, request).await.expect_problem(Code::DirectRoomExists);
}

/// A block would have no effect in the larger room that a room of two becomes.
#[tokio::test]
async fn a_room_of_two_is_not_extended_past_a_block() {
    let Fixture { server: _server, admin, member, outsider, .. } = &Fixture::start().await;
    let pair = direct(member, &[admin]).await;
    let extend = async |by: &Person, others: &[UserId]| {
        by.post(paths::DIRECT, json!({"users": others, "from": pair})).await
    };
    let (of_member, of_admin) = (member.user.id, admin.user.id);
    block(member, admin).await;
    let unknown = admin.post(paths::DIRECT, json!({"users": [987_654]})).await;
    let expected = answer(&unknown, UserId(987_654));
    for (by, other) in [(admin, of_member), (member, of_admin)] {
        for others in [vec![other, outsider.user.id], vec![other]] {
            assert_eq!(answer(&extend(by, &others).await, other), expected);
        }
    }
    unblock(member, admin).await;
    extend(admin, &[of_member, outsider.user.id]).await.expect_status(200);
}

/// The unread messages and mentions of a room.
async fn unread(person: &Person, room: RoomId) -> (i64, i64) {
    let rooms = LiveSocket::open(person).await.rooms;
    let mine = rooms.into_iter().find(|mine| mine.id == room).expect("a room");
    (mine.read.unread, mine.read.mentions)
}

#[tokio::test]
async fn a_mention_by_a_blocked_person_does_not_count() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, room, .. } = &fixture;
    let (start, _) = unread(member, *room).await;
    block(member, admin).await;
    let edited: Message = admin.post_message(*room, "hello").await;
    admin.post_message(*room, "@member? @admin?").await;
    assert_eq!(unread(member, *room).await, (start + 2, 0));
    let path = paths::fill(paths::MESSAGE, &[room, &edited.seq]);
    admin.patch(&path, json!({"content": "@member!"})).await.expect_status(200);
    assert_eq!(unread(member, *room).await, (start + 2, 0));
    let map = member.get(&fixture.path(paths::MAP)).await.expect_status(200);
    assert_eq!(map["mentions"], json!([]));
    // A search that did not find them would tell the author.
    let found = admin.get("/api/v1/messages?q=mentions:member").await.expect_status(200);
    assert_eq!(found["hits"].as_array().unwrap().len(), 2, "{found}");

    // The other way they count, and so do those that are written after the end of the block.
    member.post_message(*room, "@admin").await;
    assert_eq!(unread(admin, *room).await, (1, 1));
    unblock(member, admin).await;
    admin.post_message(*room, "@member, are you there?").await;
    assert_eq!(unread(member, *room).await, (1, 1));
    admin.delete(&path).await.expect_status(204);
    assert_eq!(unread(member, *room).await, (1, 1));
}

#[tokio::test]
async fn blocks_have_a_rate_limit() {
    let Fixture { server: _server, admin, member, .. } = &Fixture::start().await;
    let path = block_path(admin.user.id);
    let mut refused = None;
    for _ in 0..=rules::BLOCKS_MAX {
        let response = member.put(&path, Value::Null).await;
        if response.status != 204 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("a limit");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    refused.expect_problem(Code::TooManyRequests);
}
