//! The fields `users` and `created_by` of a room.

use serde_json::json;
use shared::{
    live::{CloseCode, ServerFrame},
    paths,
    problem::Code,
};

use crate::fixture::{Fixture, LiveSocket, Socket};

#[tokio::test]
async fn changed_members_reach_the_page() {
    let fixture = Fixture::start().await;
    let path = format!("/rooms/{}/", fixture.room);
    let mut new = LiveSocket::open(&fixture.outsider).await;
    let authorization = format!("Token {}", fixture.member.token);
    let headers = [("authorization", &*authorization)];
    let socket = format!("/ws/chat/{}/", fixture.room);
    let mut removed = Socket::open(fixture.server.address, &socket, &headers).await.ok().unwrap();
    let users = json!({"users": [fixture.admin.user.id, fixture.outsider.user.id]});
    let room = fixture.admin.patch(&path, users.clone()).await.expect_status(200);
    assert_eq!(room["users"], users["users"]);
    let joined = |frame: &ServerFrame| match frame {
        ServerFrame::Joined { room } => Some(room.id),
        _ => None,
    };
    assert_eq!(new.expect(joined).await, fixture.room);
    assert_eq!(removed.wait_close().await, Some(CloseCode::NotAMember as u16));
    fixture.member.get(&fixture.path(paths::MESSAGES)).await.expect_problem(Code::NotAMember);
    fixture.outsider.get(&fixture.path(paths::MESSAGES)).await.expect_status(200);
    let listing = fixture.admin.get(&fixture.path(paths::ROOM)).await.expect_status(200);
    assert_eq!(listing["member_count"], 2);
}

#[tokio::test]
async fn the_whole_room_can_be_sent_back() {
    let fixture = Fixture::start().await;
    let path = format!("/rooms/{}/", fixture.room);
    let room = fixture.admin.get(&path).await.expect_status(200);
    let rev = async || {
        let room = fixture.admin.get(&fixture.path(paths::ROOM)).await.expect_status(200);
        room["last_rev"].clone()
    };
    let before = rev().await;
    assert_eq!(fixture.admin.put(&path, room.clone()).await.expect_status(200), room);
    assert_eq!(rev().await, before, "nothing changed");
}

#[tokio::test]
async fn disabled_accounts_and_too_many_changes_are_refused() {
    let fixture = Fixture::start().await;
    let path = format!("/rooms/{}/", fixture.room);
    let before = fixture.admin.get(&path).await.expect_status(200);
    let outsider = fixture.outsider.user.id;
    let account = paths::fill(paths::USER, &[&outsider]);
    fixture.admin.patch(&account, json!({"is_disabled": true})).await.expect_status(200);
    let error = format!("Invalid pk \"{outsider}\" - object does not exist.");
    for (field, value) in [("users", json!([1, 2, outsider])), ("created_by", json!(outsider))] {
        let body = json!({"topic": "Changed", field: value});
        let body = fixture.admin.patch(&path, body).await.expect_status(400);
        assert_eq!(body, json!({field: [error]}));
    }
    let many: Vec<i64> = (1..=300).collect();
    let body = fixture.admin.patch(&path, json!({"users": many})).await.expect_status(400);
    assert!(body["users"][0].as_str().unwrap().contains("at most 250"), "{body}");
    let body = fixture.admin.post("/rooms/", json!({"name": "Attic", "users": many})).await;
    body.expect_status(400);
    assert_eq!(fixture.admin.get(&path).await.expect_status(200), before);
}

#[tokio::test]
async fn a_topic_set_by_the_page_is_shown() {
    let fixture = Fixture::start().await;
    let path = format!("/rooms/{}/", fixture.room);
    let room = fixture.admin.patch(&path, json!({"topic": null})).await.expect_status(200);
    assert_eq!(room["topic"], json!(null));
    let by_rest = fixture.admin.get(&fixture.path(paths::ROOM)).await.expect_status(200);
    assert_eq!(by_rest["topic"], "");
    for topic in ["News", ""] {
        let change = json!({"topic": topic});
        fixture.admin.patch(&fixture.path(paths::ROOM), change).await.expect_status(200);
        assert_eq!(fixture.admin.get(&path).await.expect_status(200)["topic"], topic);
    }
}
