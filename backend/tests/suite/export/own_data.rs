//! Everything of an account as one file.

use serde_json::{Value, json};
use shared::{paths, rooms::Room};

use super::slow::{begin, create_long_room};
use crate::{
    fixture::{Fixture, PASSWORD},
    search,
};

#[tokio::test]
async fn the_own_data_are_a_file() {
    let fixture = Fixture::start().await;
    let member = &fixture.member;
    let attic = search::room(&fixture, "Attic").await;
    member.post_message(attic, "from the attic").await;
    let den: Room = {
        let new = json!({"name": "Den", "kind": "private"});
        fixture.admin.post(paths::ROOMS, new).await.expect_json(201)
    };
    let path = paths::fill(paths::MEMBER, &[&den.id, &member.user.id]);
    fixture.admin.put(&path, Value::Null).await.expect_status(200);
    member.post_message(den.id, "from the den").await;
    fixture.admin.post_message(den.id, "a secret of others").await;
    let gone = member.post_message(attic, "withdrawn").await;
    let gone = paths::fill(paths::MESSAGE, &[&attic, &gone.seq]);
    member.delete(&gone).await.expect_status(204);
    fixture.admin.delete(&path).await.expect_status(204);
    let renamed = json!({"name": "Secret plan"});
    fixture.admin.patch(&paths::fill(paths::ROOM, &[&den.id]), renamed).await.expect_status(200);

    let response = member.get(paths::ME_EXPORT).await;
    assert!(response.header("content-disposition").contains("Hallway member.jsonl"));
    let lines: Vec<Value> =
        response.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["profile"]["username"], "member");
    assert!(lines.iter().any(|line| line["session"]["is_current"] == true));
    let messages: Vec<_> = lines.iter().filter_map(|line| line.get("message")).collect();
    let words: Vec<_> = messages.iter().map(|line| line["content"].as_str().unwrap()).collect();
    assert_eq!(words, ["first", "from the attic", "from the den"]);
    assert_eq!(messages[1]["room_name"], "Attic");
    // The member has left the private room, and does not learn its new name.
    assert_eq!(messages[2].get("room_name"), None);
    assert!(!response.text.contains("Secret plan") && !response.text.contains("of others"));
    let memberships = lines.iter().filter_map(|line| line.get("membership"));
    assert_eq!(memberships.filter(|line| line["left"] == true).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_ends_with_the_account() {
    let fixture = Fixture::start().await;
    create_long_room(&fixture, 8_000).await;
    let whole = begin(&fixture.member, paths::ME_EXPORT).await.finish().await.unwrap();
    assert_eq!(whole.matches("{\"message\":").count(), 1_201);
    let slow = begin(&fixture.member, paths::ME_EXPORT).await;
    let request = json!({"password": PASSWORD, "messages": "keep"});
    fixture.member.call("DELETE", paths::ME, request).await.expect_status(204);
    assert_eq!(slow.finish().await, None);
}
