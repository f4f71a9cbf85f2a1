//! Publishes to Redis: the waiting messages of a topic leave as one.

use std::sync::Arc;

use fred::{
    clients::Client,
    prelude::{ClientLike, FredResult, PubsubInterface},
    types::Value,
};
use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::{Shared, Topic, channel};

/// Messages taken from the queue at a time.
const BATCH: usize = 256;

pub(super) async fn run(
    client: Client,
    shared: Arc<Shared>,
    mut outgoing: mpsc::Receiver<(Topic, String)>,
) {
    let connection = client.connect();
    let mut queued = Vec::with_capacity(BATCH);
    while outgoing.recv_many(&mut queued, BATCH).await > 0 {
        // Messages from before a reconnect would be stale; the other nodes read the database.
        if !client.is_connected() {
            queued.clear();
            continue;
        }
        let mut by_topic: Vec<(Topic, String)> = Vec::new();
        for (topic, message) in queued.drain(..) {
            match by_topic.iter_mut().find(|(other, _)| *other == topic) {
                Some((_, text)) => {
                    text.push('\n');
                    text.push_str(&message);
                }
                None => by_topic.push((topic, message)),
            }
        }
        let published = by_topic
            .into_iter()
            .map(|(topic, text)| publish(&client, &shared, channel(topic), text));
        for error in join_all(published).await.into_iter().filter_map(Result::err) {
            tracing::debug!(%error, "redis: cannot publish");
        }
    }
    connection.abort();
}

/// Publishes a text on a channel.
pub(super) async fn publish(
    client: &Client,
    shared: &Shared,
    channel: String,
    text: String,
) -> FredResult<Value> {
    match shared.is_sharded() {
        true => client.spublish(channel, text).await,
        false => client.publish(channel, text).await,
    }
}
