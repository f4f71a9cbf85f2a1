//! Guessing passwords: the guesser is slowed, and the owner of the account is not. Addresses come from
//! a header, as behind a proxy.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use shared::{paths, problem::Code};

use crate::fixture::{PASSWORD, Response, Server};

const HEADER: &str = "x-forwarded-for";
const LIMIT: u32 = 3;

async fn server(login_attempts: u32) -> Server {
    let server = Server::with(|settings| {
        settings.client_ip_header = Some(HEADER.into());
        settings.login_attempts = login_attempts;
    });
    let server = server.await;
    server.register("bob").await;
    server
}

/// Sends a request from an address, with cookies if there are any.
async fn call(
    server: &Server,
    (address, cookies): (&str, &str),
    (method, path): (&str, &str),
    body: Value,
) -> Response {
    let request = server.anon().request(method, path).header(HEADER, address).json(&body);
    Response::fetch(if cookies.is_empty() { request } else { request.header("cookie", cookies) })
        .await
}

async fn sign_in(server: &Server, sender: (&str, &str), password: &str) -> Response {
    let body = json!({"username": "bob", "password": password});
    call(server, sender, ("POST", paths::SESSIONS), body).await
}

async fn basic(server: &Server, address: &str, password: &str) -> Response {
    let credentials = STANDARD.encode(format!("bob:{password}"));
    let request = server.anon().request("GET", paths::ME).header(HEADER, address);
    Response::fetch(request.header("authorization", format!("Basic {credentials}"))).await
}

/// The session cookie and the device cookie of a response, for a `Cookie` header.
fn cookies(response: &Response) -> [String; 2] {
    ["hallway_session=", "hallway_device="].map(|name| cookie(response, name))
}

fn cookie(response: &Response, name: &str) -> String {
    let cookies = response.headers.get_all("set-cookie").iter();
    let cookies: Vec<_> = cookies.map(|value| value.to_str().unwrap()).collect();
    let cookie = cookies.iter().find(|cookie| cookie.starts_with(name));
    let cookie = cookie.unwrap_or_else(|| panic!("no {name} in {cookies:?}"));
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.split_once(';').unwrap().0.to_owned()
}

/// Guesses until the server refuses; returns the number of guesses that it checked.
async fn guess(server: &Server, address: &str) -> u32 {
    for nth in 0..1_000 {
        let response = sign_in(server, (address, ""), &format!("guess {nth}")).await;
        if response.status == 429 {
            let seconds: u64 = response.header("retry-after").parse().unwrap();
            assert!((1..=3_600).contains(&seconds));
            return nth;
        }
        response.expect_problem(Code::InvalidCredentials);
    }
    panic!("no limit");
}

#[tokio::test]
async fn a_guesser_elsewhere_does_not_lock_the_owner_out() {
    let server = server(LIMIT).await;
    assert_eq!(guess(&server, "192.0.2.66").await, LIMIT);
    // Another address of the same IPv6 network is the same guesser.
    assert_eq!(guess(&server, "2001:db8::66").await, LIMIT);
    assert_eq!(guess(&server, "2001:db8::67").await, 0);
    basic(&server, "192.0.2.66", PASSWORD).await.expect_problem(Code::TooManyRequests);
    sign_in(&server, ("192.0.2.1", ""), PASSWORD).await.expect_status(201);
    basic(&server, "192.0.2.1", PASSWORD).await.expect_status(200);
}

#[tokio::test]
async fn a_guesser_in_the_same_network_does_not_lock_known_devices_out() {
    let server = server(LIMIT).await;
    let home = "192.0.2.1";
    let [session, device] = cookies(&sign_in(&server, (home, ""), PASSWORD).await);
    basic(&server, home, PASSWORD).await.expect_status(200);
    assert_eq!(guess(&server, home).await, LIMIT);
    sign_in(&server, (home, ""), PASSWORD).await.expect_problem(Code::TooManyRequests);
    // The device, a session, a script, and a change of the password by someone who is signed in.
    sign_in(&server, (home, &device), PASSWORD).await.expect_status(201);
    sign_in(&server, (home, &session), PASSWORD).await.expect_status(201);
    // The sign-ins forgot the failures of the device only.
    sign_in(&server, (home, ""), PASSWORD).await.expect_problem(Code::TooManyRequests);
    basic(&server, home, PASSWORD).await.expect_status(200);
    let change = json!({"current_password": PASSWORD, "password": "battery staple"});
    let change_path = ("PATCH", paths::ME);
    call(&server, (home, &session), change_path, change).await.expect_status(200);
    // The cookie of a device is no login, and does not help with other accounts.
    call(&server, (home, &device), ("GET", paths::ME), Value::Null)
        .await
        .expect_problem(Code::Unauthenticated);
    server.register("carl").await;
    let carl = async |cookies: &str, password: &str| {
        let body = json!({"username": "carl", "password": password});
        call(&server, (home, cookies), ("POST", paths::SESSIONS), body).await
    };
    for _ in 0..LIMIT {
        carl("", "wrong").await.expect_problem(Code::InvalidCredentials);
    }
    carl(&device, PASSWORD).await.expect_problem(Code::TooManyRequests);
}

#[tokio::test]
async fn a_new_password_makes_other_devices_unknown() {
    let server = server(LIMIT).await;
    let home = "192.0.2.1";
    let [session, device] = cookies(&sign_in(&server, (home, ""), PASSWORD).await);
    let [_, other] = cookies(&sign_in(&server, (home, ""), PASSWORD).await);
    let new = "battery staple";
    let change = json!({"current_password": PASSWORD, "password": new});
    let both = format!("{session}; {device}");
    let changed = call(&server, (home, &both), ("PATCH", paths::ME), change).await;
    let renewed = cookie(&changed, "hallway_device=");
    changed.expect_status(200);
    assert_eq!(guess(&server, home).await, LIMIT);
    for old in [&device, &other] {
        sign_in(&server, (home, old), new).await.expect_problem(Code::TooManyRequests);
    }
    sign_in(&server, (home, &renewed), new).await.expect_status(201);
}

#[tokio::test]
async fn a_known_device_and_a_session_cannot_guess_either() {
    let server = server(LIMIT).await;
    let home = "192.0.2.1";
    let [session, device] = cookies(&sign_in(&server, (home, ""), PASSWORD).await);
    for _ in 0..LIMIT {
        sign_in(&server, (home, &device), "wrong").await.expect_problem(Code::InvalidCredentials);
    }
    sign_in(&server, (home, &device), PASSWORD).await.expect_problem(Code::TooManyRequests);
    let change = |current: &str| json!({"current_password": current, "password": "battery staple"});
    let path = ("PATCH", paths::ME);
    for _ in 0..LIMIT {
        let response = call(&server, (home, &session), path, change("wrong")).await;
        response.expect_field_error("current_password", "wrong");
    }
    let response = call(&server, (home, &session), path, change(PASSWORD)).await;
    response.expect_problem(Code::TooManyRequests);
    // Credentials that were right do not stay usable as a test of guesses.
    basic(&server, "192.0.2.2", PASSWORD).await.expect_status(200);
    for nth in 0..10 * LIMIT {
        basic(&server, "192.0.2.2", &format!("guess {nth}")).await;
    }
    basic(&server, "192.0.2.2", PASSWORD).await.expect_problem(Code::TooManyRequests);
}

#[tokio::test]
async fn many_addresses_together_are_limited_and_known_ones_pass() {
    let server = server(1).await;
    let home = "192.0.2.1";
    let [_, device] = cookies(&sign_in(&server, (home, ""), PASSWORD).await);
    let mut guesses = 0;
    for last in 10..40 {
        guesses += guess(&server, &format!("198.51.100.{last}")).await;
    }
    assert_eq!(guesses, 20);
    let unknown = sign_in(&server, ("203.0.113.1", ""), PASSWORD).await;
    assert!(unknown.header("retry-after").parse::<u64>().unwrap() > 3_000);
    unknown.expect_problem(Code::TooManyRequests);
    sign_in(&server, ("203.0.113.1", &device), PASSWORD).await.expect_status(201);
    sign_in(&server, (home, ""), PASSWORD).await.expect_status(201);
    basic(&server, home, PASSWORD).await.expect_status(200);
}

#[tokio::test]
async fn a_name_with_a_nul_is_unknown() {
    let server = server(LIMIT).await;
    for path in [paths::SESSIONS, "/login/"] {
        let body = json!({"username": "bo\0b", "password": "a\0b"});
        let refused = server.anon().post(path, body).await;
        assert!([400, 401].contains(&refused.status), "{}", refused.text);
    }
    let credentials = STANDARD.encode("bo\0b:password");
    let basic = server.anon().with_authorization(&format!("Basic {credentials}"));
    basic.get(paths::ME).await.expect_problem(Code::InvalidCredentials);
    let new = |name: &str, password: &str| json!({"username": name, "password": password});
    let register = async |body: Value| server.anon().post(paths::USERS, body).await;
    register(new("bo\0b", PASSWORD)).await.expect_field_error("username", "control");
    register(new("carl", "correct\0horse")).await.expect_field_error("password", "U+0000");
}

#[tokio::test]
async fn a_password_works_in_every_unicode_form() {
    let server = server(LIMIT).await;
    let new = |password: &str| json!({"username": "zoë", "password": password});
    let forms = ["gr\u{fc}n \u{e4}pfel", "gru\u{308}n\u{a0}a\u{308}pfel"];
    server.anon().post(paths::USERS, new(forms[1])).await.expect_status(201);
    for form in forms {
        server.anon().post(paths::SESSIONS, new(form)).await.expect_status(201);
    }
    let short = json!({"username": "carl", "password": "пароль"});
    let refused = server.anon().post(paths::USERS, short).await;
    refused.expect_field_error("password", "must be 8 to 1024 characters long, but is 6");
}

#[tokio::test]
async fn sign_ups_are_limited_by_network() {
    let server = Server::with(|settings| {
        settings.client_ip_header = Some(HEADER.into());
        settings.sign_ups_per_hour = 2;
    })
    .await;
    let register = async |address: &str, path: &str, name: &str| {
        let body = json!({"username": name, "password": PASSWORD});
        call(&server, (address, ""), ("POST", path), body).await
    };
    register("2001:db8::1", paths::USERS, "ada").await.expect_status(201);
    register("2001:db8::2", "/register/", "bob").await.expect_status(201);
    let refused = register("2001:db8::3", paths::USERS, "carl").await;
    assert!((1_000..=1_800).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    let problem = refused.expect_problem(Code::TooManyRequests);
    assert!(problem.detail.contains("from your network: try again in 30 minutes"), "{problem:?}");
    assert_eq!(register("2001:db8::3", "/register/", "carl").await.status, 429);
    register("2001:db8:0:1::1", paths::USERS, "carl").await.expect_status(201);
    // An admin may create accounts for others.
    let admin = server.sign_in("ada").await;
    for name in ["dora", "emil", "fritz"] {
        let body = json!({"username": name, "password": PASSWORD});
        let request = admin.request("POST", paths::USERS).header(HEADER, "2001:db8::1");
        Response::fetch(request.json(&body)).await.expect_status(201);
    }
    // Names that are taken count too, but less.
    let taken = async || register("203.0.113.1", paths::USERS, "ada").await;
    for _ in 0..20 {
        taken().await.expect_problem(Code::UsernameTaken);
    }
    taken().await.expect_problem(Code::TooManyRequests);
}
