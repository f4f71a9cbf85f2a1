//! Limits of connections and sockets, so that no client takes the places of the others.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::{
    live::{ClientFrame, CloseCode},
    paths,
    problem::Code,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::fixture::{Client, LiveSocket, Process, Response, Server, Socket, Storage, TIMEOUT};

/// The hard limit of open files of the server.
const FILES: usize = 256;
/// More connections than the server can have files open.
const TRICKLING_CLIENTS: usize = 300;

/// Begins a request with a body, and sends one byte of it.
async fn begin_body(server: &Process) -> TcpStream {
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{",
        paths::SESSIONS,
        server.address
    );
    let _ = tcp.write_all(head.as_bytes()).await;
    tcp
}

/// Sends a byte a second until the server closes the connection; returns the response.
async fn trickle(mut tcp: TcpStream) -> String {
    let mut response = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        match timeout(Duration::from_secs(1), tcp.read(&mut buffer)).await {
            Ok(Ok(read)) if read > 0 => response.extend(&buffer[..read]),
            Ok(_) => return String::from_utf8(response).unwrap(),
            Err(_) => _ = tcp.write_all(b" ").await,
        }
    }
}

/// Sends a request until the server answers, because it drops connections while even the places above
/// the limits are taken.
async fn get_answer(client: &Client, path: &str) -> Response {
    let start = Instant::now();
    loop {
        if let Ok(response) = Response::try_fetch(client.request("GET", path)).await {
            return response;
        }
        assert!(start.elapsed() < TIMEOUT, "{path}: no answer");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trickled_bodies_leave_room_for_others_and_end() {
    let storage = Storage::empty().await;
    let setup = format!("ulimit -Sn 200 && ulimit -Hn {FILES}");
    let mut command = Process::command_after(&setup, &["serve", "--listen", "127.0.0.1:0"]);
    command.args(storage.flags());
    let server = Process::spawn(command).await;
    let mut trickling = Vec::new();
    for _ in 0..TRICKLING_CLIENTS {
        trickling.push(tokio::spawn(trickle(begin_body(&server).await)));
    }
    // Health checks are answered even from the address of the attack.
    for local in ["127.0.0.1", "127.0.0.2"] {
        let client = Client::connecting_from(local.parse().ok(), server.address);
        for path in ["/health/live", "/health/ready"] {
            get_answer(&client, path).await.expect_status(200);
        }
    }
    let other = Client::connecting_from("127.0.0.2".parse().ok(), server.address);
    let account = json!({"username": "ada", "password": "correct horse"});
    other.post(paths::USERS, account.clone()).await.expect_status(201);
    let refused = get_answer(&Client::new(server.address), paths::OPENAPI).await;
    assert_eq!((refused.header("retry-after"), refused.header("connection")), ("10", "close"));
    refused.expect_problem(Code::Unavailable);
    assert!(trickling.iter().any(|client| !client.is_finished()), "the attack is over");

    let mut slow = 0;
    for trickling in trickling {
        let response = timeout(4 * TIMEOUT, trickling).await.expect("an end in time").unwrap();
        slow += usize::from(response.contains("too slow"));
    }
    // Half of the files that are not reserved; half as many if the soft limit stayed.
    assert!((40..=FILES / 2).contains(&slow), "{slow} connections were admitted");
    Client::new(server.address).post(paths::SESSIONS, account).await.expect_status(201);
}

#[tokio::test]
async fn an_account_has_a_limited_number_of_sockets() {
    let server = Server::with(|settings| settings.sockets_per_account = 3).await;
    let (ada, bob) = (server.register("ada").await, server.register("bob").await);
    let room: Value = ada.post(paths::ROOMS, json!({"name": "Lobby"})).await.expect_status(201);
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(LiveSocket::open(&ada).await);
    }
    let authorization = format!("Bearer {}", ada.token);
    let headers = [("authorization", &*authorization)];
    let classic = format!("/ws/chat/{}/", room["id"]);
    for path in [paths::LIVE, &*classic] {
        assert_eq!(Socket::open(server.address, path, &headers).await.err(), Some(429), "{path}");
    }
    // A socket that authenticates after the upgrade.
    let mut late = Socket::open(server.address, paths::LIVE, &[]).await.unwrap();
    let authenticate = ClientFrame::Authenticate { token: ada.token.clone() };
    late.send_text(&serde_json::to_string(&authenticate).unwrap()).await;
    assert_eq!(late.wait_close().await, Some(CloseCode::TooManySockets as u16));
    LiveSocket::open(&bob).await;

    drop(sockets.pop());
    let start = Instant::now();
    while let Err(status) = Socket::open(server.address, paths::LIVE, &headers).await {
        assert_eq!(status, 429);
        assert!(start.elapsed() < TIMEOUT, "the closed socket counts");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn behind_a_proxy_sockets_count_for_the_reported_address() {
    let server = Server::with(|settings| {
        settings.client_ip_header = Some("x-forwarded-for".into());
        settings.connections_per_address = Some(3);
    })
    .await;
    let ada = server.register("ada").await;
    let authorization = format!("Bearer {}", ada.token);
    let open = async |address: &str| {
        let headers = [("authorization", &*authorization), ("x-forwarded-for", address)];
        Socket::open(server.address, paths::LIVE, &headers).await
    };
    let get = async |address: &str, path: &str| {
        let request = server.anon().request("GET", path).header("x-forwarded-for", address);
        Response::fetch(request).await
    };
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(open("192.0.2.1").await.unwrap());
    }
    assert_eq!(open("192.0.2.1").await.err(), Some(503));
    let refused = get("192.0.2.1", paths::OPENAPI).await;
    assert_eq!(refused.header("retry-after"), "10");
    refused.expect_problem(Code::Unavailable);
    get("192.0.2.1", "/health/ready").await.expect_status(200);
    // Requests that have ended do not count.
    for _ in 0..10 {
        get("192.0.2.2", paths::OPENAPI).await.expect_status(200);
    }
    open("192.0.2.2").await.unwrap();
    drop(sockets);
    let start = Instant::now();
    while get("192.0.2.1", paths::OPENAPI).await.status != 200 {
        assert!(start.elapsed() < TIMEOUT, "the closed sockets count");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
