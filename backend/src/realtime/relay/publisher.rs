//! Publishes to Redis. The queued messages of a topic are sent as one, joined by line feeds.

use std::sync::Arc;

use fred::{
    clients::Client,
    prelude::{ClientLike, FredResult, PubsubInterface},
    types::Value,
};
use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::{Shared, Topic, channel_name};
use crate::background::catch_panic;

/// The maximum number of messages taken from the queue at a time.
const BATCH_MAX: usize = 256;

pub(super) async fn run(
    client: Client,
    shared: Arc<Shared>,
    mut outgoing: mpsc::Receiver<(Topic, String)>,
) {
    let connection = client.connect();
    let mut queued = Vec::with_capacity(BATCH_MAX);
    while outgoing.recv_many(&mut queued, BATCH_MAX).await > 0 {
        // After the reconnect these messages would be stale; the other nodes find the changes in
        // the database.
        if !client.is_connected() {
            queued.clear();
            continue;
        }
        catch_panic("publisher", publish_batch(&client, &shared, &mut queued)).await;
        queued.clear();
    }
    connection.abort();
}

/// Sends the queued messages of each topic as one.
async fn publish_batch(client: &Client, shared: &Shared, queued: &mut Vec<(Topic, String)>) {
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
    let requests = by_topic
        .into_iter()
        .map(|(topic, text)| publish(client, shared, channel_name(topic), text));
    for error in join_all(requests).await.into_iter().filter_map(Result::err) {
        tracing::debug!(%error, "redis: cannot publish");
    }
}

/// Publishes a string on a channel, which is a sharded one if the server supports that.
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
