//! Each endpoint with each role. A refusal has a reason, changes nothing and sends no frame.

use serde_json::{Value, json};
use shared::{
    messages::Row,
    paths,
    problem::Code::{
        self, AdminOnly, HostsOnly, InvalidFields, NotAMember, NotFound, NotTheAuthor,
        Unauthenticated,
    },
};

use crate::fixture::{Client, Fixture, LiveSocket, PASSWORD, Person, Response};

mod moderation;

use moderation::moderation_endpoints;

/// Method, path below `/api/v1`, body, and the outcomes for anon, outsider, member and admin: a status
/// or the code of the problem.
struct Endpoint(&'static str, &'static str, Value, [Result<u16, Code>; 4]);

const ANON: Result<u16, Code> = Err(Unauthenticated);
const ROLES: [&str; 4] = ["anon", "outsider", "member", "admin"];

/// [`send_as`] replaces names in braces; `{role}` is the name of the caller.
fn people_endpoints() -> Vec<Endpoint> {
    let new = json!({"username": "new {role}", "password": PASSWORD});
    let new_admin = json!({"username": "new {role}", "password": PASSWORD, "is_admin": true});
    let sign_in = json!({"username": "member", "password": PASSWORD});
    let secret = json!({"current_password": PASSWORD, "password": "battery staple"});
    let delete_me = json!({"password": PASSWORD, "messages": "keep"});
    let (ok, admins) = ([ANON, Ok(200), Ok(200), Ok(200)], [ANON, ADMIN_ONLY, ADMIN_ONLY, Ok(200)]);
    let own = [ANON, Ok(204), Ok(204), Ok(204)];
    let blocked = [ANON, Err(InvalidFields), Ok(204), Ok(204)];
    let unblocked = [ANON, Ok(204), Ok(204), Ok(204)];
    let not_theirs = [ANON, Err(NotFound), Ok(204), Err(NotFound)];
    let unknown = Err(Code::ConfirmationInvalid);
    let confirm = json!({"token": "guess", "password": PASSWORD});
    vec![
        Endpoint("POST", "/users", new, [Ok(201); 4]),
        Endpoint("POST", "/users", new_admin, [ADMIN_ONLY, ADMIN_ONLY, ADMIN_ONLY, Ok(201)]),
        Endpoint("POST", "/users/confirm", confirm, [unknown; 4]),
        Endpoint("GET", "/users/me", Value::Null, ok),
        Endpoint("PATCH", "/users/me", secret, ok),
        Endpoint("PATCH", "/users/me/profile", json!({"pronouns": "the {role}"}), ok),
        Endpoint("PUT", "/users/me/favourites", json!({"rooms": []}), own),
        Endpoint("GET", "/users/me/blocks", Value::Null, ok),
        Endpoint("PUT", "/users/me/blocks/{outsider}", Value::Null, blocked),
        Endpoint("DELETE", "/users/me/blocks/{member}", Value::Null, unblocked),
        Endpoint("DELETE", "/users/me", delete_me, [ANON, Ok(204), Ok(204), Err(Code::LastOwner)]),
        Endpoint("GET", "/users/me/export", Value::Null, ok),
        Endpoint("GET", "/users/{member}", Value::Null, ok),
        Endpoint("PATCH", "/users/{outsider}", json!({"is_admin": true}), admins),
        Endpoint(
            "DELETE",
            "/users/{outsider}",
            json!({"messages": "delete"}),
            [ANON, ADMIN_ONLY, ADMIN_ONLY, Ok(204)],
        ),
        Endpoint("POST", "/sessions", sign_in, [Ok(201); 4]),
        Endpoint("GET", "/sessions", Value::Null, ok),
        Endpoint("DELETE", "/sessions/current", Value::Null, own),
        Endpoint("DELETE", "/sessions/{session}", Value::Null, not_theirs),
    ]
}

const ADMIN_ONLY: Result<u16, Code> = Err(AdminOnly);
const HOSTS_ONLY: Result<u16, Code> = Err(HostsOnly);

fn server_endpoints() -> Vec<Endpoint> {
    let (all, set_up) = ([ANON, Ok(200), Ok(200), Ok(200)], Err(Code::AlreadySetUp));
    let new = json!({"name": "Mine", "username": "new {role}", "password": PASSWORD});
    let (token, invalid) = (json!({"token": "guess"}), Err(Code::InvitationInvalid));
    let admins = [ANON, ADMIN_ONLY, ADMIN_ONLY, Ok(200)];
    let not_found = [ANON, Err(NotFound), Err(NotFound), Err(NotFound)];
    vec![
        Endpoint("GET", "/server", Value::Null, [Ok(200); 4]),
        Endpoint("POST", "/server", new, [set_up; 4]),
        Endpoint("PATCH", "/server", json!({"name": "Harbour"}), admins),
        Endpoint("GET", "/invitations", Value::Null, all),
        Endpoint("POST", "/invitations", json!({}), [ANON, Ok(201), Ok(201), Ok(201)]),
        Endpoint("DELETE", "/invitations/1", Value::Null, not_found),
        Endpoint("POST", "/invitations/preview", token.clone(), [Ok(200); 4]),
        Endpoint("POST", "/invitations/accept", token, [ANON, invalid, invalid, invalid]),
    ]
}

fn administration_endpoints() -> Vec<Endpoint> {
    let admins = |status| [ANON, ADMIN_ONLY, ADMIN_ONLY, Ok(status)];
    let endpoint = |method, path, status| Endpoint(method, path, Value::Null, admins(status));
    vec![
        endpoint("GET", "/users", 200),
        endpoint("POST", "/users/{outsider}/sign-out", 204),
        endpoint("POST", "/users/{outsider}/password", 200),
        endpoint("GET", "/admin/rooms", 200),
        endpoint("POST", "/admin/rooms/{room}/enter", 200),
        endpoint("DELETE", "/admin/rooms/{room}", 204),
        endpoint("GET", "/audit", 200),
        endpoint("GET", "/audit/export", 200),
    ]
}

fn room_endpoints() -> Vec<Endpoint> {
    let room_body = || json!({"name": "Cellar", "topic": "Below"});
    let all = |status| [ANON, Ok(status), Ok(status), Ok(status)];
    let members = [ANON, Err(NotAMember), Ok(200), Ok(200)];
    let hosts = [ANON, HOSTS_ONLY, HOSTS_ONLY, Ok(204)];
    let no_direct_room = [ANON, Err(NotAMember), Err(InvalidFields), Err(InvalidFields)];
    vec![
        Endpoint("GET", "/rooms", Value::Null, all(200)),
        Endpoint("POST", "/rooms", room_body(), [ANON, ADMIN_ONLY, ADMIN_ONLY, Ok(201)]),
        Endpoint("GET", "/rooms/{room}", Value::Null, all(200)),
        Endpoint("PUT", "/rooms/{room}", room_body(), [ANON, HOSTS_ONLY, HOSTS_ONLY, Ok(200)]),
        Endpoint(
            "PATCH",
            "/rooms/{room}",
            json!({"topic": "Else"}),
            [ANON, Err(NotAMember), HOSTS_ONLY, Ok(200)],
        ),
        Endpoint("DELETE", "/rooms/{room}", Value::Null, hosts),
        Endpoint("GET", "/rooms/bin", Value::Null, all(200)),
        // The room is not deleted.
        Endpoint(
            "POST",
            "/rooms/{room}/restore",
            Value::Null,
            [ANON, Err(NotFound), Err(NotFound), Err(NotFound)],
        ),
        Endpoint("PUT", "/rooms/{room}/membership", Value::Null, all(200)),
        Endpoint("DELETE", "/rooms/{room}/membership", Value::Null, all(204)),
        Endpoint("GET", "/rooms/{room}/members", Value::Null, members),
        Endpoint("GET", "/rooms/{room}/events", Value::Null, members),
        Endpoint("GET", "/people", Value::Null, all(200)),
        Endpoint("POST", "/direct", json!({"users": []}), all(201)),
        // Not a direct room.
        Endpoint("PUT", "/rooms/{room}/hidden", Value::Null, no_direct_room),
        Endpoint("DELETE", "/rooms/{room}/hidden", Value::Null, no_direct_room),
        Endpoint(
            "PATCH",
            "/rooms/{room}/preferences",
            json!({"muted": true}),
            [ANON, Err(NotAMember), Ok(204), Ok(204)],
        ),
        Endpoint("DELETE", "/rooms/{room}/members/{admin}", Value::Null, hosts),
        Endpoint("PUT", "/rooms/{room}/members/{admin}", Value::Null, members),
        Endpoint(
            "PATCH",
            "/rooms/{room}/members/{member}",
            json!({"role": "reader"}),
            [ANON, HOSTS_ONLY, HOSTS_ONLY, Ok(200)],
        ),
    ]
}

/// The member wrote message 1, the admin message 2.
fn message_endpoints() -> Vec<Endpoint> {
    let text = || json!({"content": "Good {role}"});
    let by_membership = |member, admin| [ANON, Err(NotAMember), member, admin];
    let (ok, not_the_author) = (|status| by_membership(Ok(status), Ok(status)), Err(NotTheAuthor));
    let (all, edit) = ([ANON, Ok(200), Ok(200), Ok(200)], by_membership(Ok(200), not_the_author));
    vec![
        Endpoint("GET", "/rooms/{room}/messages", Value::Null, ok(200)),
        Endpoint("GET", "/rooms/{room}/calendar", Value::Null, ok(200)),
        Endpoint("GET", "/rooms/{room}/insights", Value::Null, ok(200)),
        Endpoint("GET", "/rooms/{room}/map", Value::Null, ok(200)),
        Endpoint("GET", "/rooms/{room}/map/hits", Value::Null, ok(200)),
        Endpoint("POST", "/rooms/{room}/messages", text(), ok(201)),
        Endpoint("GET", "/rooms/{room}/messages/1", Value::Null, ok(200)),
        Endpoint("PATCH", "/rooms/{room}/messages/1", text(), edit),
        Endpoint("DELETE", "/rooms/{room}/messages/1", Value::Null, ok(204)),
        Endpoint(
            "DELETE",
            "/rooms/{room}/messages/2",
            Value::Null,
            by_membership(not_the_author, Ok(204)),
        ),
        Endpoint("PUT", "/rooms/{room}/messages/2/reactions/{emoji}", Value::Null, ok(200)),
        Endpoint("DELETE", "/rooms/{room}/messages/2/reactions/{emoji}", Value::Null, ok(200)),
        Endpoint("GET", "/emojis", Value::Null, all),
        Endpoint("PUT", "/rooms/{room}/read", json!({"seq": 2}), ok(200)),
        Endpoint("GET", "/rooms/{room}/changes", Value::Null, ok(200)),
        Endpoint("GET", "/rooms/{room}/export", Value::Null, ok(200)),
        Endpoint("GET", "/messages", Value::Null, all),
        Endpoint("GET", "/messages/export", Value::Null, all),
        Endpoint("GET", "/messages/summary", Value::Null, all),
        Endpoint("GET", "/live", Value::Null, [Err(Code::UpgradeRequired); 4]),
    ]
}

#[tokio::test]
async fn people_endpoints_check_the_role() {
    check(people_endpoints()).await;
}

#[tokio::test]
async fn server_endpoints_check_the_role() {
    check(server_endpoints()).await;
}

#[tokio::test]
async fn administration_endpoints_check_the_role() {
    check(administration_endpoints()).await;
}

#[tokio::test]
async fn room_endpoints_check_the_role() {
    check(room_endpoints()).await;
}

#[tokio::test]
async fn moderation_endpoints_check_the_role() {
    check(moderation_endpoints()).await;
}

#[tokio::test]
async fn message_endpoints_check_the_role() {
    check(message_endpoints()).await;
}

/// Replaces each variable or id of a path with `{}`.
fn normalize_path(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "current" => "{}",
        _ if part.starts_with('{') || part.parse::<i64>().is_ok() => "{}",
        _ => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A new endpoint needs a row in the tables.
#[test]
fn the_tables_list_every_operation_of_the_document() {
    let all = people_endpoints().into_iter().chain(server_endpoints());
    let all = all.chain(administration_endpoints()).chain(moderation_endpoints());
    let all = all.chain(room_endpoints()).chain(message_endpoints());
    let tested: Vec<_> =
        all.map(|Endpoint(method, path, ..)| (method, normalize_path(path))).collect();
    let document: Value = serde_json::from_str(&hallway::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        for method in item.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            let found = tested.iter().any(|(m, p)| *m == method && *p == normalize_path(path));
            assert!(found, "{method} {path} is in no table");
        }
    }
}

/// Each endpoint gets its own fixture; the refused roles come first.
async fn check(endpoints: Vec<Endpoint>) {
    for Endpoint(method, path, body, expected) in endpoints {
        let fixture = Fixture::start().await;
        let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
        let before = snapshot(&fixture).await;
        let documented = documented(method, path);
        for expected in &expected {
            let status = expected.map_or_else(Code::status, |status| status);
            assert!(documented.contains(&status), "{method} {path}: {status} is not documented");
        }
        for (role, expected) in ROLES.iter().zip(&expected) {
            let Err(code) = expected else { continue };
            println!("{method} {path} by {role}");
            send_as(&fixture, role, method, path, &body).await.expect_problem(*code);
        }
        assert_eq!(snapshot(&fixture).await, before, "{method} {path} changed something");
        expect_no_earlier_frame(&fixture, &mut live).await;
        for (role, expected) in ROLES.iter().zip(&expected) {
            let Ok(status) = expected else { continue };
            println!("{method} {path} by {role}");
            let response = send_as(&fixture, role, method, path, &body).await;
            assert_eq!(response.status, *status, "{}", response.text);
        }
        // The tasks of the server keep its connections until the test ends, and a database server has too
        // few for those of all endpoints.
        fixture.server.database().clone().close().await.unwrap();
    }
}

/// The statuses that the document lists for an operation.
fn documented(method: &str, path: &str) -> Vec<u16> {
    let document: Value = serde_json::from_str(&hallway::openapi()).unwrap();
    let item = document["paths"].as_object().unwrap().iter();
    let mut item = item.filter(|(template, _)| {
        normalize_path(template) == normalize_path(&format!("/api/v1{path}"))
    });
    let operation = &item.next().unwrap().1[method.to_lowercase()];
    let statuses = operation["responses"].as_object().unwrap().keys();
    statuses.map(|status| status.parse().unwrap()).collect()
}

/// Sends a request to the API as a role.
async fn send_as(
    fixture: &Fixture,
    role: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Response {
    let client: &Client = match role {
        "anon" => &fixture.anon,
        "outsider" => &fixture.outsider,
        "member" => &fixture.member,
        _ => &fixture.admin,
    };
    let path = format!("/api/v1{path}")
        .replace("{emoji}", "👍")
        .replace("{room}", &fixture.room.to_string())
        .replace("{member}", &fixture.member.user.id.to_string())
        .replace("{admin}", &fixture.admin.user.id.to_string())
        .replace("{outsider}", &fixture.outsider.user.id.to_string())
        .replace("{session}", &fixture.member.session.to_string());
    let body = serde_json::from_str(&body.to_string().replace("{role}", role)).unwrap();
    client.call(method, &path, body).await
}

/// Reads all state that a refused request could have changed.
async fn snapshot(fixture: &Fixture) -> Vec<Value> {
    let rooms = [paths::ROOMS, paths::ROOM, paths::MESSAGES, paths::MEMBERS, paths::CHANGES];
    let mut paths: Vec<_> = rooms.iter().map(|path| fixture.path(path)).collect();
    // The accounts, and the id that the next one would get.
    paths.extend((1..=5).map(|id| shared::paths::fill(shared::paths::USER, &[&id])));
    let mut found = Vec::new();
    for path in paths {
        let mut response = fixture.admin.get(&path).await.json();
        response.as_object_mut().unwrap().remove("request_id");
        found.push(response);
    }
    for person in [&fixture.outsider, &fixture.member] as [&Person; 2] {
        let mut sessions = person.get(paths::SESSIONS).await.expect_status(200);
        for session in sessions["sessions"].as_array_mut().unwrap() {
            // The server stores it now and then.
            session.as_object_mut().unwrap().remove("used_at");
        }
        found.push(sessions);
    }
    found
}

/// Posts a message and checks that it is the next frame of the member's socket.
async fn expect_no_earlier_frame(fixture: &Fixture, live: &mut LiveSocket) {
    let message_body = json!({"content": "Silence, please"});
    fixture.admin.post(&fixture.path(paths::MESSAGES), message_body).await.expect_status(201);
    let change = live.next_change().await;
    let Row::Message(message) = change.row else { panic!("{change:?} was sent") };
    assert_eq!((message.seq.0, &*message.content), (3, "Silence, please"));
}
