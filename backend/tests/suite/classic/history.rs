//! `GET /messages/{room_id}/`: all that was said, streamed.

use futures_util::StreamExt;
use serde_json::{Value, json};
use shared::{ids::ClientId, paths};
use uuid::Uuid;

use super::both;
use crate::actors::{Cast, LiveSocket};

const LONG: usize = 1_200;

fn contents(history: &Value) -> Vec<&str> {
    let messages = history["messages"].as_array().unwrap().iter();
    messages.map(|message| message["content"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_history_is_the_rooms_name_and_its_messages() {
    let cast = Cast::assemble().await;
    for path in both(&format!("/messages/{}/", cast.room)) {
        let history = cast.member.get(&path).await.is(200);
        assert_eq!(history.as_object().unwrap().len(), 2);
        assert_eq!(history["name"], json!("Lobby"));
        let first = &history["messages"][0];
        let mut names: Vec<_> = first.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["content", "created_at", "id", "room", "user"]);
        let found = (&first["content"], &first["user"], &first["room"]);
        assert_eq!(found, (&json!("first"), &json!("member"), &json!(cast.room)));
        let other = &history["messages"][1];
        assert_eq!((&other["content"], &other["user"]), (&json!("second"), &json!("admin")));
        for (client, status) in [(&cast.anon, 401), (&*cast.outsider, 403)] {
            let body = client.get(&path).await.is(status);
            assert!(body["detail"].is_string(), "{body}");
        }
    }
    cast.member.get("/messages/77/").await.is(404);
    cast.admin.patch(&cast.at(paths::ROOM), json!({"name": "\"Quoted\" \\ name"})).await.is(200);
    let history = cast.member.get(&format!("/messages/{}/", cast.room)).await.is(200);
    assert_eq!(history["name"], json!("\"Quoted\" \\ name"));
}

#[tokio::test]
async fn an_empty_history_is_an_empty_list() {
    let cast = Cast::assemble().await;
    let room = cast.admin.post("/rooms/", json!({"name": "Attic"})).await.is(201);
    let history = cast.admin.get(&format!("/messages/{}/", room["id"])).await.is(200);
    assert_eq!(history, json!({"name": "Attic", "messages": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_comes_whole_and_in_parts() {
    let cast = Cast::assemble().await;
    let (talk, more) = tokio::join!(talk(&cast, 0), talk(&cast, 1));
    assert_eq!(talk + more, LONG);
    let path = format!("/messages/{}/", cast.room);
    let history = cast.member.get(&path).await.is(200);
    let all = contents(&history);
    assert_eq!((all.len(), all[0], all[1]), (LONG + 2, "first", "second"));
    let mut once = all.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), all.len(), "nothing twice");
    let ids: Vec<i64> =
        history["messages"].as_array().unwrap().iter().map(|m| m["id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted(), "oldest first");
    let newest = cast.member.get(&format!("{path}?limit=100")).await.is(200);
    assert_eq!(contents(&newest), all[LONG - 98..]);
    let before = format!("{path}?limit=700&before={}", newest["messages"][0]["id"]);
    let before = cast.member.get(&before).await.is(200);
    assert_eq!(contents(&before), all[LONG - 798..LONG - 98]);
    let before = cast.member.get(&format!("{path}?before={}", ids[3])).await.is(200);
    assert_eq!(contents(&before), all[..3]);
    let more_than_there_is = cast.member.get(&format!("{path}?limit=100000")).await.is(200);
    assert_eq!(contents(&more_than_there_is), all);
    assert_eq!(cast.member.get(&format!("{path}?limit=x")).await.status, 400);
    assert!(parts(&cast, &path).await > 1, "it came in one piece");
}

/// Says half of it through a socket of one's own.
async fn talk(cast: &Cast, nth: usize) -> usize {
    let person = [&cast.member, &cast.admin][nth];
    let mut live = LiveSocket::open(person).await;
    let mut last = ClientId(Uuid::now_v7());
    for number in 0..LONG / 2 {
        last = ClientId(Uuid::now_v7());
        live.say(cast.room, last, &format!("word {number} of {nth}, {}", "x".repeat(100))).await;
    }
    live.ack(last).await;
    LONG / 2
}

/// In how many chunks an answer comes; its length must not be known beforehand.
async fn parts(cast: &Cast, path: &str) -> usize {
    let response = cast.member.request("GET", path).send().await.unwrap();
    assert!(response.content_length().is_none(), "a stream has no length");
    response.bytes_stream().count().await
}
