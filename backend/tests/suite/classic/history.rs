//! `GET /messages/{room_id}/`: all messages of a room, streamed.

use futures_util::StreamExt;
use serde_json::{Value, json};
use shared::paths;

use super::both;
use crate::fixture::{Fixture, LiveSocket};

const MESSAGE_COUNT: usize = 1_200;

fn contents(history: &Value) -> Vec<&str> {
    let messages = history["messages"].as_array().unwrap().iter();
    messages.map(|message| message["content"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_history_has_the_room_name_and_all_messages() {
    let fixture = Fixture::start().await;
    for path in both(&format!("/messages/{}/", fixture.room)) {
        let history = fixture.member.get(&path).await.expect_status(200);
        assert_eq!(history.as_object().unwrap().len(), 2);
        assert_eq!(history["name"], json!("Lobby"));
        let first = &history["messages"][0];
        let mut names: Vec<_> = first.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["content", "created_at", "id", "room", "user"]);
        let found = (&first["content"], &first["user"], &first["room"]);
        assert_eq!(found, (&json!("first"), &json!("member"), &json!(fixture.room)));
        let other = &history["messages"][1];
        assert_eq!((&other["content"], &other["user"]), (&json!("second"), &json!("admin")));
        for (client, status) in [(&fixture.anon, 401), (&*fixture.outsider, 403)] {
            let body = client.get(&path).await.expect_status(status);
            assert!(body["detail"].is_string(), "{body}");
        }
    }
    fixture.member.get("/messages/77/").await.expect_status(404);
    fixture
        .admin
        .patch(&fixture.path(paths::ROOM), json!({"name": "\"Quoted\" \\ name"}))
        .await
        .expect_status(200);
    let history =
        fixture.member.get(&format!("/messages/{}/", fixture.room)).await.expect_status(200);
    assert_eq!(history["name"], json!("\"Quoted\" \\ name"));
}

#[tokio::test]
async fn an_empty_history_is_an_empty_list() {
    let fixture = Fixture::start().await;
    let room = fixture.admin.post("/rooms/", json!({"name": "Attic"})).await.expect_status(201);
    let history = fixture.admin.get(&format!("/messages/{}/", room["id"])).await.expect_status(200);
    assert_eq!(history, json!({"name": "Attic", "messages": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_is_complete_and_chunked() {
    let fixture = Fixture::start().await;
    let (by_member, by_admin) = tokio::join!(post_half(&fixture, 0), post_half(&fixture, 1));
    assert_eq!(by_member + by_admin, MESSAGE_COUNT);
    let path = format!("/messages/{}/", fixture.room);
    let history = fixture.member.get(&path).await.expect_status(200);
    let all = contents(&history);
    assert_eq!((all.len(), all[0], all[1]), (MESSAGE_COUNT + 2, "first", "second"));
    let mut distinct = all.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), all.len(), "a message appears twice");
    let ids: Vec<i64> =
        history["messages"].as_array().unwrap().iter().map(|m| m["id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted(), "the oldest message comes first");
    let newest = fixture.member.get(&format!("{path}?limit=100")).await.expect_status(200);
    assert_eq!(contents(&newest), all[MESSAGE_COUNT - 98..]);
    let before = format!("{path}?limit=700&before={}", newest["messages"][0]["id"]);
    let before = fixture.member.get(&before).await.expect_status(200);
    assert_eq!(contents(&before), all[MESSAGE_COUNT - 798..MESSAGE_COUNT - 98]);
    let before = fixture.member.get(&format!("{path}?before={}", ids[3])).await.expect_status(200);
    assert_eq!(contents(&before), all[..3]);
    let whole = fixture.member.get(&format!("{path}?limit=100000")).await.expect_status(200);
    assert_eq!(contents(&whole), all);
    assert_eq!(fixture.member.get(&format!("{path}?limit=x")).await.status, 400);
    assert!(chunk_count(&fixture, &path).await > 1, "the response is one chunk");
}

#[tokio::test]
async fn deleted_messages_and_unknown_ids_do_not_look_like_the_beginning() {
    let fixture = Fixture::start().await;
    for number in 3..=9 {
        fixture.member.post_message(fixture.room, &format!("word {number}")).await;
    }
    for seq in [3, 4, 5, 6, 8, 9] {
        fixture.admin.delete(&fixture.message_path(seq)).await.expect_status(204);
    }
    let path = format!("/messages/{}/", fixture.room);
    let newest = fixture.member.get(&format!("{path}?limit=2")).await.expect_status(200);
    assert_eq!(contents(&newest), ["second", "word 7"]);
    let before = format!("{path}?limit=1&before={}", newest["messages"][1]["id"]);
    let before = fixture.member.get(&before).await.expect_status(200);
    assert_eq!(contents(&before), ["second"]);
    let all = fixture.member.get(&format!("{path}?limit=100")).await.expect_status(200);
    assert_eq!(contents(&all), ["first", "second", "word 7"]);
    // A message of another room is unknown here.
    let attic = fixture.admin.post("/rooms/", json!({"name": "Attic"})).await.expect_status(201);
    let create = format!("/messages/create/{}/", attic["id"]);
    let other = fixture.admin.post(&create, json!({"content": "up"})).await.expect_status(201);
    for id in [other["id"].clone(), json!(99_999)] {
        let unknown = fixture.member.get(&format!("{path}?before={id}")).await.expect_status(400);
        let error = format!("Invalid pk \"{id}\" - object does not exist.");
        assert_eq!(unknown, json!({"before": [error]}));
    }
}

/// Posts half of the messages through a socket of the member (0) or the admin (1).
async fn post_half(fixture: &Fixture, nth: usize) -> usize {
    let person = [&fixture.member, &fixture.admin][nth];
    let mut live = LiveSocket::open(person).await;
    let text = |number| format!("word {number} of {nth}, {}", "x".repeat(100));
    live.post_all(fixture.room, (0..MESSAGE_COUNT / 2).map(text)).await;
    MESSAGE_COUNT / 2
}

/// The number of chunks of a response, which must have no `Content-Length`.
async fn chunk_count(fixture: &Fixture, path: &str) -> usize {
    let response = fixture.member.request("GET", path).send().await.unwrap();
    assert!(response.content_length().is_none(), "a streamed response has no length");
    response.bytes_stream().count().await
}
