//! Finding what was said.

use serde_json::{Value, json};
use shared::{
    ids::RoomId,
    messages::Message,
    paths,
    rooms::Room,
    search::{Hits, Summary},
};

use crate::actors::{Cast, Client, Person};

mod continued;
mod filters;
mod golden;
mod map;
mod mistakes;
mod paging;
mod readers;
mod traces;

/// An address with these parameters.
pub fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let pairs = parameters.iter().map(|(name, value)| (*name, *value));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{path}?{query}")
}

/// What a search finds.
pub async fn search(client: &Client, parameters: &[(&str, &str)]) -> Hits {
    client.get(&address(paths::SEARCH, parameters)).await.read(200)
}

/// The texts that a search finds, in its order.
pub async fn texts(client: &Client, q: &str) -> Vec<String> {
    let hits = search(client, &[("q", q), ("before", "200")]).await;
    hits.hits.into_iter().map(|hit| hit.message.content).collect()
}

async fn summary(client: &Client, q: &str) -> Summary {
    client.get(&address(paths::SUMMARY, &[("q", q)])).await.read(200)
}

/// Says something.
pub async fn say(person: &Person, room: RoomId, content: &str) -> Message {
    let path = paths::fill(paths::MESSAGES, &[&room]);
    person.post(&path, json!({"content": content})).await.read(201)
}

/// A room of the admin's, in which the member is too.
pub async fn room(cast: &Cast, name: &str) -> RoomId {
    let room: Room = cast.admin.post(paths::ROOMS, json!({"name": name})).await.read(201);
    let membership = paths::fill(paths::MEMBERSHIP, &[&room.id]);
    cast.member.put(&membership, Value::Null).await.is(200);
    room.id
}
