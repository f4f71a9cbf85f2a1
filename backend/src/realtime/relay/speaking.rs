//! The way out: what waits for a topic leaves as one message.

use std::sync::Arc;

use fred::{
    clients::Client,
    prelude::{ClientLike, FredResult, PubsubInterface},
    types::Value,
};
use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::{Shared, Topic, channel};

/// Hints that are taken at a time.
const BATCH: usize = 256;

pub(super) async fn run(
    client: Client,
    shared: Arc<Shared>,
    mut to_say: mpsc::Receiver<(Topic, String)>,
) {
    let connection = client.connect();
    let mut waiting = Vec::with_capacity(BATCH);
    while to_say.recv_many(&mut waiting, BATCH).await > 0 {
        // What was said while nobody could hear is found in the database, and soon stale.
        if !client.is_connected() {
            waiting.clear();
            continue;
        }
        let mut messages: Vec<(Topic, String)> = Vec::new();
        for (topic, hint) in waiting.drain(..) {
            match messages.iter_mut().find(|(known, _)| *known == topic) {
                Some((_, text)) => {
                    text.push('\n');
                    text.push_str(&hint);
                }
                None => messages.push((topic, hint)),
            }
        }
        let said =
            messages.into_iter().map(|(topic, text)| say(&client, &shared, channel(topic), text));
        for failed in join_all(said).await.into_iter().filter_map(Result::err) {
            tracing::debug!(error = %failed, "a hint was lost");
        }
    }
    connection.abort();
}

/// Says it on a channel.
pub(super) async fn say(
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
