//! A client that cached pages of a database from before a restored backup.

use serde_json::json;
use shared::{messages::MessagePage, paths};

use crate::{
    fixture::{Client, Process, Response, template},
    search::address,
};

async fn get_if_none_match(client: &Client, path: &str, etag: &str) -> Response {
    Response::fetch(client.request("GET", path).header("if-none-match", etag)).await
}

/// The same backup is started twice, and the room gets other content under the same numbers.
#[tokio::test]
async fn etags_of_a_restored_backup_differ() {
    let template = template();
    let (lost, restored) = (template.copy().await, template.copy().await);
    let (lost, restored) = tokio::join!(Process::start(&lost), Process::start(&restored));
    let person = |server: &Process| template.seed.person(server.address, 1);
    let (before, after) = (person(&lost), person(&restored));
    let room = template.seed.room;
    let at = |path| paths::fill(path, &[&room]);
    before.post_message(room, "it was lost").await;
    after.post_message(room, "it came later").await;
    let searches = [
        address(paths::SEARCH, &[("q", "it")]),
        address(paths::SUMMARY, &[("q", "it")]),
        address(&at(paths::MESSAGES), &[("q", "it")]),
    ];
    let pages = [at(paths::MESSAGES), at(paths::MAP), at(paths::CALENDAR), at(paths::INSIGHTS)];
    for path in pages.iter().chain(&searches) {
        let etag = before.get(path).await.header("etag").to_owned();
        assert!(!etag.is_empty(), "{path}");
        assert_eq!(get_if_none_match(&before, path, &etag).await.status, 304, "{path}");
        assert_eq!(get_if_none_match(&after, path, &etag).await.status, 200, "{path}");
    }
    let page: MessagePage = after.get(&at(paths::MESSAGES)).await.expect_json(200);
    assert_eq!(json!(page.messages[2].content), json!("it came later"));
}
