//! Exports of searches.

use serde_json::json;
use shared::{messages::Message, paths, problem::Code};

use super::{FORMATS, messages};
use crate::{
    fixture::{Client, Fixture},
    search::{address, room, search},
};

async fn export_hits(client: &Client, q: &str) -> Vec<Message> {
    let response = client.get(&address(paths::EXPORT_SEARCH, &[("q", q)])).await;
    assert_eq!(response.status, 200, "{}", response.text);
    messages(&response.text)
}

/// Posts twelve messages alternately in two rooms. Eight contain "disk", and one of these is deleted.
async fn rooms_with_disks() -> Fixture {
    let fixture = Fixture::start().await;
    let rooms = [room(&fixture, "Attic").await, fixture.room];
    for nth in 1..=12 {
        let text = if nth % 3 == 0 { format!("tape {nth}") } else { format!("disk {nth}") };
        fixture.admin.post_message(rooms[nth % 2], &text).await;
    }
    fixture.admin.delete(&paths::fill(paths::MESSAGE, &[&rooms[0], &2])).await.expect_status(204);
    fixture
}

#[tokio::test]
async fn the_file_has_the_hits_oldest_first() {
    let fixture = rooms_with_disks().await;
    for q in [
        "",
        "disk",
        "~isk",
        "disk -~tape",
        "-tape",
        "in:Attic",
        "from:member",
        "from:admin in:lobby disk OR tape",
        "disk sort:new",
        "nothing like it",
    ] {
        let mut hits: Vec<_> = search(&fixture.member, &[("q", q), ("before", "200")])
            .await
            .hits
            .into_iter()
            .map(|hit| hit.message)
            .collect();
        hits.reverse();
        assert_eq!(export_hits(&fixture.member, q).await, hits, "{q}");
    }
    let [all, relevance] = ["disk", "disk sort:relevance near:3 in:lobby in:attic"];
    assert_eq!(export_hits(&fixture.member, all).await.len(), 7);
    let refused = fixture.member.get(&address(paths::EXPORT_SEARCH, &[("q", relevance)])).await;
    assert!(refused.expect_problem(Code::InvalidSearch).detail.contains("one room"));
    assert_eq!(export_hits(&fixture.member, "disk sort:relevance").await.len(), 7);
    let deleted = export_hits(&fixture.admin, "is:deleted").await;
    assert_eq!((deleted.len(), &*deleted[0].content), (1, ""));
}

#[tokio::test]
async fn an_export_of_hits_has_only_readable_messages() {
    let fixture = rooms_with_disks().await;
    assert_eq!(export_hits(&fixture.outsider, "").await, []);
    let attic = export_hits(&fixture.member, "in:Attic").await[0].room;
    fixture.member.delete(&paths::fill(paths::MEMBERSHIP, &[&attic])).await.expect_status(204);
    assert!(
        export_hits(&fixture.member, "").await.iter().all(|message| message.room == fixture.room)
    );
    for (q, code) in [
        ("in:Attic", Code::InvalidSearch),
        ("disk on:tuesday", Code::InvalidSearch),
        ("is:deleted", Code::AdminOnly),
    ] {
        fixture.member.get(&address(paths::EXPORT_SEARCH, &[("q", q)])).await.expect_problem(code);
    }
}

#[tokio::test]
async fn each_exported_hit_names_its_room() {
    let fixture = rooms_with_disks().await;
    let path = paths::fill(paths::MESSAGES, &[&fixture.room]);
    fixture.member.post(&path, json!({"content": "disk?", "reply_to": 1})).await.expect_status(201);
    for format in FORMATS {
        let parameters = [("q", "disk"), ("format", format)];
        let text = fixture.member.get(&address(paths::EXPORT_SEARCH, &parameters)).await.text;
        let (lobby, attic, reply) = match format {
            "csv" => ("\"Lobby\",\"3\",", "\"Attic\",\"1\",", "\"disk?\",\"1\","),
            "markdown" => (" in Lobby, no. 3", " in Attic, no. 1", ", in reply to no. 1"),
            "html" => ("<article id=\"m1-3\">", "<article id=\"m2-1\">", "reply to 1</i>"),
            _ => ("\"room\":1,\"seq\":3,", "\"room\":2,\"seq\":1,", "\"reply_to\":1"),
        };
        for part in [lobby, attic, reply] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
