//! An actor: takes batches from the queues of the accounts, commits each, and hands it to the publisher.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shared::problem::Code;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    Batch, ChangedAccounts,
    batch::RowCache,
    fair_queue::{BATCH_MAX, FairQueue},
    indexer::IndexBacklog,
    publisher::Publisher,
    queue::{self, Enqueued, QueuedWrite},
};
use crate::{
    Error, Result,
    background::{catch_panic, spawn_thread},
    failpoints::{Failpoint, is_active},
    realtime::hub::{Hub, NodeEvent},
    tables::{Database, with_timeout},
};

/// The maximum number of writes in the queues of all accounts; further ones wait in the channel, in
/// the order of arrival.
const QUEUED_MAX: usize = 4_096;
/// The minimum time between the begins of two batches, unless the second one is full. A commit costs as much as some
/// ten messages, so it waits for those that come meanwhile. The first message after a pause does not wait.
const INTERVAL: Duration = Duration::from_millis(2);
/// How often a batch is tried that fails with a serialization failure or a deadlock.
const ATTEMPTS_MAX: usize = 3;
/// A batch that takes longer than this waits for a lock or for the disk, and all other writes to its
/// rooms wait behind it.
const BATCH_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a batch counts that failed because the database was not available or the disk full.
/// Without further writes, only the write probe of the database tells whether they would succeed.
const OUTAGE_MEMORY: Duration = Duration::from_secs(5);

pub(super) struct Actor {
    db: Database,
    publisher: Publisher,
    changed_accounts: Arc<ChangedAccounts>,
    backlog: Arc<IndexBacklog>,
    health: Arc<ActorHealth>,
    cache: RowCache,
}

impl Actor {
    pub(super) fn new(
        db: Database,
        hub: Hub,
        changed_accounts: Arc<ChangedAccounts>,
        backlog: Arc<IndexBacklog>,
        health: Arc<ActorHealth>,
    ) -> Self {
        let publisher = Publisher::start(hub);
        Self { db, publisher, changed_accounts, backlog, health, cache: RowCache::default() }
    }

    /// Starts the actor: with SQLite on a thread of its own, which alone uses the connection that writes as
    /// long as a batch takes.
    pub(super) fn spawn(self, channel: mpsc::Receiver<Enqueued>) {
        if self.db.is_shared() {
            tokio::spawn(self.run(channel));
            return;
        }
        spawn_thread("ledger", self.run(channel));
    }

    async fn run(mut self, mut channel: mpsc::Receiver<Enqueued>) {
        let mut queue = FairQueue::default();
        let mut next_begin = Instant::now();
        while fill(&mut queue, &mut channel).await {
            if queue.len() < BATCH_MAX {
                self.wait_until(next_begin).await;
                fill(&mut queue, &mut channel).await;
            }
            next_begin = Instant::now() + INTERVAL;
            let writes = queue.take_batch().into_iter().map(|enqueued| enqueued.write);
            let writes: Vec<_> = writes.collect();
            metrics::histogram!("hallway_ledger_batch").record(writes.len() as f64);
            if writes.iter().any(is_post) {
                self.backlog.wait_for_space().await;
            }
            self.health.begin_batch();
            self.write_batch(writes).await;
            self.health.end_batch();
        }
    }

    /// With SQLite, the thread itself sleeps, because the runtime may be too busy to wake it in time.
    async fn wait_until(&self, moment: Instant) {
        if self.db.is_shared() {
            sleep_until(moment).await;
        } else {
            std::thread::sleep(moment.saturating_duration_since(Instant::now()));
        }
    }

    /// Commits a batch. If that fails, commits each write in a transaction of its own, so that one
    /// bad write does not fail the others.
    async fn write_batch(&mut self, mut writes: Vec<QueuedWrite>) {
        match self.commit_with_retry(&mut writes).await {
            Some(Ok(events)) => self.publisher.publish(events, writes).await,
            // If the database is down or full, single commits would fail in the same way, and every
            // caller would wait for all of them.
            Some(Err(error)) if writes.len() == 1 || is_outage(&error) => {
                reply_with_error(&mut writes, &error);
            }
            None if writes.len() == 1 => reply_with_error(&mut writes, &Code::Unavailable.into()),
            Some(Err(_)) | None => {
                for write in writes {
                    Box::pin(self.write_batch(vec![write])).await;
                }
            }
        }
    }

    /// Commits the writes; retries after 5 and 10 ms if the database aborts the transaction in
    /// favour of another node's. Returns `None` if a write panicked: dropping the transaction rolls
    /// it back.
    async fn commit_with_retry(
        &mut self,
        writes: &mut [QueuedWrite],
    ) -> Option<Result<Vec<NodeEvent>>> {
        let mut attempts = 1;
        loop {
            let commit = with_timeout(self.db.backend(), self.commit(writes));
            match catch_panic("ledger", commit).await? {
                Err(error) if error.is_serialization_failure && attempts < ATTEMPTS_MAX => {
                    attempts += 1
                }
                result => {
                    let failed =
                        |error: &Error| is_outage(error) && !error.is_serialization_failure;
                    self.health.record(result.as_ref().is_err_and(failed));
                    return Some(result);
                }
            }
            tokio::time::sleep(Duration::from_millis(5 * attempts as u64)).await;
        }
    }

    async fn commit(&mut self, writes: &mut [QueuedWrite]) -> Result<Vec<NodeEvent>> {
        let txn = self.db.begin_here().await?;
        // Leaves an empty cache behind, because the rows in this one are wrong if the commit fails.
        let mut cache = std::mem::take(&mut self.cache);
        cache.forget_accounts(&self.changed_accounts.take());
        let mut batch = Batch::new(&txn, cache);
        if let Err(error) = queue::execute_all(&mut batch, writes).await {
            // If the rollback fails too, the pool drops the connection.
            let _ = txn.rollback().await;
            return Err(error);
        }
        let posted = std::mem::take(&mut batch.posted);
        let (events, cache) = batch.flush().await?;
        if is_active(Failpoint::AckBeforeCommit) {
            writes.iter_mut().for_each(|write| write.send_reply(None));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        txn.commit().await?;
        self.backlog.add(&posted);
        if !self.db.is_shared() {
            self.cache = cache;
        }
        Ok(events)
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

fn is_post(write: &QueuedWrite) -> bool {
    matches!(write, QueuedWrite::Post(..))
}

fn is_outage(error: &Error) -> bool {
    matches!(error.code(), Code::Unavailable | Code::StorageFull)
}

fn reply_with_error(writes: &mut [QueuedWrite], error: &Error) {
    writes.iter_mut().for_each(|write| write.send_reply(Some(error)));
}

/// The state of an actor, shared with the handles to the ledger.
#[derive(Default)]
pub(super) struct ActorHealth(Mutex<State>);

#[derive(Default)]
struct State {
    batch_started: Option<Instant>,
    last_outage: Option<Instant>,
}

impl ActorHealth {
    pub(super) fn begin_batch(&self) {
        self.state().batch_started = Some(Instant::now());
    }

    pub(super) fn end_batch(&self) {
        self.state().batch_started = None;
    }

    /// Records the result of a transaction.
    pub(super) fn record(&self, is_outage: bool) {
        self.state().last_outage = is_outage.then(Instant::now);
    }

    pub(super) fn is_writing(&self) -> bool {
        let state = self.state();
        let is_younger = |moment: Option<Instant>, age| moment.is_some_and(|it| it.elapsed() < age);
        !is_younger(state.last_outage, OUTAGE_MEMORY)
            && (state.batch_started.is_none() || is_younger(state.batch_started, BATCH_TIMEOUT))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_actor_that_waits_or_failed_is_not_writing() {
        let health = ActorHealth::default();
        assert!(health.is_writing());
        health.begin_batch();
        assert!(health.is_writing());
        advance(BATCH_TIMEOUT).await;
        assert!(!health.is_writing());
        health.record(true);
        health.end_batch();
        assert!(!health.is_writing());
        advance(OUTAGE_MEMORY).await;
        assert!(health.is_writing());
        health.record(true);
        health.record(false);
        assert!(health.is_writing());
    }
}
