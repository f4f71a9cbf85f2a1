//! Each row of the table: status, shape, and the shapes of its errors.

use serde_json::{Value, json};
use shared::{paths, users::User};

use super::{both, by_token};
use crate::actors::{Answer, Cast, PASSWORD};

/// The names of an object's fields.
fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// A refusal in the old shape, and in the old content type.
#[track_caller]
fn detail(answer: Answer, status: u16) -> String {
    assert_eq!(answer.header("content-type"), "application/json", "{}", answer.text);
    let body = answer.is(status);
    assert_eq!(fields(&body), ["detail"], "{body}");
    body["detail"].as_str().unwrap().to_owned()
}

/// A field's complaint in the old shape: `{"field": ["..."]}`.
#[track_caller]
fn complains(answer: Answer, field: &str) {
    let body = answer.is(400);
    let said = body[field].as_array().unwrap_or_else(|| panic!("{field} is not in {body}"));
    assert!(!said.is_empty() && said.iter().all(Value::is_string), "{body}");
}

#[tokio::test]
async fn register() {
    let cast = Cast::assemble().await;
    for (nth, path) in both("/register/").iter().enumerate() {
        let name = format!("new {nth}");
        let new = json!({"username": name, "password": PASSWORD});
        let said = cast.anon.post(path, new.clone()).await.is(201);
        assert_eq!(said, json!({"message": "User created successfully"}));
        let said = cast.anon.post(path, new).await.is(400);
        assert_eq!(said, json!({"message": "User already exists"}));
        let upper = json!({"username": name.to_uppercase(), "password": PASSWORD});
        let said = cast.anon.post(path, upper).await.is(400);
        assert_eq!(said, json!({"message": "User already exists"}));
        let admin = json!({"username": "mallory", "password": PASSWORD, "is_admin": true});
        detail(cast.anon.post(path, admin.clone()).await, 403);
        detail(by_token(&cast, &cast.member.token).post(path, admin).await, 403);
        let plain =
            json!({"username": format!("{name} b"), "password": PASSWORD, "is_admin": false});
        cast.anon.post(path, plain).await.is(201);
        complains(cast.anon.post(path, json!({"username": "x"})).await, "password");
        let short = json!({"username": "x", "password": "short"});
        complains(cast.anon.post(path, short).await, "password");
        detail(cast.anon.get(path).await, 405);
    }
    let by_admin = json!({"username": "second admin", "password": PASSWORD, "is_admin": true});
    by_token(&cast, &cast.admin.token).post("/register/", by_admin).await.is(201);
    assert!(cast.server.sign_in("second admin").await.user.is_admin);
}

#[tokio::test]
async fn login() {
    let cast = Cast::assemble().await;
    for path in both("/login/") {
        for (person, is_admin) in [(&cast.admin, true), (&cast.member, false)] {
            let who = json!({"username": person.user.username, "password": PASSWORD});
            let answer = cast.anon.post(&path, who).await;
            let cookie = answer.header("set-cookie").to_owned();
            let body = answer.is(200);
            assert_eq!(fields(&body), ["is_admin", "token", "user_id"]);
            assert_eq!(
                (&body["is_admin"], &body["user_id"]),
                (&json!(is_admin), &json!(person.user.id))
            );
            let token = body["token"].as_str().unwrap();
            assert!(cookie.contains(token) && cookie.contains("HttpOnly"), "{cookie}");
            let me: User = by_token(&cast, token).get(paths::ME).await.read(200);
            assert_eq!(me.id, person.user.id);
            let cookie = cookie.split(';').next().unwrap();
            let with_cookie = cast.anon.request("GET", "/rooms/").header("cookie", cookie);
            Answer::of(with_cookie).await.is(200);
        }
        for (name, password) in [("member", "wrong horse"), ("nobody", PASSWORD)] {
            let wrong = json!({"username": name, "password": password});
            let said = cast.anon.post(&path, wrong).await.is(400);
            assert_eq!(said, json!({"error": "Invalid credentials"}));
        }
        complains(cast.anon.post(&path, json!({"password": PASSWORD})).await, "username");
        detail(cast.anon.get(&path).await, 405);
    }
}

#[tokio::test]
async fn list_and_get_rooms() {
    let cast = Cast::assemble().await;
    let one = format!("/rooms/{}/", cast.room);
    for token in ["Token", "Bearer"] {
        let outsider = cast.anon.with(&format!("{token} {}", cast.outsider.token));
        for path in both("/rooms/") {
            let list = outsider.get(&path).await.is(200);
            let [room] = &list.as_array().expect("a bare array")[..] else { panic!("{list}") };
            check_room(&cast, room);
        }
        for path in both(&one) {
            check_room(&cast, &outsider.get(&path).await.is(200));
        }
    }
    for path in both("/rooms/").iter().chain(&both(&one)) {
        let said = detail(cast.anon.get(path).await, 401);
        assert_eq!(said, "Authentication credentials were not provided.");
        detail(cast.anon.with("Token nonsense").get(path).await, 401);
    }
    for path in both("/rooms/77/").iter().chain(&both("/rooms/abc/")) {
        assert_eq!(detail(cast.member.get(path).await, 404), "Not found.");
    }
}

fn check_room(cast: &Cast, room: &Value) {
    let names = ["created_at", "created_by", "id", "name", "topic", "updated_at", "users"];
    assert_eq!(fields(room), names);
    let people = json!([cast.admin.user.id, cast.member.user.id]);
    let said = (&room["id"], &room["name"], &room["topic"], &room["users"]);
    assert_eq!(said, (&json!(cast.room), &json!("Lobby"), &json!("For everyone"), &people));
    assert_eq!(room["created_by"], json!(cast.admin.user.id));
    for moment in ["created_at", "updated_at"] {
        let moment = room[moment].as_str().unwrap();
        assert!(moment.parse::<shared::Timestamp>().is_ok(), "{moment}");
    }
}

#[tokio::test]
async fn make_change_and_delete_rooms() {
    let cast = Cast::assemble().await;
    for (nth, path) in both("/rooms/").iter().enumerate() {
        let new = json!({"name": format!("Attic {nth}"), "topic": "Upstairs"});
        let room = cast.admin.post(path, new).await.is(201);
        assert_eq!((&room["topic"], &room["users"]), (&json!("Upstairs"), &json!([1])));
        complains(cast.admin.post(path, json!({})).await, "name");
        complains(cast.admin.post(path, json!({"name": "x".repeat(256)})).await, "name");
        complains(cast.admin.post(path, json!({"name": "lobby"})).await, "name");
        let one = both(&format!("/rooms/{}/", room["id"]))[nth].clone();
        let put = cast.admin.put(&one, json!({"name": format!("Loft {nth}")})).await.is(200);
        assert_eq!((&put["name"], &put["topic"]), (&json!(format!("Loft {nth}")), &json!("")));
        let patch = cast.admin.patch(&one, json!({"topic": "High"})).await.is(200);
        assert_eq!((&patch["name"], &patch["topic"]), (&put["name"], &json!("High")));
        complains(cast.admin.put(&one, json!({"topic": "High"})).await, "name");
        complains(cast.admin.patch(&one, json!({"name": "LOBBY"})).await, "name");
        for method in ["PUT", "PATCH", "DELETE"] {
            let named = json!({"name": "Mine"});
            detail(cast.member.call(method, &one, named.clone()).await, 403);
            detail(cast.anon.call(method, &one, named).await, 401);
        }
        assert_eq!(cast.member.get(&one).await.is(200), patch, "a refusal changed it");
        assert_eq!(cast.admin.delete(&one).await.is(204), Value::Null);
        detail(cast.admin.get(&one).await, 404);
        detail(cast.admin.delete(&one).await, 404);
        detail(cast.member.post(path, json!({"name": "Mine"})).await, 403);
        detail(cast.anon.post(path, json!({"name": "Mine"})).await, 401);
        detail(cast.admin.delete(path).await, 405);
    }
}

#[tokio::test]
async fn join_a_room() {
    let cast = Cast::assemble().await;
    let path = format!("/rooms/{}/join/", cast.room);
    for path in both(&path) {
        detail(cast.anon.post(&path, Value::Null).await, 401);
        // With and without a body, and again: it is no error to be in it already.
        for body in [Value::Null, json!({})] {
            let said = cast.outsider.post(&path, body).await.is(200);
            assert_eq!(said, json!({"detail": "You have joined the room \"Lobby\""}));
        }
        let room = cast.member.get(&format!("/rooms/{}/", cast.room)).await.is(200);
        assert_eq!(room["users"], json!([1, 2, 3]));
        cast.outsider.delete(&cast.at(paths::MEMBERSHIP)).await.is(204);
        detail(cast.outsider.get(&path).await, 405);
    }
    for path in both("/rooms/77/join/") {
        detail(cast.outsider.post(&path, Value::Null).await, 404);
    }
}

#[tokio::test]
async fn say_something() {
    let cast = Cast::assemble().await;
    let path = format!("/messages/create/{}/", cast.room);
    for (nth, path) in both(&path).iter().enumerate() {
        // Whatever else is in it is left out of account: who speaks is who is signed in.
        let body = json!({"content": format!(" word {nth} "), "user": 1, "room": 9, "extra": [1]});
        let said = cast.member.post(path, body).await.is(201);
        assert_eq!(fields(&said), ["content", "created_at", "id", "room", "user"]);
        let word = json!(format!("word {nth}"));
        let found = (&said["content"], &said["room"], &said["user"]);
        assert_eq!(found, (&word, &json!(cast.room), &json!("member")));
        complains(cast.member.post(path, json!({"content": "  "})).await, "content");
        complains(cast.member.post(path, json!({})).await, "content");
        complains(cast.member.post(path, json!({"content": "x".repeat(16_385)})).await, "content");
        detail(cast.outsider.post(path, json!({"content": "a"})).await, 403);
        detail(cast.anon.post(path, json!({"content": "a"})).await, 401);
        detail(cast.member.get(path).await, 405);
        let plain = cast.member.request("POST", path).body("content=a");
        let plain = plain.header("content-type", "application/x-www-form-urlencoded");
        detail(Answer::of(plain).await, 415);
        let broken = cast.member.request("POST", path).body("{");
        detail(Answer::of(broken.header("content-type", "application/json")).await, 400);
        let large = json!({"content": "x".repeat(128 * 1_024)});
        detail(cast.member.post(path, large).await, 413);
    }
    detail(cast.member.post("/messages/create/77/", json!({"content": "a"})).await, 404);
    let list = cast.member.get(&format!("/messages/{}/", cast.room)).await.is(200);
    assert_eq!(list["messages"].as_array().unwrap().len(), 4, "{list}");
}
