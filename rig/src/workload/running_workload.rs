//! Controls a workload while it runs: counts acks and connections, pauses readers, and stops.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::Result;
use shared::ids::RoomId;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{
    context::{Context, RunPhase},
    final_read::read_final_states,
};
use crate::{
    accounts::Account,
    history::{Event, FaultPhase, History, RIG},
};

/// A workload that was started. Dropping the value ends all clients.
pub struct RunningWorkload {
    pub(super) context: Arc<Context>,
    pub(super) phase: watch::Sender<RunPhase>,
    pub(super) paused_readers: watch::Sender<usize>,
    pub(super) writers: JoinSet<()>,
    pub(super) readers: JoinSet<()>,
    pub(super) admin: Account,
    pub(super) rooms: Vec<RoomId>,
}

/// How many clients are connected now, without the slow readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Senders that are connected.
    pub senders: usize,
    /// The number of all senders.
    pub of_senders: usize,
    /// Readers that are connected and in sync, as far as they know.
    pub readers: usize,
    /// The number of all readers, without the slow ones.
    pub of_readers: usize,
}

impl RunningWorkload {
    /// The number of messages acknowledged so far.
    pub fn acks(&self) -> usize {
        self.context.acked().len()
    }

    pub fn connected(&self) -> Connected {
        let count = |all: &[AtomicBool]| all.iter().filter(|one| one.load(Relaxed)).count();
        let (senders, readers) = (&self.context.senders_connected, &self.context.readers_in_sync);
        Connected {
            senders: count(senders),
            of_senders: senders.len(),
            readers: count(readers),
            of_readers: readers.len(),
        }
    }

    /// Waits until all clients are connected and in sync. Returns `false` on timeout. A client that
    /// has not noticed yet that its connection broke still counts as connected.
    pub async fn wait_until_connected(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        loop {
            let Connected { senders, of_senders, readers, of_readers } = self.connected();
            if (senders, readers) == (of_senders, of_readers) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Records the begin or the end of a fault.
    pub fn record_fault(&self, name: &str, phase: FaultPhase) {
        self.context.record(RIG, Event::Fault { name: name.to_owned(), phase });
    }

    /// The first `count` readers stop reading from their sockets; 0 lets all of them read again.
    /// A paused reader notices a lost socket only after that.
    pub fn pause_readers(&self, count: usize) {
        self.paused_readers.send_replace(count);
    }

    /// Stops new operations, retries unacknowledged messages until they are acknowledged or
    /// refused, reads the final states from all nodes, and lets the readers catch up. The retries
    /// may take half of `timeout`. Fails if the final states cannot be read in time.
    pub async fn stop(mut self, timeout: Duration) -> Result<History> {
        let (drain_deadline, deadline) = (Instant::now() + timeout / 2, Instant::now() + timeout);
        self.phase.send_replace(RunPhase::Draining(drain_deadline));
        join_all(&mut self.writers, drain_deadline).await?;
        let states = read_final_states(&self.context, &self.admin, &self.rooms, deadline).await?;
        self.phase.send_replace(RunPhase::Finishing(deadline, Arc::new(states)));
        join_all(&mut self.readers, deadline).await?;
        Ok(self.context.recorder.take())
    }
}

/// Waits for all tasks. Aborts those that still run 2 s after the deadline.
async fn join_all(tasks: &mut JoinSet<()>, deadline: Instant) -> Result<()> {
    let deadline = deadline + Duration::from_secs(2);
    while let Ok(Some(ended)) = timeout_at(deadline, tasks.join_next()).await {
        ended?;
    }
    tasks.shutdown().await;
    Ok(())
}
