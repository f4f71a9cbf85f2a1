//! Reactions: who may add them, limits, delivery, deletion, and the doors that show them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::{
    ids::{RoomId, Seq, UserId},
    messages::{EmojiList, Message, Reactions, Row},
    paths,
    problem::Code,
    rooms::{MyRoom, Room},
    rules::REACTION_EMOJIS_MAX,
};

use crate::fixture::{
    Fixture, LiveSocket, PASSWORD, Person, Socket, TIMEOUT, all_messages, changes,
};

fn path(room: RoomId, seq: Seq, emoji: &str) -> String {
    paths::fill(paths::REACTION, &[&room, &seq, &emoji])
}

async fn add(person: &Person, message: &Message, emoji: &str) -> Message {
    let path = path(message.room, message.seq, emoji);
    person.put(&path, Value::Null).await.expect_json(200)
}

async fn remove(person: &Person, message: &Message, emoji: &str) -> Message {
    person.delete(&path(message.room, message.seq, emoji)).await.expect_json(200)
}

/// The reactions as pairs of an emoji and its users.
fn pairs(reactions: &Reactions) -> Vec<(&str, Vec<UserId>)> {
    reactions.0.iter().map(|reaction| (&*reaction.emoji, reaction.users.clone())).collect()
}

#[tokio::test]
async fn reactions_are_changes_that_everybody_gets() {
    let fixture = Fixture::start().await;
    let (admin, member) = (&fixture.admin, &fixture.member);
    let [one, two] = [admin.user.id, member.user.id];
    let posted = member.post_message(fixture.room, "lunch?").await;
    assert!(posted.reactions.is_empty());
    let mut live = LiveSocket::in_room(admin, fixture.room).await;

    // With and without the variation selector.
    let first = add(member, &posted, "❤").await;
    assert_eq!(pairs(&first.reactions), [("❤️", vec![two])]);
    assert_eq!((first.rev.0, first.edited_at), (posted.rev.0 + 1, None));
    assert_eq!(add(member, &posted, "❤️").await, first, "idempotent");
    add(admin, &posted, "👍🏽").await;
    let third = add(admin, &posted, "❤️").await;
    assert_eq!(pairs(&third.reactions), [("❤️", vec![two, one]), ("👍🏽", vec![one])]);
    for expected in [&first, &third] {
        let is_it = |row: &Row| matches!(row, Row::Message(message) if message == expected);
        while !is_it(&live.next_change().await.row) {}
    }
    let missed = changes(member, fixture.room, posted.rev.0).await.changes;
    assert_eq!(missed.len(), 1, "the latest state: {missed:?}");
    assert_eq!(missed[0].row, Row::Message(third.clone()));
    assert_eq!(all_messages(member, fixture.room).await.last(), Some(&third));
    let found = member.get(&format!("{}?q=lunch", paths::SEARCH)).await.expect_status(200);
    assert_eq!(found["hits"][0]["message"], json!(third));

    let fourth = remove(member, &posted, "❤️").await;
    assert_eq!(pairs(&fourth.reactions), [("❤️", vec![one]), ("👍🏽", vec![one])]);
    assert_eq!(remove(member, &posted, "❤️").await, fourth, "idempotent");
    assert_eq!(remove(member, &posted, "🎉").await, fourth, "never added");
    remove(admin, &posted, "❤️").await;
    assert!(remove(admin, &posted, "👍🏽").await.reactions.is_empty());
}

#[tokio::test]
async fn an_edit_keeps_reactions_and_a_deletion_removes_them() {
    let fixture = Fixture::start().await;
    let member = &fixture.member;
    let posted = member.post_message(fixture.room, "a").await;
    let reacted = add(&fixture.admin, &posted, "🎉").await;
    let own = fixture.message_path(posted.seq.0);
    let edited: Message = member.patch(&own, json!({"content": "b"})).await.expect_json(200);
    assert_eq!(edited.reactions, reacted.reactions);
    let again = add(member, &posted, "🎉").await;
    assert_eq!((&*again.content, again.edited_at), ("b", edited.edited_at));
    member.delete(&own).await.expect_status(204);
    let tombstone: Message = member.get(&own).await.expect_json(200);
    assert!(tombstone.reactions.is_empty());
    for response in [
        member.put(&path(posted.room, posted.seq, "🎉"), Value::Null).await,
        member.delete(&path(posted.room, posted.seq, "🎉")).await,
    ] {
        response.expect_problem(Code::MessageDeleted);
    }
}

#[tokio::test]
async fn bad_emoji_and_too_many_are_refused() {
    let fixture = Fixture::start().await;
    let member = &fixture.member;
    let posted = member.post_message(fixture.room, "a").await;
    for emoji in ["x", "%20", "👍👍", ":+1:", "%F0%9F", "👍%00"] {
        let response = member.put(&path(posted.room, posted.seq, emoji), Value::Null).await;
        assert!((400..=422).contains(&response.status), "{emoji}: {response:?}");
    }
    let missing = path(posted.room, Seq(99), "👍");
    member.put(&missing, Value::Null).await.expect_problem(Code::NotFound);

    let list: EmojiList = member.get(paths::EMOJIS).await.expect_json(200);
    let (first, rest) = list.emojis.split_at(REACTION_EMOJIS_MAX);
    for emoji in first {
        add(member, &posted, &emoji.emoji).await;
    }
    let next = path(posted.room, posted.seq, &rest[0].emoji);
    member.put(&next, Value::Null).await.expect_field_error("emoji", "at most 50 different");
    let full = add(&fixture.admin, &posted, &first[0].emoji).await;
    assert_eq!(full.reactions.0.len(), REACTION_EMOJIS_MAX);
    remove(member, &posted, &first[1].emoji).await;
    member.put(&next, Value::Null).await.expect_status(200);
}

#[tokio::test]
async fn exports_show_reactions() {
    let fixture = Fixture::start().await;
    let member = &fixture.member;
    let posted = member.post_message(fixture.room, "a").await;
    add(&fixture.admin, &posted, "👍").await;
    add(member, &posted, "👍").await;
    // The sign would begin a fragment of the URL.
    add(member, &posted, &"#️⃣".replace('#', "%23")).await;
    for (format, expected) in [
        ("csv", "\"👍 2 #️⃣ 1\""),
        ("html", "<p class=\"reactions\">👍 2 #️⃣ 1</p>"),
        ("markdown", "\n👍 2 "),
        ("jsonl", "\"reactions\":[{\"emoji\":\"👍\",\"users\":["),
    ] {
        let path = format!("{}?format={format}", fixture.path(paths::EXPORT));
        let text = member.get(&path).await.text;
        assert!(text.contains(expected), "{format}: {text}");
    }
}

/// The ranks and roles are in the matrix of actions.
#[tokio::test]
async fn time_outs_archives_and_blocks_refuse_reactions() {
    let fixture = Fixture::start().await;
    let (admin, member) = (&fixture.admin, &fixture.member);
    let posted = admin.post_message(fixture.room, "a").await;
    add(member, &posted, "👍").await;
    let thumb = path(posted.room, posted.seq, "👍");
    let time_out = paths::fill(paths::TIME_OUT, &[&fixture.room, &member.user.id]);
    admin.put(&time_out, json!({"minutes": 60})).await.expect_status(200);
    member.delete(&thumb).await.expect_problem(Code::TimedOut);
    admin.delete(&time_out).await.expect_status(204);
    let room = paths::fill(paths::ROOM, &[&fixture.room]);
    let _: Room = admin.patch(&room, json!({"archived": true})).await.expect_json(200);
    member.delete(&thumb).await.expect_problem(Code::RoomArchived);
    fixture.outsider.put(&thumb, Value::Null).await.expect_problem(Code::NotAMember);

    let users = json!({"users": [admin.user.id]});
    let direct: MyRoom = member.post(paths::DIRECT, users).await.expect_json(201);
    let posted = member.post_message(direct.id, "hi").await;
    let block = paths::fill(paths::BLOCK, &[&member.user.id]);
    admin.put(&block, Value::Null).await.expect_status(204);
    let thumb = path(direct.id, posted.seq, "👍");
    member.put(&thumb, Value::Null).await.expect_problem(Code::DirectRefused);
    fixture.outsider.put(&thumb, Value::Null).await.expect_problem(Code::NotFound);
}

#[tokio::test]
async fn who_deletes_their_messages_deletes_their_reactions() {
    let fixture = Fixture::start().await;
    let (admin, member) = (&fixture.admin, &fixture.member);
    let (theirs, other) = (
        member.post_message(fixture.room, "mine").await,
        admin.post_message(fixture.room, "yours").await,
    );
    for message in [&theirs, &other] {
        add(admin, message, "👍").await;
        add(member, message, "👍").await;
    }
    add(member, &other, "🎉").await;
    // In this room, the account has only reacted, and has left it.
    let room: Room = admin.post(paths::ROOMS, json!({"name": "Cellar"})).await.expect_json(201);
    let membership = paths::fill(paths::MEMBERSHIP, &[&room.id]);
    member.put(&membership, Value::Null).await.expect_status(200);
    let elsewhere = admin.post_message(room.id, "elsewhere").await;
    add(member, &elsewhere, "👍").await;
    member.delete(&membership).await.expect_status(204);
    let request = json!({"password": PASSWORD, "messages": "delete"});
    member.call("DELETE", paths::ME, request).await.expect_status(204);
    let expected = [("👍", vec![admin.user.id])];
    let start = Instant::now();
    loop {
        let messages = all_messages(admin, fixture.room).await;
        let of = |seq: Seq| messages.iter().find(|message| message.seq == seq).unwrap();
        let (theirs, other) = (of(theirs.seq), of(other.seq));
        let elsewhere = all_messages(admin, room.id).await.remove(0);
        if theirs.reactions.is_empty()
            && pairs(&other.reactions) == expected
            && elsewhere.reactions.is_empty()
        {
            break;
        }
        assert!(start.elapsed() < TIMEOUT, "{theirs:?} {other:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_classic_client_does_not_get_the_message_again() {
    let fixture = Fixture::start().await;
    let member = &fixture.member;
    let authorization = format!("Token {}", member.token);
    let headers = [("authorization", &*authorization)];
    let classic = format!("/ws/chat/{}/", fixture.room);
    let old = fixture.admin.post_message(fixture.room, "old").await;
    let mut socket = Socket::open(fixture.server.address, &classic, &headers).await.unwrap();
    add(member, &old, "👍").await;
    let posted = fixture.admin.post_message(fixture.room, "one").await;
    add(member, &posted, "👍").await;
    fixture.admin.post_message(fixture.room, "two").await;
    for expected in ["one", "two"] {
        let frame = format!("{:?}", socket.next().await);
        assert!(frame.contains(expected), "{frame}");
    }
}
