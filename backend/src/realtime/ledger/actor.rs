//! An actor: takes batches from the queues of the accounts, commits each, then publishes and replies.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use shared::problem::Code;
use tokio::sync::mpsc;

use super::{
    Batch,
    batch::RowCache,
    fair_queue::FairQueue,
    queue::{self, Enqueued, QueuedWrite},
};
use crate::{
    Error, Result,
    failpoints::{Failpoint, is_active},
    realtime::hub::{Hub, NodeEvent},
    tables::{Database, with_timeout},
};

/// The maximum number of writes in the queues of all accounts; further ones wait in the channel, in
/// the order of arrival.
const QUEUED_MAX: usize = 4_096;
/// How often a batch is tried that fails with a serialization failure or a deadlock.
const ATTEMPTS_MAX: usize = 3;

pub(super) struct Actor {
    db: Database,
    hub: Hub,
    accounts_version: Arc<AtomicU64>,
    cache: RowCache,
}

impl Actor {
    pub(super) fn new(db: Database, hub: Hub, accounts_version: Arc<AtomicU64>) -> Self {
        Self { db, hub, accounts_version, cache: RowCache::default() }
    }

    pub(super) async fn run(mut self, mut channel: mpsc::Receiver<Enqueued>) {
        let mut queue = FairQueue::default();
        while fill(&mut queue, &mut channel).await {
            let writes = queue.take_batch().into_iter().map(|enqueued| enqueued.write);
            self.write_batch(writes.collect()).await;
        }
    }

    /// Commits a batch. If that fails, commits each write in a transaction of its own, so that one
    /// bad write does not fail the others.
    async fn write_batch(&mut self, mut writes: Vec<QueuedWrite>) {
        metrics::histogram!("hallway_ledger_batch").record(writes.len() as f64);
        match self.commit_with_retry(&mut writes).await {
            Ok(events) => self.publish_and_reply(&mut writes, events),
            // If the database is down or full, single commits would fail in the same way, and every
            // caller would wait for all of them.
            Err(error) if writes.len() == 1 || is_outage(&error) => {
                reply_with_error(&mut writes, &error)
            }
            Err(_) => {
                for write in &mut writes {
                    let write = std::slice::from_mut(write);
                    match self.commit_with_retry(write).await {
                        Ok(events) => self.publish_and_reply(write, events),
                        Err(error) => reply_with_error(write, &error),
                    }
                }
            }
        }
    }

    /// Commits the writes; retries after 5 and 10 ms if the database aborts the transaction in
    /// favour of another node's.
    async fn commit_with_retry(&mut self, writes: &mut [QueuedWrite]) -> Result<Vec<NodeEvent>> {
        let mut attempts = 1;
        loop {
            let backend = self.db.backend();
            match with_timeout(backend, self.commit(writes)).await {
                Err(error) if error.is_serialization_failure && attempts < ATTEMPTS_MAX => {
                    attempts += 1
                }
                done => return done,
            }
            tokio::time::sleep(Duration::from_millis(5 * attempts as u64)).await;
        }
    }

    async fn commit(&mut self, writes: &mut [QueuedWrite]) -> Result<Vec<NodeEvent>> {
        let txn = self.db.begin().await?;
        // Leaves an empty cache behind, because the rows in this one are wrong if the commit fails.
        let mut cache = std::mem::take(&mut self.cache);
        cache.clear_if_outdated(self.accounts_version.load(SeqCst));
        let mut batch = Batch::new(&txn, cache);
        if let Err(error) = queue::execute_all(&mut batch, writes).await {
            // If the rollback fails too, the pool drops the connection.
            let _ = txn.rollback().await;
            return Err(error);
        }
        let (events, cache) = batch.flush().await?;
        if is_active(Failpoint::AckBeforeCommit) {
            writes.iter_mut().for_each(|write| write.send_reply(None));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        txn.commit().await?;
        if !self.db.is_shared() {
            self.cache = cache;
        }
        Ok(events)
    }

    /// Publishes before it replies: when a session gets the reply to a post, the change is already
    /// in its inbox, and one frame serves as change and ack.
    fn publish_and_reply(&self, writes: &mut [QueuedWrite], events: Vec<NodeEvent>) {
        events.into_iter().for_each(|event| self.hub.publish(event));
        writes.iter_mut().for_each(|write| write.send_reply(None));
    }
}

/// Moves writes from the channel to the queues of their accounts, and waits for one if there is none.
/// Returns false when all senders are dropped and everything is executed.
async fn fill(queue: &mut FairQueue<Enqueued>, channel: &mut mpsc::Receiver<Enqueued>) -> bool {
    let mut next = if queue.is_empty() { channel.recv().await } else { channel.try_recv().ok() };
    while let Some(enqueued) = next {
        queue.push(enqueued.write.account(), enqueued.write.text_bytes(), enqueued);
        next = if queue.len() < QUEUED_MAX { channel.try_recv().ok() } else { None };
    }
    !queue.is_empty()
}

fn is_outage(error: &Error) -> bool {
    matches!(error.code(), Code::Unavailable | Code::StorageFull)
}

fn reply_with_error(writes: &mut [QueuedWrite], error: &Error) {
    writes.iter_mut().for_each(|write| write.send_reply(Some(error)));
}
