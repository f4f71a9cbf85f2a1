//! The live socket and the classic one.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::{
    access::{History, Rank, RoomKind},
    ids::{ClientId, RoomId},
    live::{ClientFrame, ServerFrame, Subscription},
    paths,
};
use uuid::Uuid;

use super::{
    operations::Word,
    world::{ACTORS, Actor, SecretRoom, State, Target, Visibility, World},
};
use crate::fixture::{
    LiveSocket, Person, REVOCATION_MAX_DELAY, Server, Socket, SocketEvent, TIMEOUT,
};

/// Those who can open a socket.
fn signed_in() -> impl Iterator<Item = Actor> {
    ACTORS.into_iter().filter(|actor| !matches!(actor, Actor::Anon | Actor::Disabled))
}

async fn next_text(live: &mut LiveSocket) -> String {
    match live.socket.next().await {
        SocketEvent::Text(text) => text,
        closed => panic!("{closed:?} instead of a frame"),
    }
}

/// The frames that the server sent until now. It answers an unknown frame at once, and then sends what
/// waits in the inbox, so everything comes before the answer to a second one.
async fn frames_until_now(live: &mut LiveSocket) -> Vec<String> {
    let mut frames = Vec::new();
    for _ in 0..2 {
        live.socket.send_text(r#"{"type":"unknown"}"#).await;
        loop {
            match next_text(live).await {
                text if text.contains("bad_request") => break,
                text => frames.push(text),
            }
        }
    }
    frames
}

/// Everything that a client can send about a room, and the frames that answer it.
async fn answers(live: &mut LiveSocket, room: RoomId) -> Vec<String> {
    let client_id = ClientId(Uuid::nil());
    let (content, seq) = ("mine".to_owned(), 1.into());
    // Each with the number of frames that answer a refusal.
    let frames = [
        (ClientFrame::Subscribe { room, after_rev: None }, 2),
        (ClientFrame::Subscribe { room, after_rev: Some(0.into()) }, 2),
        (ClientFrame::SubscribeAll { rooms: vec![Subscription { room, after_rev: None }] }, 2),
        (ClientFrame::Typing { room }, 0),
        (ClientFrame::Send { room, client_id, content, format: None, reply_to: None }, 1),
        (ClientFrame::Read { room, seq, exact: false, if_read_seq: None }, 1),
        (ClientFrame::Unsubscribe { room }, 0),
    ];
    let mut answers = Vec::new();
    for (frame, count) in frames {
        live.send(&frame).await;
        for _ in 0..count {
            answers.push(next_text(live).await);
        }
    }
    answers.extend(frames_until_now(live).await);
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unseen_room_is_answered_as_one_that_does_not_exist() {
    let world = World::start().await;
    assert!(LiveSocket::try_open(world.person(Actor::Disabled)).await.is_none());
    let none = Target::phantom().room;
    for actor in signed_in() {
        let mut live = LiveSocket::open(world.person(actor)).await;
        let welcome = json!([live.rooms, live.longer_names]).to_string();
        let expected = answers(&mut live, none).await;
        assert!(expected[0].contains("\"not_found\""), "{expected:?}");
        for room in &world.rooms {
            let target = &room.target;
            let inside = [Visibility::Late, Visibility::All].contains(&room.visibility(actor));
            for word in [&target.name, &target.topic] {
                let is_shown = inside && room.kind != RoomKind::Direct;
                assert_eq!(welcome.contains(word.as_str()), is_shown, "{actor:?} {word}");
            }
            let has_room = live.rooms.iter().any(|mine| mine.id == target.room);
            assert_eq!(has_room, inside, "{actor:?} {}", room.label());
            if room.visibility(actor) == Visibility::Nothing {
                let seen = answers(&mut live, target.room).await;
                let (none, id) = (none.to_string(), target.room.to_string());
                let expected: Vec<_> = expected.iter().map(|f| f.replace(&none, &id)).collect();
                assert_eq!(seen, expected, "{actor:?} {}", room.label());
            } else if !inside {
                let seen = answers(&mut live, target.room).await;
                assert!(seen[0].contains("\"not_a_member\""), "{seen:?}");
                assert_eq!(seen.len(), expected.len());
                for word in [Word::Early, Word::Late, Word::Person].map(|word| target.word(word)) {
                    assert!(!seen.concat().contains(word), "{seen:?}");
                }
            }
        }
    }
}

/// The room that a frame is about, if it is about one.
fn room_of(frame: &str) -> Option<i64> {
    let frame: Value = serde_json::from_str(frame).unwrap();
    frame["room"].as_i64().or_else(|| frame["room"]["id"].as_i64())
}

/// Everything that can happen in a room, done by members.
async fn cause_every_event(world: &World, room: &SecretRoom, typing: &mut LiveSocket) {
    let (id, member) = (room.target.room, world.person(Actor::Member));
    let at = |template: &str| paths::fill(template, &[&id]);
    typing.subscribe(id, None).await;
    typing.send(&ClientFrame::Typing { room: id }).await;
    if room.state != State::Active {
        return;
    }
    let posted = member.post_message(id, "xqhappens @Outsider").await;
    let message = paths::fill(paths::MESSAGE, &[&id, &posted.seq]);
    member.patch(&message, json!({"content": "xqhappens again"})).await.expect_status(200);
    member.delete(&message).await.expect_status(204);
    member.put(&at(paths::READ), json!({"seq": posted.seq})).await.expect_status(200);
    member.patch(&at(paths::PREFERENCES), json!({"muted": true})).await.expect_status(204);
    if room.kind == RoomKind::Direct {
        return;
    }
    let host = world.person(Actor::Host);
    host.patch(&at(paths::ROOM), json!({"topic": "xqhappens"})).await.expect_status(200);
    let new = world.server.person(&format!("xqhappens{id}"), Rank::Member).await;
    let new = paths::fill(paths::MEMBER, &[&id, &new.user.id]);
    host.put(&new, Value::Null).await.expect_status(200);
    host.delete(&new).await.expect_status(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_happens_in_a_room_reaches_those_outside() {
    let world = World::start().await;
    let mut sockets = Vec::new();
    for actor in signed_in().filter(|actor| *actor != Actor::Host) {
        let mut live = LiveSocket::open(world.person(actor)).await;
        for room in &world.rooms {
            // They subscribe all the same.
            let subscribe = ClientFrame::Subscribe { room: room.target.room, after_rev: None };
            live.send(&subscribe).await;
        }
        sockets.push((actor, live));
    }
    // Presence is sent once a second: that of those who just came must not count as an event.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    for (_, live) in &mut sockets {
        frames_until_now(live).await;
    }
    let mut host = LiveSocket::open(world.person(Actor::Host)).await;
    let rooms: Vec<_> = world.rooms.iter().filter(|room| room.state != State::Deleted).collect();
    for room in &rooms {
        cause_every_event(&world, room, &mut host).await;
    }
    frames_until_now(&mut host).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    for (actor, live) in &mut sockets {
        let frames = frames_until_now(live).await;
        for room in &rooms {
            let id = Some(room.target.room.0);
            let count = frames.iter().filter(|frame| room_of(frame) == id).count();
            let inside = [Visibility::Late, Visibility::All].contains(&room.visibility(*actor));
            // At least that the host is online, and types where one can post.
            let least = if room.state == State::Active { 2 } else { 1 };
            let is_right = if inside { count >= least } else { count == 0 };
            assert!(is_right, "{actor:?} {}: {count} of {frames:#?}", room.label());
        }
        for frame in frames.iter().filter(|frame| room_of(frame).is_none()) {
            assert!(!frame.contains("xq"), "{actor:?} {frame}");
        }
    }
}

/// How a member loses a room.
#[derive(Clone, Copy, Debug)]
enum AccessLoss {
    Leave,
    Removal,
    Deletion,
}

/// A private room of two, and the sockets of the one who loses it.
struct AccessLossFixture {
    server: Server,
    host: Person,
    loser: Person,
    room: RoomId,
}

impl AccessLossFixture {
    async fn start() -> Self {
        let server = Server::start().await;
        let host = server.person("host", Rank::Member).await;
        let loser = server.person("loser", Rank::Member).await;
        let new = json!({"name": "Cellar", "kind": "private", "history": History::All});
        let room = host.post(paths::ROOMS, new).await.expect_status(201);
        let room = RoomId(room["id"].as_i64().unwrap());
        let member = paths::fill(paths::MEMBER, &[&room, &loser.user.id]);
        host.put(&member, Value::Null).await.expect_status(200);
        Self { server, host, loser, room }
    }

    async fn revoke_access(&self, loss: AccessLoss) {
        let Self { host, loser, room, .. } = self;
        let response = match loss {
            AccessLoss::Leave => loser.delete(&paths::fill(paths::MEMBERSHIP, &[room])).await,
            AccessLoss::Removal => {
                host.delete(&paths::fill(paths::MEMBER, &[room, &loser.user.id])).await
            }
            AccessLoss::Deletion => host.delete(&paths::fill(paths::ROOM, &[room])).await,
        };
        response.expect_status(204);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_a_private_room_gets_nothing_more_of_it() {
    for loss in [AccessLoss::Leave, AccessLoss::Removal, AccessLoss::Deletion] {
        let fixture = AccessLossFixture::start().await;
        let AccessLossFixture { server, host, loser, room } = &fixture;
        let room = *room;
        let mut other = LiveSocket::in_room(host, room).await;
        let mut live = LiveSocket::in_room(loser, room).await;
        let authorization = format!("Bearer {}", loser.token);
        let headers = [("authorization", &*authorization)];
        let path = format!("/ws/chat/{room}/");
        let mut classic = Socket::open(server.address, &path, &headers).await.unwrap();
        fixture.revoke_access(loss).await;
        let start = Instant::now();
        live.expect(|frame| matches!(frame, ServerFrame::Removed { .. }).then_some(())).await;
        assert!(classic.wait_close().await.is_some(), "{loss:?}");
        assert!(start.elapsed() < REVOCATION_MAX_DELAY, "{loss:?}");
        other.send(&ClientFrame::Typing { room }).await;
        if !matches!(loss, AccessLoss::Deletion) {
            host.post_message(room, "secret").await;
            let topic = json!({"topic": "secret"});
            host.patch(&paths::fill(paths::ROOM, &[&room]), topic).await.expect_status(200);
        }
        drop(other);
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!(frames_until_now(&mut live).await, [""; 0], "{loss:?}");
        // The room does not exist for them.
        let seen = answers(&mut live, room).await;
        let none = Target::phantom().room;
        let expected = answers(&mut live, none).await;
        let expected = expected.iter().map(|f| f.replace(&none.to_string(), &room.to_string()));
        assert_eq!(seen, expected.collect::<Vec<_>>(), "{loss:?}");
        assert_eq!(Socket::open(server.address, &path, &headers).await.err(), Some(404));
        for template in [paths::ROOM, paths::MESSAGES, paths::CHANGES, paths::MEMBERS] {
            loser.get(&paths::fill(template, &[&room])).await.expect_status(404);
        }
        assert!(LiveSocket::open(loser).await.rooms.is_empty());
    }
}

/// Members keep a room that becomes private; for everybody else it is gone.
#[tokio::test]
async fn a_room_that_becomes_private_is_gone_for_others() {
    let world = World::start().await;
    let room = world.room(RoomKind::Open, History::All).target.room;
    let path = paths::fill(paths::ROOM, &[&room]);
    let mut member = LiveSocket::in_room(world.person(Actor::Member), room).await;
    world.person(Actor::Outsider).get(&path).await.expect_status(200);
    world.founder.patch(&path, json!({"kind": "private"})).await.expect_status(200);
    for actor in [Actor::Outsider, Actor::AdminOutside, Actor::Former, Actor::Removed] {
        world.person(actor).get(&path).await.expect_status(404);
        let join = paths::fill(paths::MEMBERSHIP, &[&room]);
        world.person(actor).put(&join, Value::Null).await.expect_status(404);
    }
    world.founder.post_message(room, "among us").await;
    let said = member.expect(|frame| match frame {
        ServerFrame::Message { message, .. } => Some(message.content.clone()),
        _ => None,
    });
    assert_eq!(tokio::time::timeout(TIMEOUT, said).await.unwrap(), "among us");
}
