//! Taking it with you: rooms and searches as files.

pub use nasty::said;
use serde_json::Value;
use shared::{ids::RoomId, messages::Message, paths};

use crate::{
    actors::{Answer, Client},
    search::address,
};

mod long;
mod nasty;
mod ranges;
mod searches;

const FORMATS: [&str; 4] = ["jsonl", "csv", "markdown", "html"];

/// A room as a file.
async fn export(client: &Client, room: RoomId, parameters: &[(&str, &str)]) -> Answer {
    let answer = client.get(&address(&paths::fill(paths::EXPORT, &[&room]), parameters)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

/// The messages of a JSON Lines file, each as it stands there.
fn lines(text: &str) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The same as messages.
fn messages(text: &str) -> Vec<Message> {
    lines(text).into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}
