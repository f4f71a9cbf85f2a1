//! Invalid requests get a problem that names the field and the limit.

use serde_json::{Value, json};
use shared::{
    messages::MessagePage,
    paths,
    problem::Code,
    rules::{BODY_MAX_BYTES, CONTENT_MAX_BYTES},
};

use crate::fixture::{Fixture, LiveSocket, Response};

#[tokio::test]
async fn a_broken_limit_is_refused_with_its_field() {
    let fixture = Fixture::start().await;
    let long = |length: usize| "x".repeat(length);
    let account = |name: &str, password: &str| json!({"username": name, "password": password});
    let users = [
        (account(&long(151), "long enough"), "username", "150 characters, but is 151"),
        (account("", "long enough"), "username", "must not be empty"),
        (account("a\u{200b}b", "long enough"), "username", "U+200B"),
        (account("a\u{fe0f}", "long enough"), "username", "U+FE0F"),
        (account("a\u{2800}b", "long enough"), "username", "U+2800"),
        (account("a  b", "long enough"), "username", "two spaces"),
        (account("a:b", "long enough"), "username", "colon (U+003A)"),
        (account("new", &long(7)), "password", "8 to 1024 characters long, but is 7"),
        (account("new", &long(1_025)), "password", "8 to 1024 characters long, but is 1025"),
        (account("", "short"), "password", "8 to 1024"),
        (json!({"username": "new"}), "password", "missing"),
        (json!({"username": 5, "password": "long enough"}), "username", "string"),
    ];
    for (body, field, error_text) in users {
        fixture.anon.post(paths::USERS, body).await.expect_field_error(field, error_text);
    }
    let rooms = [
        (json!({"name": long(256)}), "name", "255 characters, but is 256"),
        (json!({"name": " "}), "name", "must not be empty"),
        (json!({"name": "a\u{1d173}b"}), "name", "U+1D173"),
        (json!({"name": "new", "topic": long(256)}), "topic", "255"),
        (json!({"topic": "new"}), "name", "missing"),
    ];
    for (body, field, error_text) in rooms {
        fixture.admin.post(paths::ROOMS, body.clone()).await.expect_field_error(field, error_text);
        fixture
            .admin
            .put(&fixture.path(paths::ROOM), body)
            .await
            .expect_field_error(field, error_text);
    }
    let new = json!({"name": long(256)});
    fixture.admin.patch(&fixture.path(paths::ROOM), new).await.expect_field_error("name", "255");
}

#[tokio::test]
async fn an_invalid_message_is_refused() {
    let fixture = Fixture::start().await;
    let content = |text: &str| json!({"content": text});
    let too_long = "x".repeat(CONTENT_MAX_BYTES + 1);
    let bodies = [
        (content(&too_long), "content", "16384 bytes of UTF-8, but is 16385"),
        (content(""), "content", "must not be empty"),
        (content(" \n\t "), "content", "must not be empty"),
        (content("\u{200b} \u{2800}\u{fe0f}"), "content", "something visible"),
        (json!({}), "content", "missing"),
        (json!({"content": ["a"]}), "content", "string"),
        (json!({"content": "a", "client_id": "7"}), "client_id", ""),
        (json!({"content": "a", "reply_to": 3}), "reply_to", "1 to 2"),
        (json!({"content": "a", "reply_to": "one"}), "reply_to", ""),
    ];
    for (body, field, error_text) in bodies {
        fixture
            .member
            .post(&fixture.path(paths::MESSAGES), body)
            .await
            .expect_field_error(field, error_text);
    }
    let edit = fixture.member.patch(&fixture.message_path(1), content(&too_long)).await;
    edit.expect_field_error("content", "16384");
    fixture
        .member
        .put(&fixture.path(paths::READ), json!({"seq": "x"}))
        .await
        .expect_field_error("seq", "");
    let longest = content(&"x".repeat(CONTENT_MAX_BYTES));
    fixture.member.post(&fixture.path(paths::MESSAGES), longest).await.expect_status(201);
    let page: MessagePage =
        fixture.member.get(&fixture.path(paths::MESSAGES)).await.expect_json(200);
    assert_eq!(page.room_last_seq.0, 3, "a refused message was stored");
}

#[tokio::test]
async fn control_characters_are_removed_from_messages() {
    let fixture = Fixture::start().await;
    let typed = "\u{0}a\u{b}b\u{c}c\u{85}d\u{1b}[1m\u{7f}\r\n\te\u{9b}";
    let posted = fixture.member.post_message(fixture.room, typed).await;
    assert_eq!(posted.content, "a\nb\nc\nd[1m\n\te");
    let edit = json!({"content": format!("{typed}!")});
    let edited = fixture.member.patch(&fixture.message_path(3), edit).await.expect_status(200);
    assert_eq!(edited["content"], "a\nb\nc\nd[1m\n\te!");
    let blank = json!({"content": "\u{200b}\u{3164}"});
    let edit = fixture.member.patch(&fixture.message_path(3), blank).await;
    edit.expect_field_error("content", "something visible");
}

#[tokio::test]
async fn an_invalid_query_is_refused() {
    let fixture = Fixture::start().await;
    let member = &fixture.member;
    for path in [paths::MEMBERS, paths::ROOMS] {
        for limit in ["0", "201"] {
            let path = format!("{}?limit={limit}", fixture.path(path));
            member
                .get(&path)
                .await
                .expect_field_error("limit", &format!("1 to 200, but is {limit}"));
        }
        for limit in ["-1", "many", "", "99999999999999999999"] {
            member
                .get(&format!("{}?limit={limit}", fixture.path(path)))
                .await
                .expect_field_error("limit", "");
        }
    }
    let changes = fixture.path(paths::CHANGES);
    member.get(&format!("{changes}?limit=1001")).await.expect_field_error("limit", "1 to 1000");
    member.get(&format!("{changes}?limit=0")).await.expect_field_error("limit", "1 to 1000");
    member.get(&format!("{changes}?after_rev=x")).await.expect_field_error("after_rev", "");
}

#[tokio::test]
async fn an_unreadable_body_is_refused() {
    let fixture = Fixture::start().await;
    let path = fixture.path(paths::MESSAGES);
    let send = async |content_type: Option<&str>, body: Vec<u8>| {
        let request = fixture.member.request("POST", &path).body(body);
        let request = match content_type {
            Some(content_type) => request.header("content-type", content_type),
            None => request,
        };
        Response::fetch(request).await
    };
    let json = Some("application/json");
    let valid = br#"{"content": "a"}"#.to_vec();
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        send(content_type, valid.clone()).await.expect_problem(Code::UnsupportedMediaType);
    }
    for body in ["", "{", "{\"content\": \"a\"", "{\"content\": \"a\"} {}", "content=a"] {
        send(json, body.into()).await.expect_problem(Code::BadRequest);
    }
    send(json, b"{\"content\": \"\xff\xfe\"}".to_vec()).await.expect_problem(Code::BadRequest);
    send(json, b"{\"content\": \"\\ud800\"}".to_vec()).await.expect_problem(Code::BadRequest);
    let large = format!("{{\"content\": \"{}\"}}", "x".repeat(BODY_MAX_BYTES));
    send(json, large.into_bytes()).await.expect_problem(Code::TooLarge);
    for body in ["[]", "null", "5", "\"a\""] {
        send(json, body.into()).await.expect_problem(Code::InvalidFields);
    }
    let page: MessagePage = fixture.member.get(&path).await.expect_json(200);
    assert_eq!(page.room_last_seq.0, 2, "an unreadable body was stored");
    send(Some("application/json; charset=utf-8"), valid).await.expect_status(201);
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let fixture = Fixture::start().await;
    let numbers = ["0", "-1", "abc", "1.5", "9223372036854775807", "99999999999999999999", "%00"];
    for number in numbers {
        for template in [
            "/api/v1/rooms/{}",
            "/api/v1/rooms/{}/messages",
            "/api/v1/rooms/{}/members",
            "/api/v1/rooms/{}/changes",
            "/api/v1/rooms/1/messages/{}",
            "/api/v1/users/{}",
        ] {
            let path = template.replace("{}", number);
            fixture.member.get(&path).await.expect_problem(Code::NotFound);
        }
        let message = json!({"content": "a"});
        let path = format!("/api/v1/rooms/{number}/messages");
        fixture.member.post(&path, message).await.expect_problem(Code::NotFound);
        let session = format!("/api/v1/sessions/{number}");
        fixture.member.delete(&session).await.expect_problem(Code::NotFound);
    }
    for path in
        ["/nothing", "/api/v1", "/api/v1/nothing", "/api/v2/rooms", "/api/v1/rooms/1/nothing"]
    {
        fixture.member.get(path).await.expect_problem(Code::NotFound);
        fixture.anon.get(path).await.expect_problem(Code::NotFound);
    }
}

#[tokio::test]
async fn an_unsupported_method_is_refused() {
    let fixture = Fixture::start().await;
    let unsupported = [
        ("PUT", paths::ROOMS),
        ("DELETE", paths::ROOMS),
        ("POST", paths::ROOM),
        ("DELETE", paths::MESSAGES),
        ("GET", paths::MEMBERSHIP),
        ("PUT", paths::USERS),
        ("POST", paths::CHANGES),
        ("POST", paths::LIVE),
        ("BREW", paths::ROOMS),
    ];
    for (method, path) in unsupported {
        let response = fixture.member.call(method, &fixture.path(path), Value::Null).await;
        assert!(!response.header("allow").is_empty(), "{method} {path} has no Allow");
        response.expect_problem(Code::MethodNotAllowed);
    }
}

/// Invalid requests of one client do not affect the socket of another.
#[tokio::test]
async fn invalid_requests_do_not_disturb_other_sockets() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    for body in ["{", "[]", "{\"content\": 1}"] {
        let request = fixture.outsider.request("POST", &fixture.path(paths::MESSAGES)).body(body);
        let response = Response::fetch(request.header("content-type", "application/json")).await;
        assert!((400..500).contains(&response.status), "{}", response.text);
    }
    fixture
        .admin
        .post(&fixture.path(paths::MESSAGES), json!({"content": "still here"}))
        .await
        .expect_status(201);
    assert_eq!(live.next_change().await.rev.0, 6);
}
