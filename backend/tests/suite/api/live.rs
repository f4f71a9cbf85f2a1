//! The live socket: who gets in, and what happens to frames that are wrong.

use std::time::{Duration, Instant};

use shared::{
    ids::ClientId,
    live::{ClientFrame, CloseCode, SUBPROTOCOL, ServerFrame},
    paths,
    problem::Code,
    rules::{AUTHENTICATE_TIMEOUT_S, FRAME_MAX_BYTES},
};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::actors::{Cast, LiveSocket, Socket};

fn complained(frame: &ServerFrame) -> Option<Code> {
    match frame {
        ServerFrame::Error { problem } => Some(problem.code),
        _ => None,
    }
}

#[tokio::test]
async fn a_welcome_says_who_and_where() {
    let cast = Cast::assemble().await;
    let live = LiveSocket::open(&cast.member).await;
    assert_eq!(live.user, cast.member.user);
    let [room] = &live.rooms[..] else { panic!("{:?}", live.rooms) };
    assert_eq!((room.id, &*room.name, &*room.topic), (cast.room, "Lobby", "For everyone"));
    assert_eq!((room.last_seq.0, room.last_rev.0), (2, 5));
    assert_eq!((room.read.read_seq.0, room.read.unread, room.read.mentions), (1, 1, 0));
    assert!(LiveSocket::open(&cast.outsider).await.rooms.is_empty());
}

/// A browser's script cannot set headers: the token comes first.
#[tokio::test]
async fn a_socket_can_say_who_it_is_in_its_first_frame() {
    let cast = Cast::assemble().await;
    let mut socket = Socket::open(cast.server.address, paths::LIVE, &[]).await.unwrap();
    let token = cast.member.token.clone();
    socket.say(&serde_json::to_string(&ClientFrame::Authenticate { token }).unwrap()).await;
    let mut live = LiveSocket::welcomed(socket).await.unwrap();
    assert_eq!(live.user, cast.member.user);
    let name = ClientId(Uuid::now_v7());
    live.say(cast.room, name, "hello").await;
    assert_eq!(live.ack(name).await.user.id, cast.member.user.id);
}

#[tokio::test]
async fn whoever_does_not_say_who_they_are_is_sent_away() {
    let cast = Cast::assemble().await;
    let mut socket = Socket::open(cast.server.address, paths::LIVE, &[]).await.unwrap();
    let since = Instant::now();
    assert_eq!(socket.end().await, Some(CloseCode::Unauthenticated as u16));
    let limit = Duration::from_secs(AUTHENTICATE_TIMEOUT_S);
    assert!(since.elapsed() >= limit - Duration::from_millis(500), "{:?}", since.elapsed());
    assert!(since.elapsed() < limit + Duration::from_secs(4), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_first_frame_that_proves_nothing_is_the_last() {
    let cast = Cast::assemble().await;
    let room = cast.room;
    let subscribe = format!(r#"{{"type":"subscribe","room":{room},"after_rev":0}}"#);
    let forged = format!(r#"{{"type":"authenticate","token":"{}x"}}"#, cast.member.token);
    let empty = r#"{"type":"authenticate","token":""}"#;
    for first in [&*subscribe, &*forged, empty, "hello", ""] {
        let mut socket = Socket::open(cast.server.address, paths::LIVE, &[]).await.unwrap();
        socket.say(first).await;
        assert_eq!(socket.end().await, Some(CloseCode::Unauthenticated as u16), "{first}");
    }
    let wrong = [("authorization", "Bearer nonsense")];
    let refused = Socket::open(cast.server.address, paths::LIVE, &wrong).await;
    match refused {
        Err(status) => assert_eq!(status, 401),
        Ok(mut socket) => assert_eq!(socket.end().await, Some(CloseCode::Unauthenticated as u16)),
    }
}

/// A page behind `trunk serve` must not ask for one: the proxy's answer lacks it, and browsers then
/// close the socket.
#[tokio::test]
async fn the_subprotocol_is_optional() {
    let cast = Cast::assemble().await;
    for asked in [Some(SUBPROTOCOL), None] {
        let request = cast.member.request("GET", paths::LIVE);
        let upgrade = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let protocol = asked.map(|protocol| ("sec-websocket-protocol", protocol));
        let headers = upgrade.into_iter().chain(protocol);
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        let response = request.send().await.unwrap();
        let answered = response.headers().get("sec-websocket-protocol");
        let answered = answered.map(|value| value.to_str().unwrap());
        assert_eq!((response.status().as_u16(), answered), (101, asked));
    }
}

#[tokio::test]
async fn wrong_frames_are_answered_and_the_socket_stays() {
    let cast = Cast::assemble().await;
    let mut other = LiveSocket::in_room(&cast.admin, cast.room).await;
    let mut live = LiveSocket::in_room(&cast.member, cast.room).await;
    let wrong = [
        "{",
        "",
        "[]",
        "null",
        r#"{"type":"dance"}"#,
        r#"{"room":1}"#,
        r#"{"type":"send","room":1,"client_id":"7","content":"a"}"#,
        r#"{"type":"send","room":"one"}"#,
        r#"{"type":"subscribe","room":99999999999999999999}"#,
        r#"{"type":"authenticate","token":"again"}"#,
    ];
    for text in wrong {
        live.socket.say(text).await;
        assert_eq!(live.expect(complained).await, Code::BadRequest, "{text}");
    }
    live.socket.send(Message::binary(vec![0, 159, 146, 150])).await;
    assert_eq!(live.expect(complained).await, Code::BadRequest);
    let name = ClientId(Uuid::now_v7());
    live.say(cast.room, name, "still here").await;
    live.ack(name).await;
    assert_eq!(other.change().await.rev.0, 6, "nobody else noticed");
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_its_socket_and_no_other() {
    let cast = Cast::assemble().await;
    let mut other = LiveSocket::in_room(&cast.admin, cast.room).await;
    let mut live = LiveSocket::in_room(&cast.member, cast.room).await;
    live.socket.say(&"x".repeat(FRAME_MAX_BYTES + 1)).await;
    assert_eq!(live.socket.end().await, Some(CloseCode::TooLarge as u16));
    let mut live = LiveSocket::in_room(&cast.member, cast.room).await;
    let name = ClientId(Uuid::now_v7());
    // The longest message, every byte of it escaped, fits.
    live.say(cast.room, name, &format!("a{}b", "\t".repeat(16_382))).await;
    assert_eq!(live.ack(name).await.content.len(), 16_384);
    assert_eq!(other.change().await.rev.0, 6);
}

#[tokio::test]
async fn typing_is_told_to_the_others() {
    let cast = Cast::assemble().await;
    let mut other = LiveSocket::in_room(&cast.admin, cast.room).await;
    let mut live = LiveSocket::in_room(&cast.member, cast.room).await;
    live.send(&ClientFrame::Typing { room: cast.room }).await;
    let who = other.expect(|frame| match frame {
        ServerFrame::Typing { user, .. } => Some(user.id),
        _ => None,
    });
    assert_eq!(who.await, cast.member.user.id);
}

#[tokio::test]
async fn an_unsubscribed_room_is_silent() {
    let cast = Cast::assemble().await;
    let mut live = LiveSocket::in_room(&cast.member, cast.room).await;
    live.send(&ClientFrame::Unsubscribe { room: cast.room }).await;
    let (first, second) = (ClientId(Uuid::now_v7()), ClientId(Uuid::now_v7()));
    live.say(cast.room, first, "unheard").await;
    let own = live.expect(|frame| match frame {
        ServerFrame::Ack { .. } => Some(()),
        frame => frame.clone().into_change().map(|change| panic!("{change:?} was sent")),
    });
    own.await;
    let missed = live.subscribe(cast.room, Some(5.into())).await;
    assert_eq!(missed.len(), 1, "and caught up with");
    live.say(cast.room, second, "heard").await;
    assert_eq!(live.change().await.rev.0, 7);
}
