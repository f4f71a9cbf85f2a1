//! Numbers that clients cannot read exactly, and U+0000, which PostgreSQL cannot store.

use serde_json::json;
use shared::{live::ServerFrame, paths, problem::Code};

use crate::{
    fixture::{Fixture, LiveSocket, Response},
    search::address,
};

/// Numbers above 2^53 - 1: the next one, the greatest of 64 bits, and one that has more bits.
const TOO_GREAT: [&str; 3] = ["9007199254740992", "9223372036854775807", "18446744073709551616"];

#[tokio::test]
async fn numbers_above_the_limit_are_refused() {
    let fixture = Fixture::start().await;
    let (member, room) = (&fixture.member, fixture.room);
    let messages = fixture.path(paths::MESSAGES);
    for number in TOO_GREAT {
        for (path, field) in [
            (format!("{}?after_rev={number}", fixture.path(paths::CHANGES)), "after_rev"),
            (format!("{messages}?anchor=seq:{number}"), "anchor"),
            (format!("{messages}?anchor=id:{number}"), "anchor"),
            (format!("{messages}?before={number}"), "before"),
            (format!("{}?anchor=id:{number}", paths::SEARCH), "anchor"),
            (format!("{}?after={number}", paths::SEARCH), "after"),
            (format!("{}?after={number}", paths::ROOMS), "after"),
            (format!("{}?limit={number}", paths::ROOMS), "limit"),
            (format!("{}?after={number}", fixture.path(paths::MEMBERS)), "after"),
            (format!("{}?up_to={number}", fixture.path(paths::MAP_HITS)), "up_to"),
            (format!("{}?from_seq={number}", fixture.path(paths::EXPORT)), "from_seq"),
            (format!("{}?to_seq={number}", fixture.path(paths::EXPORT)), "to_seq"),
            (format!("{}?days={number}", fixture.path(paths::INSIGHTS)), "days"),
        ] {
            member.get(&path).await.expect_field_error(field, "");
        }
        for q in [format!("near:{number} in:Lobby"), format!("in:#{number}")] {
            let path = address(paths::SEARCH, &[("q", &q)]);
            member.get(&path).await.expect_problem(Code::InvalidSearch);
        }
        for path in [
            format!("/api/v1/rooms/{number}"),
            format!("/api/v1/rooms/{room}/messages/{number}"),
            format!("/api/v1/users/{number}"),
            format!("/messages/{number}/"),
        ] {
            assert_eq!(member.get(&path).await.status, 404, "{path}");
        }
        let classic = format!("/messages/{room}/?before={number}");
        assert_eq!(member.get(&classic).await.status, 400, "{classic}");
        for (method, path, field) in
            [("POST", &messages, "reply_to"), ("PUT", &fixture.path(paths::READ), "seq")]
        {
            let body = format!(r#"{{"content": "a", "{field}": {number}}}"#);
            let request = member.request(method, path).header("content-type", "application/json");
            let response = Response::fetch(request.body(body)).await;
            response.expect_field_error(field, "");
        }
    }
    // The greatest number is valid.
    let changes = format!("{}?after_rev=9007199254740991", fixture.path(paths::CHANGES));
    member.get(&changes).await.expect_status(200);
    let page = format!("{messages}?anchor=seq:9007199254740991");
    member.get(&page).await.expect_status(200);
    let search = format!("{}?anchor=id:9007199254740991&before=1&after=1", paths::SEARCH);
    member.get(&search).await.expect_status(200);
}

#[tokio::test]
async fn a_frame_with_a_number_above_the_limit_is_refused() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::open(&fixture.member).await;
    for number in TOO_GREAT {
        let frame =
            format!(r#"{{"type": "subscribe", "room": {}, "after_rev": {number}}}"#, fixture.room);
        live.socket.send_text(&frame).await;
        let code = live.expect(|frame| match frame {
            ServerFrame::Error { problem, .. } => Some(problem.code),
            _ => None,
        });
        assert!(matches!(code.await, Code::BadRequest | Code::InvalidFields), "{number}");
    }
}

#[tokio::test]
async fn a_nul_character_is_refused_in_each_text() {
    let fixture = Fixture::start().await;
    let (admin, member) = (&fixture.admin, &fixture.member);
    for (path, field) in [
        (format!("{}?q=a%00b", paths::ROOMS), "q"),
        (format!("{}?q=a%00b", paths::PEOPLE), "q"),
        (format!("{}?q=a%00b", paths::SEARCH), "q"),
        (format!("{}?q=from:a%00b", paths::SEARCH), "q"),
        (format!("{}?q=~a%00b", paths::SUMMARY), "q"),
        (format!("{}?q=mentions:a%00b", fixture.path(paths::MESSAGES)), "q"),
        (format!("{}?q=a%00b", fixture.path(paths::MAP_HITS)), "q"),
        (format!("{}?q=from:%22a%00%22", paths::EXPORT_SEARCH), "q"),
    ] {
        member.get(&path).await.expect_field_error(field, "U+0000");
    }
    let nul = "a\0b";
    for (response, field) in [
        (admin.post(paths::ROOMS, json!({"name": nul})).await, "name"),
        (admin.post(paths::ROOMS, json!({"name": "a", "topic": nul})).await, "topic"),
        (admin.patch(&fixture.path(paths::ROOM), json!({"name": nul})).await, "name"),
        (admin.patch(&fixture.path(paths::ROOM), json!({"topic": nul})).await, "topic"),
    ] {
        response.expect_field_error(field, "U+0000");
    }
    let new = json!({"username": nul, "password": "long enough"});
    fixture.anon.post(paths::USERS, new).await.expect_field_error("username", "U+0000");
    for (path, body) in [
        ("/rooms/".to_owned(), json!({"name": nul, "topic": ""})),
        (format!("/rooms/{}/", fixture.room), json!({"name": "a", "topic": nul})),
    ] {
        let method = if path == "/rooms/" { "POST" } else { "PUT" };
        assert_eq!(admin.call(method, &path, body).await.status, 400, "{path}");
    }
}
