//! Exports of rooms and searches.

pub use escaping::post_all_texts;
use serde_json::Value;
use shared::{ids::RoomId, messages::Message, paths};

use crate::{
    fixture::{Client, Response},
    search::address,
};

mod escaping;
mod hits;
mod own_data;
mod ranges;
mod slow;

const FORMATS: [&str; 4] = ["jsonl", "csv", "markdown", "html"];

/// Exports a room.
async fn export(client: &Client, room: RoomId, parameters: &[(&str, &str)]) -> Response {
    let response = client.get(&address(&paths::fill(paths::EXPORT, &[&room]), parameters)).await;
    assert_eq!(response.status, 200, "{}", response.text);
    response
}

/// The objects of a JSON Lines file.
fn lines(text: &str) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The messages of a JSON Lines file.
fn messages(text: &str) -> Vec<Message> {
    lines(text).into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}
