//! The `hallway` command: shutdown, errors, output.

use std::{
    fs::{self, File},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use shared::{
    live::{CloseCode, ServerFrame},
    paths,
    users::User,
};

use crate::{
    delivery::new_client_id,
    fixture::{
        Client, LiveSocket, PASSWORD, Person, Process, REVOCATION_MAX_DELAY, Socket, run, sign_in,
        template,
    },
};

/// Admin (0), member (1) or outsider (2) as a client of the server.
fn person(server: &Process, nth: usize) -> Person {
    template().seed.person(server.address, nth)
}

#[tokio::test]
async fn a_stopping_server_sends_goaway_and_closes_all_sockets() {
    let storage = template().copy().await;
    let server = Process::start(&storage).await;
    let member = person(&server, 1);
    let mut live = LiveSocket::in_room(&member, template().seed.room).await;
    let authorization = format!("Token {}", member.token);
    let path = format!("/ws/chat/{}/", template().seed.room);
    let headers = [("authorization", &*authorization)];
    let mut classic = Socket::open(server.address, &path, &headers).await.unwrap();
    let start = Instant::now();
    server.terminate().await;
    let goaway = live.expect(|frame| match frame {
        ServerFrame::Goaway { reconnect_after_ms } => Some(*reconnect_after_ms),
        _ => None,
    });
    assert!(goaway.await < 10_000);
    assert_eq!(live.socket.wait_close().await, Some(CloseCode::Restart as u16));
    assert_eq!(classic.wait_close().await, Some(CloseCode::Restart as u16));
    assert_eq!(server.wait_exit().await, Some(0));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    // Sessions survive the restart.
    let server = Process::start(&storage).await;
    let me: User = person(&server, 1).get(paths::ME).await.expect_json(200);
    assert_eq!(me, member.user);
}

#[tokio::test]
async fn a_port_in_use_is_a_clear_error() {
    let storage = template().copy().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = listener.local_addr().unwrap().to_string();
    let (code, _, stderr) = storage.run(&["serve", "--listen", &listen]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&format!("cannot listen on {listen}")), "{stderr}");
}

/// A running server applies the promotion without a restart.
#[tokio::test]
async fn the_command_line_promotes_an_admin() {
    let storage = template().copy().await;
    let server = Process::start(&storage).await;
    let member = person(&server, 1);
    member.get(paths::ME).await.expect_status(200);
    let (code, stdout, stderr) = storage.run(&["admin", "promote", "MEMBER"]).await;
    assert_eq!((code, &*stdout), (Some(0), "member is an admin.\n"), "{stderr}");
    let start = Instant::now();
    while !member.get(paths::ME).await.expect_json::<User>(200).is_admin {
        assert!(
            start.elapsed() < Duration::from_secs(15),
            "the running server does not notice the promotion"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    member.post(paths::ROOMS, json!({"name": "Attic"})).await.expect_status(201);
    let (code, _, stderr) = storage.run(&["admin", "promote", "nobody"]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("no account named"), "{stderr}");
}

/// At the finest level, other crates would log frames and statements.
#[tokio::test]
async fn the_log_holds_no_texts_and_no_tokens_at_any_level() {
    let storage = template().copy().await;
    let log = storage.folder().join("log");
    let mut command = Process::command(&["serve", "--listen", "127.0.0.1:0", "--log", "trace"]);
    command.args(storage.flags()).stderr(File::create(&log).unwrap());
    let server = Process::spawn(command).await;
    let member = person(&server, 1);
    let (room, text) = (template().seed.room, "a secret that nobody may log");
    let signed_in = sign_in(&Client::new(server.address), "member").await;
    signed_in.post_message(room, text).await;
    signed_in.get(&format!("{}?q=secret", paths::SEARCH)).await.expect_status(200);
    let mut live = LiveSocket::in_room(&member, room).await;
    let id = new_client_id();
    live.send_message(room, id, text).await;
    live.wait_ack(id).await;
    let invalid = json!({"username": text, "password": 7});
    Client::new(server.address).post(paths::SESSIONS, invalid).await.expect_status(422);
    // Nor can a client fill the disk.
    let report = "an unlikely report";
    for _ in 0..200 {
        let request = Client::new(server.address).request("POST", "/csp-report");
        request.body(report).send().await.unwrap();
    }
    server.terminate().await;
    server.wait_exit().await;
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains("/api/v1/rooms"), "the requests are not in the log: {log}");
    for secret in [text, "secret", PASSWORD, &*member.token, &*signed_in.token] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret:?} is in the log");
    }
    assert!((1..=30).contains(&log.matches(report).count()));
}

#[tokio::test]
async fn openapi_prints_the_document() {
    let (code, stdout, stderr) = run(&["openapi"]).await;
    assert_eq!(code, Some(0), "{stderr}");
    let printed: Value = serde_json::from_str(&stdout).unwrap();
    let server = Process::start(&template().copy().await).await;
    let served = person(&server, 1).get(paths::OPENAPI).await.expect_status(200);
    assert_eq!(printed, served);
}

#[tokio::test]
async fn the_help_lists_every_setting() {
    let (code, stdout, _) = run(&["serve", "--help"]).await;
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
        assert!(stdout.contains(name), "{name} is not in {stdout}");
    }
    let start = Instant::now();
    assert_eq!(run(&["serve", "--no-such-flag"]).await.0, Some(2));
    assert!(start.elapsed() < 10 * REVOCATION_MAX_DELAY);
}
