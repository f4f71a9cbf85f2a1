//! What is wrong with a request is said: the field, the limit, and a problem in its own form.

use serde_json::{Value, json};
use shared::{
    messages::MessagePage,
    paths,
    problem::Code,
    rules::{BODY_MAX_BYTES, CONTENT_MAX_BYTES},
};

use crate::actors::{Answer, Cast, LiveSocket};

#[tokio::test]
async fn a_broken_limit_is_named_with_its_field() {
    let cast = Cast::assemble().await;
    let long = |length: usize| "x".repeat(length);
    let account = |name: &str, password: &str| json!({"username": name, "password": password});
    let users = [
        (account(&long(151), "long enough"), "username", "150 characters, and is 151"),
        (account("", "long enough"), "username", "must not be empty"),
        (account("a\u{200b}b", "long enough"), "username", "U+200B"),
        (account("new", &long(7)), "password", "8 to 1024 bytes long, and is 7"),
        (account("new", &long(1_025)), "password", "8 to 1024 bytes long, and is 1025"),
        (account("", "short"), "password", "8 to 1024"),
        (json!({"username": "new"}), "password", "missing"),
        (json!({"username": 5, "password": "long enough"}), "username", "string"),
    ];
    for (body, field, says) in users {
        cast.anon.post(paths::USERS, body).await.refused_field(field, says);
    }
    let rooms = [
        (json!({"name": long(256)}), "name", "255 characters, and is 256"),
        (json!({"name": " "}), "name", "must not be empty"),
        (json!({"name": "new", "topic": long(256)}), "topic", "255"),
        (json!({"topic": "new"}), "name", "missing"),
    ];
    for (body, field, says) in rooms {
        cast.admin.post(paths::ROOMS, body.clone()).await.refused_field(field, says);
        cast.admin.put(&cast.at(paths::ROOM), body).await.refused_field(field, says);
    }
    let new = json!({"name": long(256)});
    cast.admin.patch(&cast.at(paths::ROOM), new).await.refused_field("name", "255");
}

#[tokio::test]
async fn a_message_that_breaks_a_rule_is_refused() {
    let cast = Cast::assemble().await;
    let content = |text: &str| json!({"content": text});
    let too_long = "x".repeat(CONTENT_MAX_BYTES + 1);
    let bodies = [
        (content(&too_long), "content", "16384 bytes of UTF-8, and is 16385"),
        (content(""), "content", "must not be empty"),
        (content(" \n\t "), "content", "must not be empty"),
        (content("a\u{0}b"), "content", "U+0000"),
        (json!({}), "content", "missing"),
        (json!({"content": ["a"]}), "content", "string"),
        (json!({"content": "a", "client_id": "7"}), "client_id", ""),
        (json!({"content": "a", "reply_to": 3}), "reply_to", "1 to 2"),
        (json!({"content": "a", "reply_to": "one"}), "reply_to", ""),
    ];
    for (body, field, says) in bodies {
        cast.member.post(&cast.at(paths::MESSAGES), body).await.refused_field(field, says);
    }
    let edit = cast.member.patch(&cast.message(1), content(&too_long)).await;
    edit.refused_field("content", "16384");
    cast.member.put(&cast.at(paths::READ), json!({"seq": "x"})).await.refused_field("seq", "");
    let longest = content(&"x".repeat(CONTENT_MAX_BYTES));
    cast.member.post(&cast.at(paths::MESSAGES), longest).await.is(201);
    let page: MessagePage = cast.member.get(&cast.at(paths::MESSAGES)).await.read(200);
    assert_eq!(page.room_last_seq.0, 3, "refused messages were stored");
}

#[tokio::test]
async fn a_query_that_breaks_a_rule_is_refused() {
    let cast = Cast::assemble().await;
    let member = &cast.member;
    for path in [paths::MEMBERS, paths::ROOMS] {
        for limit in ["0", "201"] {
            let path = format!("{}?limit={limit}", cast.at(path));
            member.get(&path).await.refused_field("limit", &format!("1 to 200, and is {limit}"));
        }
        for limit in ["-1", "many", "", "99999999999999999999"] {
            member
                .get(&format!("{}?limit={limit}", cast.at(path)))
                .await
                .refused_field("limit", "");
        }
    }
    let changes = cast.at(paths::CHANGES);
    member.get(&format!("{changes}?limit=1001")).await.refused_field("limit", "1 to 1000");
    member.get(&format!("{changes}?limit=0")).await.refused_field("limit", "1 to 1000");
    member.get(&format!("{changes}?after_rev=x")).await.refused_field("after_rev", "");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_a_clear_problem() {
    let cast = Cast::assemble().await;
    let path = cast.at(paths::MESSAGES);
    let send = async |kind: Option<&str>, body: Vec<u8>| {
        let request = cast.member.request("POST", &path).body(body);
        let request = match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        };
        Answer::of(request).await
    };
    let json = Some("application/json");
    let good = br#"{"content": "a"}"#.to_vec();
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        send(kind, good.clone()).await.refused(Code::UnsupportedMediaType);
    }
    for body in ["", "{", "{\"content\": \"a\"", "{\"content\": \"a\"} {}", "content=a"] {
        send(json, body.into()).await.refused(Code::BadRequest);
    }
    send(json, b"{\"content\": \"\xff\xfe\"}".to_vec()).await.refused(Code::BadRequest);
    send(json, b"{\"content\": \"\\ud800\"}".to_vec()).await.refused(Code::BadRequest);
    let large = format!("{{\"content\": \"{}\"}}", "x".repeat(BODY_MAX_BYTES));
    send(json, large.into_bytes()).await.refused(Code::TooLarge);
    for body in ["[]", "null", "5", "\"a\""] {
        send(json, body.into()).await.refused(Code::InvalidFields);
    }
    let page: MessagePage = cast.member.get(&path).await.read(200);
    assert_eq!(page.room_last_seq.0, 2, "something unreadable was stored");
    send(Some("application/json; charset=utf-8"), good).await.is(201);
}

#[tokio::test]
async fn what_is_nowhere_is_not_found() {
    let cast = Cast::assemble().await;
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
            cast.member.get(&path).await.refused(Code::NotFound);
        }
        let word = json!({"content": "a"});
        let path = format!("/api/v1/rooms/{number}/messages");
        cast.member.post(&path, word).await.refused(Code::NotFound);
        let session = format!("/api/v1/sessions/{number}");
        cast.member.delete(&session).await.refused(Code::NotFound);
    }
    for path in
        ["/nothing", "/api/v1", "/api/v1/nothing", "/api/v2/rooms", "/api/v1/rooms/1/nothing"]
    {
        cast.member.get(path).await.refused(Code::NotFound);
        cast.anon.get(path).await.refused(Code::NotFound);
    }
}

#[tokio::test]
async fn a_method_that_is_not_taken_is_said() {
    let cast = Cast::assemble().await;
    let taken = [
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
    for (method, path) in taken {
        let answer = cast.member.call(method, &cast.at(path), Value::Null).await;
        assert!(!answer.header("allow").is_empty(), "{method} {path} has no Allow");
        answer.refused(Code::MethodNotAllowed);
    }
}

/// Whatever one client does wrong, the socket of another goes on.
#[tokio::test]
async fn bad_requests_disturb_nobody() {
    let cast = Cast::assemble().await;
    let mut live = LiveSocket::in_room(&cast.member, cast.room).await;
    for body in ["{", "[]", "{\"content\": 1}"] {
        let request = cast.outsider.request("POST", &cast.at(paths::MESSAGES)).body(body);
        let answer = Answer::of(request.header("content-type", "application/json")).await;
        assert!((400..500).contains(&answer.status), "{}", answer.text);
    }
    cast.admin.post(&cast.at(paths::MESSAGES), json!({"content": "still here"})).await.is(201);
    assert_eq!(live.change().await.rev.0, 6);
}
