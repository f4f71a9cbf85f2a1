//! The live socket: authentication and invalid frames.

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

use crate::fixture::{Fixture, LiveSocket, Socket};

fn error_code(frame: &ServerFrame) -> Option<Code> {
    match frame {
        ServerFrame::Error { problem } => Some(problem.code),
        _ => None,
    }
}

#[tokio::test]
async fn a_welcome_frame_has_the_user_and_the_rooms() {
    let fixture = Fixture::start().await;
    let live = LiveSocket::open(&fixture.member).await;
    assert_eq!(live.user, fixture.member.user);
    let [room] = &live.rooms[..] else { panic!("{:?}", live.rooms) };
    assert_eq!((room.id, &*room.name, &*room.topic), (fixture.room, "Lobby", "For everyone"));
    assert_eq!((room.read.last_seq.0, room.read.last_rev.0), (2, 5));
    assert_eq!((room.read.read_seq.0, room.read.unread, room.read.mentions), (1, 1, 0));
    assert!(LiveSocket::open(&fixture.outsider).await.rooms.is_empty());
}

/// Scripts in a browser cannot set headers of a websocket, so they send the token in the first frame.
#[tokio::test]
async fn a_socket_authenticates_with_its_first_frame() {
    let fixture = Fixture::start().await;
    let mut socket = Socket::open(fixture.server.address, paths::LIVE, &[]).await.unwrap();
    let token = fixture.member.token.clone();
    socket.send_text(&serde_json::to_string(&ClientFrame::Authenticate { token }).unwrap()).await;
    let mut live = LiveSocket::wait_welcome(socket).await.unwrap();
    assert_eq!(live.user, fixture.member.user);
    let id = ClientId(Uuid::now_v7());
    live.send_message(fixture.room, id, "hello").await;
    assert_eq!(live.wait_ack(id).await.user.id, fixture.member.user.id);
}

#[tokio::test]
async fn a_socket_without_credentials_is_closed() {
    let fixture = Fixture::start().await;
    let mut socket = Socket::open(fixture.server.address, paths::LIVE, &[]).await.unwrap();
    let start = Instant::now();
    assert_eq!(socket.wait_close().await, Some(CloseCode::Unauthenticated as u16));
    let limit = Duration::from_secs(AUTHENTICATE_TIMEOUT_S);
    assert!(start.elapsed() >= limit - Duration::from_millis(500), "{:?}", start.elapsed());
    assert!(start.elapsed() < limit + Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test]
async fn an_unauthenticated_first_frame_closes_the_socket() {
    let fixture = Fixture::start().await;
    let room = fixture.room;
    let subscribe = format!(r#"{{"type":"subscribe","room":{room},"after_rev":0}}"#);
    let forged = format!(r#"{{"type":"authenticate","token":"{}x"}}"#, fixture.member.token);
    let empty = r#"{"type":"authenticate","token":""}"#;
    for first in [&*subscribe, &*forged, empty, "hello", ""] {
        let mut socket = Socket::open(fixture.server.address, paths::LIVE, &[]).await.unwrap();
        socket.send_text(first).await;
        assert_eq!(socket.wait_close().await, Some(CloseCode::Unauthenticated as u16), "{first}");
    }
    let invalid = [("authorization", "Bearer nonsense")];
    let refused = Socket::open(fixture.server.address, paths::LIVE, &invalid).await;
    match refused {
        Err(status) => assert_eq!(status, 401),
        Ok(mut socket) => {
            assert_eq!(socket.wait_close().await, Some(CloseCode::Unauthenticated as u16))
        }
    }
}

/// The page behind `trunk serve` requests no subprotocol, because trunk's proxy drops it from the
/// response, and browsers then close the socket.
#[tokio::test]
async fn the_subprotocol_is_optional() {
    let fixture = Fixture::start().await;
    for requested in [Some(SUBPROTOCOL), None] {
        let request = fixture.member.request("GET", paths::LIVE);
        let upgrade = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let protocol = requested.map(|protocol| ("sec-websocket-protocol", protocol));
        let headers = upgrade.into_iter().chain(protocol);
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        let response = request.send().await.unwrap();
        let selected = response.headers().get("sec-websocket-protocol");
        let selected = selected.map(|value| value.to_str().unwrap());
        assert_eq!((response.status().as_u16(), selected), (101, requested));
    }
}

#[tokio::test]
async fn an_invalid_frame_gets_an_error_and_the_socket_stays_open() {
    let fixture = Fixture::start().await;
    let mut other = LiveSocket::in_room(&fixture.admin, fixture.room).await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let invalid = [
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
    for text in invalid {
        live.socket.send_text(text).await;
        assert_eq!(live.expect(error_code).await, Code::BadRequest, "{text}");
    }
    live.socket.send(Message::binary(vec![0, 159, 146, 150])).await;
    assert_eq!(live.expect(error_code).await, Code::BadRequest);
    let id = ClientId(Uuid::now_v7());
    live.send_message(fixture.room, id, "still here").await;
    live.wait_ack(id).await;
    assert_eq!(other.next_change().await.rev.0, 6, "no other socket is affected");
}

#[tokio::test]
async fn a_frame_that_is_too_large_closes_only_its_socket() {
    let fixture = Fixture::start().await;
    let mut other = LiveSocket::in_room(&fixture.admin, fixture.room).await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    live.socket.send_text(&"x".repeat(FRAME_MAX_BYTES + 1)).await;
    assert_eq!(live.socket.wait_close().await, Some(CloseCode::TooLarge as u16));
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let id = ClientId(Uuid::now_v7());
    // The longest message fits, even if JSON escapes each byte.
    live.send_message(fixture.room, id, &format!("a{}b", "\t".repeat(16_382))).await;
    assert_eq!(live.wait_ack(id).await.content.len(), 16_384);
    assert_eq!(other.next_change().await.rev.0, 6);
}

#[tokio::test]
async fn typing_is_sent_to_the_other_members() {
    let fixture = Fixture::start().await;
    let mut other = LiveSocket::in_room(&fixture.admin, fixture.room).await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    live.send(&ClientFrame::Typing { room: fixture.room }).await;
    let user_id = other.expect(|frame| match frame {
        ServerFrame::Typing { user, .. } => Some(user.id),
        _ => None,
    });
    assert_eq!(user_id.await, fixture.member.user.id);
}

#[tokio::test]
async fn an_unsubscribed_room_sends_no_changes() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    live.send(&ClientFrame::Unsubscribe { room: fixture.room }).await;
    let (first, second) = (ClientId(Uuid::now_v7()), ClientId(Uuid::now_v7()));
    live.send_message(fixture.room, first, "unheard").await;
    let ack = live.expect(|frame| match frame {
        ServerFrame::Ack { .. } => Some(()),
        frame => frame.clone().into_change().map(|change| panic!("{change:?} was sent")),
    });
    ack.await;
    let missed = live.subscribe(fixture.room, Some(5.into())).await;
    assert_eq!(missed.len(), 1, "the missed change is replayed");
    live.send_message(fixture.room, second, "heard").await;
    assert_eq!(live.next_change().await.rev.0, 7);
}
