//! `/ws/chat/{room_id}/`: `{"message"}` in, `{"message", "username"}` out.

use std::time::Instant;

use serde_json::{Value, json};
use shared::{live::CloseCode, paths};
use tokio_tungstenite::tungstenite::Message;

use super::both;
use crate::fixture::{
    Fixture, PASSWORD, Person, REVOCATION_MAX_DELAY, Socket, SocketEvent, all_messages,
};

fn path(fixture: &Fixture) -> String {
    format!("/ws/chat/{}/", fixture.room)
}

async fn open(fixture: &Fixture, person: &Person) -> Socket {
    let authorization = format!("Token {}", person.token);
    let headers = [("authorization", &*authorization)];
    Socket::open(fixture.server.address, &path(fixture), &headers).await.unwrap()
}

async fn receive_json(socket: &mut Socket) -> Value {
    match socket.next().await {
        SocketEvent::Text(text) => serde_json::from_str(&text).unwrap(),
        end => panic!("{end:?} instead of a message"),
    }
}

/// Receives a message: text and author.
async fn receive_message(socket: &mut Socket) -> (String, String) {
    let received = receive_json(socket).await;
    let text =
        |name: &str| received[name].as_str().unwrap_or_else(|| panic!("{received}")).to_owned();
    (text("message"), text("username"))
}

#[tokio::test]
async fn each_message_reaches_everyone_including_the_sender() {
    let fixture = Fixture::start().await;
    let (mut member, mut phone) =
        (open(&fixture, &fixture.member).await, open(&fixture, &fixture.member).await);
    let mut admin = open(&fixture, &fixture.admin).await;
    let own = format!(r#"{{"message": "hello", "userid": "{}"}}"#, fixture.member.user.id);
    member.send_text(&own).await;
    for socket in [&mut member, &mut phone, &mut admin] {
        assert_eq!(receive_message(socket).await, ("hello".into(), "member".into()));
    }
    admin.send_text(r#"{"message": " hi "}"#).await;
    for socket in [&mut member, &mut phone, &mut admin] {
        assert_eq!(receive_message(socket).await, ("hi".into(), "admin".into()));
    }
    // Messages by REST arrive here, and messages by this socket are stored.
    fixture
        .member
        .post(&fixture.path(paths::MESSAGES), json!({"content": "by REST"}))
        .await
        .expect_status(201);
    let create = format!("/messages/create/{}/", fixture.room);
    fixture.admin.post(&create, json!({"content": "by the classic API"})).await.expect_status(201);
    for socket in [&mut member, &mut phone, &mut admin] {
        assert_eq!(receive_message(socket).await, ("by REST".into(), "member".into()));
        assert_eq!(receive_message(socket).await, ("by the classic API".into(), "admin".into()));
    }
    let stored = all_messages(&fixture.member, fixture.room).await;
    let stored: Vec<_> = stored.iter().map(|message| &*message.content).collect();
    assert_eq!(stored, ["first", "second", "hello", "hi", "by REST", "by the classic API"]);
}

/// Classic clients would show an edit as a new message.
#[tokio::test]
async fn an_edit_is_not_sent_to_classic_sockets() {
    let fixture = Fixture::start().await;
    let mut socket = open(&fixture, &fixture.admin).await;
    fixture
        .member
        .patch(&fixture.message_path(1), json!({"content": "changed"}))
        .await
        .expect_status(200);
    fixture.outsider.put(&fixture.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    fixture
        .member
        .post(&fixture.path(paths::MESSAGES), json!({"content": "third"}))
        .await
        .expect_status(201);
    fixture
        .member
        .patch(&fixture.message_path(3), json!({"content": "thirds"}))
        .await
        .expect_status(200);
    fixture.member.delete(&fixture.message_path(3)).await.expect_status(204);
    fixture
        .member
        .post(&fixture.path(paths::MESSAGES), json!({"content": "fourth"}))
        .await
        .expect_status(201);
    assert_eq!(receive_message(&mut socket).await.0, "third");
    assert_eq!(receive_message(&mut socket).await.0, "fourth");
}

#[tokio::test]
async fn only_members_open_a_classic_socket() {
    let fixture = Fixture::start().await;
    let address = fixture.server.address;
    for path in both(&path(&fixture)) {
        assert_eq!(Socket::open(address, &path, &[]).await.err(), Some(401));
        let outsider = format!("Token {}", fixture.outsider.token);
        let headers = [("authorization", &*outsider)];
        assert_eq!(Socket::open(address, &path, &headers).await.err(), Some(403));
        let credentials = json!({"username": "member", "password": PASSWORD});
        let response = fixture.anon.post("/login/", credentials).await;
        let cookie = response.header("set-cookie").split(';').next().unwrap().to_owned();
        assert!(Socket::open(address, &path, &[("cookie", &cookie)]).await.is_ok());
        let token = fixture.member.token.as_str();
        for query in [format!("?token={token}"), format!("?access_token={token}")] {
            let path = format!("{path}{query}");
            assert_eq!(Socket::open(address, &path, &[]).await.err(), Some(401));
        }
        let body = fixture.member.get(&path).await.expect_status(426);
        assert!(body["detail"].is_string(), "{body}");
    }
    let member = format!("Token {}", fixture.member.token);
    let headers = [("authorization", &*member)];
    assert_eq!(Socket::open(address, "/ws/chat/77/", &headers).await.err(), Some(404));
}

#[tokio::test]
async fn an_invalid_frame_gets_an_error_and_the_socket_stays_open() {
    let fixture = Fixture::start().await;
    let (mut socket, mut other) =
        (open(&fixture, &fixture.member).await, open(&fixture, &fixture.admin).await);
    let long = json!({"message": "x".repeat(16_385)}).to_string();
    let forged = format!(r#"{{"message": "forged", "userid": {}}}"#, fixture.admin.user.id);
    let texts = [
        "{",
        "hello",
        "[]",
        "{}",
        r#"{"message": []}"#,
        r#"{"message": "  "}"#,
        r#"{"message": "forged", "userid": "x"}"#,
        &forged,
        &long,
    ];
    for text in texts {
        socket.send_text(text).await;
        check_refusal(&receive_json(&mut socket).await);
    }
    socket.send(Message::binary(vec![1, 2, 3])).await;
    check_refusal(&receive_json(&mut socket).await);
    socket.send_text(r#"{"message": 5, "userid": null}"#).await;
    assert_eq!(receive_message(&mut socket).await.0, "5");
    assert_eq!(receive_message(&mut other).await.0, "5");
    socket.send_text(r#"{"message": "still here"}"#).await;
    assert_eq!(receive_message(&mut socket).await.0, "still here");
    assert_eq!(receive_message(&mut other).await.0, "still here");
    assert_eq!(all_messages(&fixture.member, fixture.room).await.len(), 4);
}

/// Classic clients print every frame, so a refusal reads like a message of the server.
fn check_refusal(frame: &Value) {
    assert!(frame["error"].is_string(), "{frame}");
    let line = frame["message"].as_str().unwrap_or_default();
    assert!(line.starts_with("Your message was not sent: "), "{frame}");
    assert_eq!((&frame["username"], &frame["userid"]), (&json!("Hallway"), &json!(0)));
}

/// Without reading the rest of the frame, the kernel would reset the connection, and the client could
/// lose the close frame.
#[tokio::test]
async fn a_frame_of_megabytes_is_answered_by_a_close_frame() {
    let fixture = Fixture::start().await;
    for _ in 0..3 {
        let mut socket = open(&fixture, &fixture.member).await;
        let text = "x".repeat(16 << 20);
        socket.send_text(&json!({"message": text}).to_string()).await;
        assert_eq!(socket.wait_close().await, Some(CloseCode::TooLarge as u16));
    }
}

#[tokio::test]
async fn a_revoked_member_loses_the_classic_socket() {
    let fixture = Fixture::start().await;
    let mut socket = open(&fixture, &fixture.member).await;
    let path = paths::fill(paths::MEMBER, &[&fixture.room, &fixture.member.user.id]);
    fixture.admin.delete(&path).await.expect_status(204);
    let start = Instant::now();
    fixture
        .admin
        .post(&fixture.path(paths::MESSAGES), json!({"content": "private"}))
        .await
        .expect_status(201);
    match socket.next().await {
        SocketEvent::Closed(code) => assert_eq!(code, Some(CloseCode::NotAMember as u16)),
        received => panic!("{received:?}"),
    }
    assert!(start.elapsed() < REVOCATION_MAX_DELAY);
    let mut socket = open(&fixture, &fixture.admin).await;
    fixture.admin.delete("/api/v1/sessions/current").await.expect_status(204);
    assert_eq!(socket.wait_close().await, Some(CloseCode::SessionEnded as u16));
}
