//! Each classic endpoint: status, shape, and the shapes of its errors.

use serde_json::{Value, json};
use shared::{paths, rules, users::User};

use super::{both, by_token};
use crate::fixture::{Fixture, PASSWORD, Response};

/// The names of an object's fields.
fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// Checks an error in the classic shape and content type; returns its text.
#[track_caller]
fn expect_detail(response: Response, status: u16) -> String {
    assert_eq!(response.header("content-type"), "application/json", "{}", response.text);
    let body = response.expect_status(status);
    assert_eq!(fields(&body), ["detail"], "{body}");
    body["detail"].as_str().unwrap().to_owned()
}

/// Checks the errors of a field in the classic shape: `{"field": ["..."]}`.
#[track_caller]
fn expect_field_error(response: Response, field: &str) {
    let body = response.expect_status(400);
    let errors = body[field].as_array().unwrap_or_else(|| panic!("{field} is not in {body}"));
    assert!(!errors.is_empty() && errors.iter().all(Value::is_string), "{body}");
}

#[tokio::test]
async fn registration_has_the_classic_shape() {
    let fixture = Fixture::start().await;
    for (nth, path) in both("/register/").iter().enumerate() {
        let name = format!("new {nth}");
        let new = json!({"username": name, "password": PASSWORD});
        let body = fixture.anon.post(path, new.clone()).await.expect_status(201);
        assert_eq!(body, json!({"message": "User created successfully"}));
        let body = fixture.anon.post(path, new).await.expect_status(400);
        assert_eq!(body, json!({"message": "User already exists"}));
        let upper = json!({"username": name.to_uppercase(), "password": PASSWORD});
        let body = fixture.anon.post(path, upper).await.expect_status(400);
        assert_eq!(body, json!({"message": "User already exists"}));
        let admin = json!({"username": "mallory", "password": PASSWORD, "is_admin": true});
        expect_detail(fixture.anon.post(path, admin.clone()).await, 403);
        expect_detail(by_token(&fixture, &fixture.member.token).post(path, admin).await, 403);
        let plain =
            json!({"username": format!("{name} b"), "password": PASSWORD, "is_admin": false});
        fixture.anon.post(path, plain).await.expect_status(201);
        expect_field_error(fixture.anon.post(path, json!({"username": "x"})).await, "password");
        let short = json!({"username": "x", "password": "short"});
        expect_field_error(fixture.anon.post(path, short).await, "password");
        expect_detail(fixture.anon.get(path).await, 405);
    }
    let by_admin = json!({"username": "second admin", "password": PASSWORD, "is_admin": true});
    by_token(&fixture, &fixture.admin.token).post("/register/", by_admin).await.expect_status(201);
    assert!(fixture.server.sign_in("second admin").await.user.is_admin);
}

#[tokio::test]
async fn login_has_the_classic_shape() {
    let fixture = Fixture::start().await;
    for path in both("/login/") {
        for (person, is_admin) in [(&fixture.admin, true), (&fixture.member, false)] {
            let credentials = json!({"username": person.user.username, "password": PASSWORD});
            let response = fixture.anon.post(&path, credentials).await;
            let cookie = response.header("set-cookie").to_owned();
            let body = response.expect_status(200);
            assert_eq!(fields(&body), ["is_admin", "token", "user_id"]);
            assert_eq!(
                (&body["is_admin"], &body["user_id"]),
                (&json!(is_admin), &json!(person.user.id))
            );
            let token = body["token"].as_str().unwrap();
            assert!(cookie.contains(token) && cookie.contains("HttpOnly"), "{cookie}");
            let me: User = by_token(&fixture, token).get(paths::ME).await.expect_json(200);
            assert_eq!(me.id, person.user.id);
            let cookie = cookie.split(';').next().unwrap();
            let with_cookie = fixture.anon.request("GET", "/rooms/").header("cookie", cookie);
            Response::fetch(with_cookie).await.expect_status(200);
        }
        for (name, password) in [("member", "wrong horse"), ("nobody", PASSWORD)] {
            let wrong = json!({"username": name, "password": password});
            let body = fixture.anon.post(&path, wrong).await.expect_status(400);
            assert_eq!(body, json!({"error": "Invalid credentials"}));
        }
        expect_field_error(
            fixture.anon.post(&path, json!({"password": PASSWORD})).await,
            "username",
        );
        expect_detail(fixture.anon.get(&path).await, 405);
    }
}

#[tokio::test]
async fn listing_and_reading_rooms_has_the_classic_shape() {
    let fixture = Fixture::start().await;
    let one = format!("/rooms/{}/", fixture.room);
    for scheme in ["Token", "Bearer"] {
        let outsider =
            fixture.anon.with_authorization(&format!("{scheme} {}", fixture.outsider.token));
        for path in both("/rooms/") {
            let list = outsider.get(&path).await.expect_status(200);
            let [room] = &list.as_array().expect("a bare array")[..] else { panic!("{list}") };
            check_room(&fixture, room);
        }
        for path in both(&one) {
            check_room(&fixture, &outsider.get(&path).await.expect_status(200));
        }
    }
    for path in both("/rooms/").iter().chain(&both(&one)) {
        let detail = expect_detail(fixture.anon.get(path).await, 401);
        assert_eq!(detail, "Authentication credentials were not provided.");
        expect_detail(fixture.anon.with_authorization("Token nonsense").get(path).await, 401);
    }
    for path in both("/rooms/77/").iter().chain(&both("/rooms/abc/")) {
        assert_eq!(expect_detail(fixture.member.get(path).await, 404), "Not found.");
    }
}

fn check_room(fixture: &Fixture, room: &Value) {
    let names = ["created_at", "created_by", "id", "name", "topic", "updated_at", "users"];
    assert_eq!(fields(room), names);
    let people = json!([fixture.admin.user.id, fixture.member.user.id]);
    let found = (&room["id"], &room["name"], &room["topic"], &room["users"]);
    assert_eq!(found, (&json!(fixture.room), &json!("Lobby"), &json!("For everyone"), &people));
    assert_eq!(room["created_by"], json!(fixture.admin.user.id));
    for moment in ["created_at", "updated_at"] {
        let moment = room[moment].as_str().unwrap();
        assert!(moment.parse::<shared::Timestamp>().is_ok(), "{moment}");
    }
}

#[tokio::test]
async fn only_admins_create_change_and_delete_rooms() {
    let fixture = Fixture::start().await;
    for (nth, path) in both("/rooms/").iter().enumerate() {
        let new = json!({"name": format!("Attic {nth}"), "topic": "Upstairs"});
        let room = fixture.admin.post(path, new).await.expect_status(201);
        assert_eq!((&room["topic"], &room["users"]), (&json!("Upstairs"), &json!([1])));
        expect_field_error(fixture.admin.post(path, json!({})).await, "name");
        expect_field_error(
            fixture.admin.post(path, json!({"name": "x".repeat(256)})).await,
            "name",
        );
        expect_field_error(fixture.admin.post(path, json!({"name": "lobby"})).await, "name");
        let one = both(&format!("/rooms/{}/", room["id"]))[nth].clone();
        let put = fixture
            .admin
            .put(&one, json!({"name": format!("Loft {nth}")}))
            .await
            .expect_status(200);
        assert_eq!(
            (&put["name"], &put["topic"]),
            (&json!(format!("Loft {nth}")), &json!("Upstairs"))
        );
        let patch = fixture.admin.patch(&one, json!({"topic": "High"})).await.expect_status(200);
        assert_eq!((&patch["name"], &patch["topic"]), (&put["name"], &json!("High")));
        expect_field_error(fixture.admin.put(&one, json!({"topic": "High"})).await, "name");
        expect_field_error(fixture.admin.patch(&one, json!({"name": "LOBBY"})).await, "name");
        for method in ["PUT", "PATCH", "DELETE"] {
            let room_body = json!({"name": "Mine"});
            expect_detail(fixture.member.call(method, &one, room_body.clone()).await, 403);
            expect_detail(fixture.anon.call(method, &one, room_body).await, 401);
        }
        assert_eq!(
            fixture.member.get(&one).await.expect_status(200),
            patch,
            "a refused request changed the room"
        );
        assert_eq!(fixture.admin.delete(&one).await.expect_status(204), Value::Null);
        expect_detail(fixture.admin.get(&one).await, 404);
        expect_detail(fixture.admin.delete(&one).await, 404);
        expect_detail(fixture.member.post(path, json!({"name": "Mine"})).await, 403);
        expect_detail(fixture.anon.post(path, json!({"name": "Mine"})).await, 401);
        expect_detail(fixture.admin.delete(path).await, 405);
    }
}

#[tokio::test]
async fn joining_a_room_has_the_classic_shape() {
    let fixture = Fixture::start().await;
    let path = format!("/rooms/{}/join/", fixture.room);
    for path in both(&path) {
        expect_detail(fixture.anon.post(&path, Value::Null).await, 401);
        // The body is optional, and joining again is no error.
        for body in [Value::Null, json!({})] {
            let body = fixture.outsider.post(&path, body).await.expect_status(200);
            assert_eq!(body, json!({"detail": "You have joined the room \"Lobby\""}));
        }
        let room =
            fixture.member.get(&format!("/rooms/{}/", fixture.room)).await.expect_status(200);
        assert_eq!(room["users"], json!([1, 2, 3]));
        fixture.outsider.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
        expect_detail(fixture.outsider.get(&path).await, 405);
    }
    for path in both("/rooms/77/join/") {
        expect_detail(fixture.outsider.post(&path, Value::Null).await, 404);
    }
}

#[tokio::test]
async fn posting_a_message_has_the_classic_shape() {
    let fixture = Fixture::start().await;
    let path = format!("/messages/create/{}/", fixture.room);
    for (nth, path) in both(&path).iter().enumerate() {
        // Other fields have no effect: the author is the signed-in user.
        let body = json!({"content": format!(" word {nth} "), "user": 1, "room": 9, "extra": [1]});
        let body = fixture.member.post(path, body).await.expect_status(201);
        assert_eq!(fields(&body), ["content", "created_at", "id", "room", "user"]);
        let content = json!(format!("word {nth}"));
        let found = (&body["content"], &body["room"], &body["user"]);
        assert_eq!(found, (&content, &json!(fixture.room), &json!("member")));
        expect_field_error(fixture.member.post(path, json!({"content": "  "})).await, "content");
        expect_field_error(fixture.member.post(path, json!({})).await, "content");
        expect_field_error(
            fixture.member.post(path, json!({"content": "x".repeat(16_385)})).await,
            "content",
        );
        expect_detail(fixture.outsider.post(path, json!({"content": "a"})).await, 403);
        expect_detail(fixture.anon.post(path, json!({"content": "a"})).await, 401);
        expect_detail(fixture.member.get(path).await, 405);
        let plain = fixture.member.request("POST", path).body("content=a");
        let plain = plain.header("content-type", "text/plain");
        expect_detail(Response::fetch(plain).await, 415);
        let broken = fixture.member.request("POST", path).body("{");
        expect_detail(
            Response::fetch(broken.header("content-type", "application/json")).await,
            400,
        );
        let large = json!({"content": "x".repeat(rules::BODY_MAX_BYTES)});
        expect_detail(fixture.member.post(path, large).await, 413);
    }
    expect_detail(fixture.member.post("/messages/create/77/", json!({"content": "a"})).await, 404);
    let list = fixture.member.get(&format!("/messages/{}/", fixture.room)).await.expect_status(200);
    assert_eq!(list["messages"].as_array().unwrap().len(), 4, "{list}");
}
