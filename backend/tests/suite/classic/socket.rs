//! `/ws/chat/{room_id}/`: `{"message"}` in, `{"message", "username"}` out.

use std::time::Instant;

use serde_json::{Value, json};
use shared::{live::CloseCode, paths};
use tokio_tungstenite::tungstenite::Message;

use super::both;
use crate::actors::{AT_ONCE, Cast, Heard, PASSWORD, Person, Socket, all};

fn path(cast: &Cast) -> String {
    format!("/ws/chat/{}/", cast.room)
}

async fn open(cast: &Cast, person: &Person) -> Socket {
    let authorization = format!("Token {}", person.token);
    let headers = [("authorization", &*authorization)];
    Socket::open(cast.server.address, &path(cast), &headers).await.unwrap()
}

async fn hear(socket: &mut Socket) -> Value {
    match socket.next().await {
        Heard::Text(text) => serde_json::from_str(&text).unwrap(),
        end => panic!("{end:?} instead of a message"),
    }
}

/// What was said, and who said it.
async fn said(socket: &mut Socket) -> (String, String) {
    let heard = hear(socket).await;
    let text = |name: &str| heard[name].as_str().unwrap_or_else(|| panic!("{heard}")).to_owned();
    (text("message"), text("username"))
}

#[tokio::test]
async fn everyone_hears_what_is_said_the_sender_too() {
    let cast = Cast::assemble().await;
    let (mut member, mut phone) =
        (open(&cast, &cast.member).await, open(&cast, &cast.member).await);
    let mut admin = open(&cast, &cast.admin).await;
    // Whoever it claims to be.
    member.say(r#"{"message": "hello", "userid": 1, "username": "admin"}"#).await;
    for socket in [&mut member, &mut phone, &mut admin] {
        assert_eq!(said(socket).await, ("hello".into(), "member".into()));
    }
    admin.say(r#"{"message": " hi "}"#).await;
    for socket in [&mut member, &mut phone, &mut admin] {
        assert_eq!(said(socket).await, ("hi".into(), "admin".into()));
    }
    // What is said by other doors is heard here, and what is said here is kept.
    cast.member.post(&cast.at(paths::MESSAGES), json!({"content": "by REST"})).await.is(201);
    let create = format!("/messages/create/{}/", cast.room);
    cast.admin.post(&create, json!({"content": "by the old door"})).await.is(201);
    for socket in [&mut member, &mut phone, &mut admin] {
        assert_eq!(said(socket).await, ("by REST".into(), "member".into()));
        assert_eq!(said(socket).await, ("by the old door".into(), "admin".into()));
    }
    let kept = all(&cast.member, cast.room).await;
    let kept: Vec<_> = kept.iter().map(|message| &*message.content).collect();
    assert_eq!(kept, ["first", "second", "hello", "hi", "by REST", "by the old door"]);
}

/// An old client has no word for an edit: it must not show it as something new.
#[tokio::test]
async fn an_edit_is_no_news() {
    let cast = Cast::assemble().await;
    let mut socket = open(&cast, &cast.admin).await;
    cast.member.patch(&cast.message(1), json!({"content": "changed"})).await.is(200);
    cast.outsider.put(&cast.at(paths::MEMBERSHIP), Value::Null).await.is(200);
    cast.member.post(&cast.at(paths::MESSAGES), json!({"content": "third"})).await.is(201);
    cast.member.patch(&cast.message(3), json!({"content": "thirds"})).await.is(200);
    cast.member.delete(&cast.message(3)).await.is(204);
    cast.member.post(&cast.at(paths::MESSAGES), json!({"content": "fourth"})).await.is(201);
    assert_eq!(said(&mut socket).await.0, "third");
    assert_eq!(said(&mut socket).await.0, "fourth");
}

#[tokio::test]
async fn only_members_get_in() {
    let cast = Cast::assemble().await;
    let address = cast.server.address;
    for path in both(&path(&cast)) {
        assert_eq!(Socket::open(address, &path, &[]).await.err(), Some(401));
        let outsider = format!("Token {}", cast.outsider.token);
        let headers = [("authorization", &*outsider)];
        assert_eq!(Socket::open(address, &path, &headers).await.err(), Some(403));
        let who = json!({"username": "member", "password": PASSWORD});
        let answer = cast.anon.post("/login/", who).await;
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        assert!(Socket::open(address, &path, &[("cookie", &cookie)]).await.is_ok());
        let token = cast.member.token.as_str();
        for query in [format!("?token={token}"), format!("?access_token={token}")] {
            let path = format!("{path}{query}");
            assert_eq!(Socket::open(address, &path, &[]).await.err(), Some(401));
        }
        let body = cast.member.get(&path).await.is(426);
        assert!(body["detail"].is_string(), "{body}");
    }
    let member = format!("Token {}", cast.member.token);
    let headers = [("authorization", &*member)];
    assert_eq!(Socket::open(address, "/ws/chat/77/", &headers).await.err(), Some(404));
}

#[tokio::test]
async fn wrong_frames_are_answered_and_the_socket_stays() {
    let cast = Cast::assemble().await;
    let (mut socket, mut other) = (open(&cast, &cast.member).await, open(&cast, &cast.admin).await);
    let long = json!({"message": "x".repeat(16_385)}).to_string();
    let texts = ["{", "hello", "[]", "{}", r#"{"message": 5}"#, r#"{"message": "  "}"#, &long];
    for text in texts {
        socket.say(text).await;
        let answer = hear(&mut socket).await;
        assert!(answer["error"].is_string(), "{text}: {answer}");
    }
    socket.send(Message::binary(vec![1, 2, 3])).await;
    assert!(hear(&mut socket).await["error"].is_string());
    socket.say(r#"{"message": "still here"}"#).await;
    assert_eq!(said(&mut socket).await.0, "still here");
    assert_eq!(said(&mut other).await.0, "still here");
    assert_eq!(all(&cast.member, cast.room).await.len(), 3);
}

#[tokio::test]
async fn whoever_is_out_is_out_of_the_socket() {
    let cast = Cast::assemble().await;
    let mut socket = open(&cast, &cast.member).await;
    let path = paths::fill(paths::MEMBER, &[&cast.room, &cast.member.user.id]);
    cast.admin.delete(&path).await.is(204);
    let since = Instant::now();
    cast.admin.post(&cast.at(paths::MESSAGES), json!({"content": "private"})).await.is(201);
    match socket.next().await {
        Heard::End(code) => assert_eq!(code, Some(CloseCode::NotAMember as u16)),
        heard => panic!("{heard:?}"),
    }
    assert!(since.elapsed() < AT_ONCE);
    let mut socket = open(&cast, &cast.admin).await;
    cast.admin.delete("/api/v1/sessions/current").await.is(204);
    assert_eq!(socket.end().await, Some(CloseCode::SessionEnded as u16));
}
