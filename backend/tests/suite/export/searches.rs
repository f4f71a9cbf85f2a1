//! What a search finds is what its file has.

use serde_json::json;
use shared::{messages::Message, paths, problem::Code};

use super::{FORMATS, messages};
use crate::{
    actors::{Cast, Client},
    search::{address, room, say, search},
};

async fn found(client: &Client, q: &str) -> Vec<Message> {
    let answer = client.get(&address(paths::EXPORT_SEARCH, &[("q", q)])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    messages(&answer.text)
}

/// Twelve messages by turns in two rooms, of which eight are about a disk; one is deleted.
async fn disks() -> Cast {
    let cast = Cast::assemble().await;
    let rooms = [room(&cast, "Attic").await, cast.room];
    for nth in 1..=12 {
        let text = if nth % 3 == 0 { format!("tape {nth}") } else { format!("disk {nth}") };
        say(&cast.admin, rooms[nth % 2], &text).await;
    }
    cast.admin.delete(&paths::fill(paths::MESSAGE, &[&rooms[0], &2])).await.is(204);
    cast
}

#[tokio::test]
async fn the_file_is_the_search_oldest_first() {
    let cast = disks().await;
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
        let mut hits: Vec<_> = search(&cast.member, &[("q", q), ("before", "200")])
            .await
            .hits
            .into_iter()
            .map(|hit| hit.message)
            .collect();
        hits.reverse();
        assert_eq!(found(&cast.member, q).await, hits, "{q}");
    }
    let [all, best] = ["disk", "disk sort:relevance near:3 in:lobby in:attic"];
    assert_eq!(found(&cast.member, all).await.len(), 7);
    let best = cast.member.get(&address(paths::EXPORT_SEARCH, &[("q", best)])).await;
    assert!(best.refused(Code::InvalidSearch).detail.contains("one room"));
    assert_eq!(found(&cast.member, "disk sort:relevance").await.len(), 7);
    let deleted = found(&cast.admin, "is:deleted").await;
    assert_eq!((deleted.len(), &*deleted[0].content), (1, ""));
}

#[tokio::test]
async fn nobody_takes_what_they_may_not_read() {
    let cast = disks().await;
    assert_eq!(found(&cast.outsider, "").await, []);
    let attic = found(&cast.member, "in:Attic").await[0].room;
    cast.member.delete(&paths::fill(paths::MEMBERSHIP, &[&attic])).await.is(204);
    assert!(found(&cast.member, "").await.iter().all(|message| message.room == cast.room));
    for (q, code) in [
        ("in:Attic", Code::InvalidSearch),
        ("disk form:ada", Code::InvalidSearch),
        ("is:deleted", Code::AdminOnly),
    ] {
        cast.member.get(&address(paths::EXPORT_SEARCH, &[("q", q)])).await.refused(code);
    }
}

#[tokio::test]
async fn each_message_says_where_it_was_said() {
    let cast = disks().await;
    let path = paths::fill(paths::MESSAGES, &[&cast.room]);
    cast.member.post(&path, json!({"content": "disk?", "reply_to": 1})).await.is(201);
    for format in FORMATS {
        let asked = [("q", "disk"), ("format", format)];
        let text = cast.member.get(&address(paths::EXPORT_SEARCH, &asked)).await.text;
        let (lobby, attic, answer) = match format {
            "csv" => ("\"Lobby\",\"3\",", "\"Attic\",\"1\",", "\"disk?\",\"1\","),
            "markdown" => (" in Lobby, no. 3", " in Attic, no. 1", ", in answer to no. 1"),
            "html" => ("<article id=\"m1-3\">", "<article id=\"m2-1\">", "answer to 1</i>"),
            _ => ("\"room\":1,\"seq\":3,", "\"room\":2,\"seq\":1,", "\"reply_to\":1"),
        };
        for part in [lobby, attic, answer] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
