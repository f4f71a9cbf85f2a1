//! Search by REST: queries, paging, hit map, summary, and the visibility of hits.

use serde_json::{Value, json};
use shared::{
    ids::RoomId,
    paths,
    rooms::Room,
    search::{Hits, Summary},
};

use crate::fixture::{Client, Fixture};

mod deletion;
mod errors;
mod filters;
mod golden;
mod hit_map;
mod paging;
mod prefixes;
mod unindexed;
mod visibility;

/// Appends query parameters to a path.
pub fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let pairs = parameters.iter().map(|(name, value)| (*name, *value));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{path}?{query}")
}

/// Runs a search.
pub async fn search(client: &Client, parameters: &[(&str, &str)]) -> Hits {
    client.get(&address(paths::SEARCH, parameters)).await.expect_json(200)
}

/// The texts of the hits, in order.
pub async fn texts(client: &Client, q: &str) -> Vec<String> {
    let hits = search(client, &[("q", q), ("before", "200")]).await;
    hits.hits.into_iter().map(|hit| hit.message.content).collect()
}

/// Gets the counts of a search.
async fn summary(client: &Client, q: &str) -> Summary {
    client.get(&address(paths::SUMMARY, &[("q", q)])).await.expect_json(200)
}

/// Creates a room with admin and member.
pub async fn room(fixture: &Fixture, name: &str) -> RoomId {
    let room: Room = fixture.admin.post(paths::ROOMS, json!({"name": name})).await.expect_json(201);
    let membership = paths::fill(paths::MEMBERSHIP, &[&room.id]);
    fixture.member.put(&membership, Value::Null).await.expect_status(200);
    room.id
}
