//! Every endpoint × every role. A refusal must say why, change nothing, and tell nobody.

use serde_json::{Value, json};
use shared::{
    messages::Row,
    paths,
    problem::Code::{self, AdminOnly, NotAMember, NotFound, NotTheAuthor, Unauthenticated},
};

use crate::actors::{Answer, Cast, Client, LiveSocket, PASSWORD, Person};

/// What an endpoint answers to anon, outsider, member and admin.
struct Endpoint(&'static str, &'static str, Value, [Result<u16, Code>; 4]);

const ANON: Result<u16, Code> = Err(Unauthenticated);
const ROLES: [&str; 4] = ["anon", "outsider", "member", "admin"];

/// Names in braces are filled in; `{role}` is the name of who asks.
fn people() -> Vec<Endpoint> {
    let new = json!({"username": "new {role}", "password": PASSWORD});
    let new_admin = json!({"username": "new {role}", "password": PASSWORD, "is_admin": true});
    let sign_in = json!({"username": "member", "password": PASSWORD});
    let secret = json!({"current_password": PASSWORD, "password": "battery staple"});
    let (ok, admins) = ([ANON, Ok(200), Ok(200), Ok(200)], [ANON, NO, NO, Ok(200)]);
    let not_theirs = [ANON, Err(NotFound), Ok(204), Err(NotFound)];
    vec![
        Endpoint("POST", "/users", new, [Ok(201); 4]),
        Endpoint("POST", "/users", new_admin, [NO, NO, NO, Ok(201)]),
        Endpoint("GET", "/users/me", Value::Null, ok),
        Endpoint("PATCH", "/users/me", secret, ok),
        Endpoint("GET", "/users/{member}", Value::Null, ok),
        Endpoint("PATCH", "/users/{outsider}", json!({"is_admin": true}), admins),
        Endpoint("POST", "/sessions", sign_in, [Ok(201); 4]),
        Endpoint("GET", "/sessions", Value::Null, ok),
        Endpoint("DELETE", "/sessions/current", Value::Null, [ANON, Ok(204), Ok(204), Ok(204)]),
        Endpoint("DELETE", "/sessions/{session}", Value::Null, not_theirs),
    ]
}

const NO: Result<u16, Code> = Err(AdminOnly);

fn rooms() -> Vec<Endpoint> {
    let named = || json!({"name": "Cellar", "topic": "Below"});
    let all = |status| [ANON, Ok(status), Ok(status), Ok(status)];
    let members = [ANON, Err(NotAMember), Ok(200), Ok(200)];
    vec![
        Endpoint("GET", "/rooms", Value::Null, all(200)),
        Endpoint("POST", "/rooms", named(), [ANON, NO, NO, Ok(201)]),
        Endpoint("GET", "/rooms/{room}", Value::Null, all(200)),
        Endpoint("PUT", "/rooms/{room}", named(), [ANON, NO, NO, Ok(200)]),
        Endpoint("PATCH", "/rooms/{room}", json!({"topic": "Else"}), [ANON, NO, NO, Ok(200)]),
        Endpoint("DELETE", "/rooms/{room}", Value::Null, [ANON, NO, NO, Ok(204)]),
        Endpoint("PUT", "/rooms/{room}/membership", Value::Null, all(200)),
        Endpoint("DELETE", "/rooms/{room}/membership", Value::Null, all(204)),
        Endpoint("GET", "/rooms/{room}/members", Value::Null, members),
        Endpoint("GET", "/people", Value::Null, all(200)),
        Endpoint("DELETE", "/rooms/{room}/members/{member}", Value::Null, [ANON, NO, NO, Ok(204)]),
    ]
}

/// Message 1 is the member's, 2 the admin's.
fn messages() -> Vec<Endpoint> {
    let text = || json!({"content": "Good {role}"});
    let of = |member, admin| [ANON, Err(NotAMember), member, admin];
    let (ok, author) = (|status| of(Ok(status), Ok(status)), Err(NotTheAuthor));
    vec![
        Endpoint("GET", "/rooms/{room}/messages", Value::Null, ok(200)),
        Endpoint("GET", "/rooms/{room}/calendar", Value::Null, ok(200)),
        Endpoint("GET", "/rooms/{room}/insights", Value::Null, ok(200)),
        Endpoint("GET", "/rooms/{room}/map", Value::Null, ok(200)),
        Endpoint("GET", "/rooms/{room}/map/hits", Value::Null, ok(200)),
        Endpoint("POST", "/rooms/{room}/messages", text(), ok(201)),
        Endpoint("GET", "/rooms/{room}/messages/1", Value::Null, ok(200)),
        Endpoint("PATCH", "/rooms/{room}/messages/1", text(), of(Ok(200), author)),
        Endpoint("DELETE", "/rooms/{room}/messages/1", Value::Null, ok(204)),
        Endpoint("DELETE", "/rooms/{room}/messages/2", Value::Null, of(author, Ok(204))),
        Endpoint("PUT", "/rooms/{room}/read", json!({"seq": 2}), ok(200)),
        Endpoint("GET", "/rooms/{room}/changes", Value::Null, ok(200)),
        Endpoint("GET", "/rooms/{room}/export", Value::Null, ok(200)),
        Endpoint("GET", "/messages", Value::Null, [ANON, Ok(200), Ok(200), Ok(200)]),
        Endpoint("GET", "/messages/export", Value::Null, [ANON, Ok(200), Ok(200), Ok(200)]),
        Endpoint("GET", "/messages/summary", Value::Null, [ANON, Ok(200), Ok(200), Ok(200)]),
        Endpoint("GET", "/live", Value::Null, [Err(Code::UpgradeRequired); 4]),
    ]
}

#[tokio::test]
async fn people_endpoints_know_who_asks() {
    check(people()).await;
}

#[tokio::test]
async fn room_endpoints_know_who_asks() {
    check(rooms()).await;
}

#[tokio::test]
async fn message_endpoints_know_who_asks() {
    check(messages()).await;
}

/// A path without the names of its variables.
fn generic(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "current" => "{}",
        _ if part.starts_with('{') || part.parse::<i64>().is_ok() => "{}",
        _ => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Whoever adds an endpoint adds it here.
#[test]
fn the_tables_hold_every_endpoint_of_the_document() {
    let all = people().into_iter().chain(rooms()).chain(messages());
    let tested: Vec<_> = all.map(|Endpoint(method, path, ..)| (method, generic(path))).collect();
    let document: Value = serde_json::from_str(&hallway::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        for method in item.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            let found = tested.iter().any(|(m, p)| *m == method && *p == generic(path));
            assert!(found, "{method} {path} is in no table");
        }
    }
}

/// Each endpoint before a cast of its own: first those who are refused, then the others.
async fn check(endpoints: Vec<Endpoint>) {
    for Endpoint(method, path, body, expected) in endpoints {
        let cast = Cast::assemble().await;
        let mut live = LiveSocket::in_room(&cast.member, cast.room).await;
        let before = snapshot(&cast).await;
        let documented = documented(method, path);
        for expected in &expected {
            let status = expected.map_or_else(Code::status, |status| status);
            assert!(documented.contains(&status), "{method} {path}: {status} is not documented");
        }
        for (role, expected) in ROLES.iter().zip(&expected) {
            let Err(code) = expected else { continue };
            println!("{method} {path} by {role}");
            ask(&cast, role, method, path, &body).await.refused(*code);
        }
        assert_eq!(snapshot(&cast).await, before, "{method} {path} changed something");
        expect_silence(&cast, &mut live).await;
        for (role, expected) in ROLES.iter().zip(&expected) {
            let Ok(status) = expected else { continue };
            println!("{method} {path} by {role}");
            let answer = ask(&cast, role, method, path, &body).await;
            assert_eq!(answer.status, *status, "{}", answer.text);
        }
    }
}

/// The statuses that the document says an operation can have.
fn documented(method: &str, path: &str) -> Vec<u16> {
    let document: Value = serde_json::from_str(&hallway::openapi()).unwrap();
    let item = document["paths"].as_object().unwrap().iter();
    let mut item =
        item.filter(|(template, _)| generic(template) == generic(&format!("/api/v1{path}")));
    let operation = &item.next().unwrap().1[method.to_lowercase()];
    let statuses = operation["responses"].as_object().unwrap().keys();
    statuses.map(|status| status.parse().unwrap()).collect()
}

async fn ask(cast: &Cast, role: &str, method: &str, path: &str, body: &Value) -> Answer {
    let who: &Client = match role {
        "anon" => &cast.anon,
        "outsider" => &cast.outsider,
        "member" => &cast.member,
        _ => &cast.admin,
    };
    let path = format!("/api/v1{path}")
        .replace("{room}", &cast.room.to_string())
        .replace("{member}", &cast.member.user.id.to_string())
        .replace("{outsider}", &cast.outsider.user.id.to_string())
        .replace("{session}", &cast.member.session.to_string());
    let body = serde_json::from_str(&body.to_string().replace("{role}", role)).unwrap();
    who.call(method, &path, body).await
}

/// All that somebody who is refused could have changed.
async fn snapshot(cast: &Cast) -> Vec<Value> {
    let rooms = [paths::ROOMS, paths::ROOM, paths::MESSAGES, paths::MEMBERS, paths::CHANGES];
    let mut paths: Vec<_> = rooms.iter().map(|path| cast.at(path)).collect();
    // The accounts, and the place where a new one would be.
    paths.extend((1..=5).map(|id| shared::paths::fill(shared::paths::USER, &[&id])));
    let mut found = Vec::new();
    for path in paths {
        let mut answer = cast.admin.get(&path).await.json();
        answer.as_object_mut().unwrap().remove("request_id");
        found.push(answer);
    }
    for person in [&cast.outsider, &cast.member] as [&Person; 2] {
        found.push(person.get(paths::SESSIONS).await.is(200));
    }
    found
}

/// What comes next on the member's socket is what comes next in the room: nothing was in between.
async fn expect_silence(cast: &Cast, live: &mut LiveSocket) {
    let word = json!({"content": "Silence, please"});
    cast.admin.post(&cast.at(paths::MESSAGES), word).await.is(201);
    let change = live.change().await;
    let Row::Message(message) = change.row else { panic!("{change:?} was sent") };
    assert_eq!((message.seq.0, &*message.content), (3, "Silence, please"));
}
