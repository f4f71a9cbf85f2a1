//! The program itself: how it stops, what it refuses, what it prints.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::{
    live::{CloseCode, ServerFrame},
    paths,
    users::User,
};

use crate::actors::{AT_ONCE, Home, LiveSocket, Person, Process, Socket, run, template};

fn person(server: &Process, nth: usize) -> Person {
    template().scene.person(server.address, nth)
}

/// The program with these words and the flags of a home.
async fn run_in(home: &Home, words: &[&str]) -> (Option<i32>, String, String) {
    let flags = home.flags();
    let words: Vec<&str> = words.iter().copied().chain(flags.iter().map(|flag| &**flag)).collect();
    run(&words).await
}

#[tokio::test]
async fn it_sends_everyone_away_in_order_when_it_stops() {
    let home = template().copy().await;
    let server = Process::serve(&home).await;
    let member = person(&server, 1);
    let mut live = LiveSocket::in_room(&member, template().scene.room).await;
    let authorization = format!("Token {}", member.token);
    let path = format!("/ws/chat/{}/", template().scene.room);
    let headers = [("authorization", &*authorization)];
    let mut classic = Socket::open(server.address, &path, &headers).await.unwrap();
    let since = Instant::now();
    server.terminate().await;
    let goaway = live.expect(|frame| match frame {
        ServerFrame::Goaway { reconnect_after_ms } => Some(*reconnect_after_ms),
        _ => None,
    });
    assert!(goaway.await < 10_000);
    assert_eq!(live.socket.end().await, Some(CloseCode::Restart as u16));
    assert_eq!(classic.end().await, Some(CloseCode::Restart as u16));
    assert_eq!(server.wait().await, Some(0));
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    // Who was signed in still is when it comes back.
    let server = Process::serve(&home).await;
    let me: User = person(&server, 1).get(paths::ME).await.read(200);
    assert_eq!(me, member.user);
}

#[tokio::test]
async fn a_taken_port_is_a_clear_error() {
    let home = template().copy().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let (code, _, complained) = run_in(&home, &["serve", "--listen", &listen]).await;
    assert_eq!(code, Some(1));
    assert!(complained.contains(&format!("cannot listen on {listen}")), "{complained}");
}

/// Whoever has the machine makes an admin, and a running server sees it.
#[tokio::test]
async fn an_admin_is_promoted_on_the_machine() {
    let home = template().copy().await;
    let server = Process::serve(&home).await;
    let member = person(&server, 1);
    member.get(paths::ME).await.is(200);
    let (code, said, complained) = run_in(&home, &["admin", "promote", "MEMBER"]).await;
    assert_eq!((code, &*said), (Some(0), "member is an admin.\n"), "{complained}");
    let since = Instant::now();
    while !member.get(paths::ME).await.read::<User>(200).is_admin {
        assert!(since.elapsed() < Duration::from_secs(15), "the running server does not see it");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    member.post(paths::ROOMS, json!({"name": "Attic"})).await.is(201);
    let (code, _, complained) = run_in(&home, &["admin", "promote", "nobody"]).await;
    assert_eq!(code, Some(1));
    assert!(complained.contains("no account named"), "{complained}");
}

#[tokio::test]
async fn it_prints_the_document() {
    let (code, said, complained) = run(&["openapi"]).await;
    assert_eq!(code, Some(0), "{complained}");
    let printed: Value = serde_json::from_str(&said).unwrap();
    let server = Process::serve(&template().copy().await).await;
    let served = person(&server, 1).get(paths::OPENAPI).await.is(200);
    assert_eq!(printed, served);
}

#[tokio::test]
async fn every_setting_is_explained() {
    let (code, said, _) = run(&["serve", "--help"]).await;
    assert_eq!(code, Some(0));
    let settings = [
        "HALLWAY_LISTEN",
        "HALLWAY_DATA",
        "DATABASE_URL",
        "REDIS_URL",
        "HALLWAY_SESSION_KEY",
        "HALLWAY_LOG",
    ];
    for name in settings {
        assert!(said.contains(name), "{name} is not in {said}");
    }
    let since = Instant::now();
    assert_eq!(run(&["serve", "--no-such-flag"]).await.0, Some(2));
    assert!(since.elapsed() < 10 * AT_ONCE);
}
