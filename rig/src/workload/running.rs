//! A workload that runs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::Result;
use serde::Serialize;
use shared::ids::RoomId;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{
    crew::{Crew, Phase},
    last,
    meter::{Measure, Summary, Window},
    stage::Account,
};
use crate::history::{Event, History, Phase as FaultPhase, RIG};

/// A workload that runs. Dropped, it ends at once.
pub struct Running {
    pub(super) crew: Arc<Crew>,
    pub(super) phase: watch::Sender<Phase>,
    pub(super) stall: watch::Sender<usize>,
    pub(super) hang_up: watch::Sender<u64>,
    pub(super) writers: JoinSet<()>,
    pub(super) readers: JoinSet<()>,
    pub(super) admin: Account,
    pub(super) rooms: Vec<RoomId>,
}

/// How many are connected right now, of how many; slow readers left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Resumed {
    /// Senders with a socket.
    pub senders: usize,
    /// All senders.
    pub of_senders: usize,
    /// Readers with a socket who miss nothing, as far as they know.
    pub readers: usize,
    /// All readers but the slow ones.
    pub of_readers: usize,
}

impl Resumed {
    /// Whether that is everybody.
    pub fn is_everybody(&self) -> bool {
        self.senders == self.of_senders && self.readers == self.of_readers
    }
}

impl Running {
    /// How long the run has been going on, by the history's clock.
    pub fn elapsed(&self) -> Duration {
        self.crew.recorder.elapsed()
    }

    /// Messages acknowledged so far.
    pub fn acks(&self) -> u64 {
        self.crew.meter.acks()
    }

    /// Changes that came to readers so far.
    pub fn deliveries(&self) -> u64 {
        self.crew.meter.deliveries()
    }

    /// Latencies by tenths of a second, from a time of the run on.
    pub fn windows(&self, measure: Measure, since: Duration) -> Vec<Window> {
        self.crew.meter.windows(measure, since)
    }

    /// Latencies between two times of the run.
    pub fn summary(&self, measure: Measure, from: Duration, to: Duration) -> Summary {
        self.crew.meter.summary(measure, from, to)
    }

    /// Who is connected and in sync.
    pub fn resumed(&self) -> Resumed {
        let count =
            |all: &[AtomicBool]| all.iter().filter(|is_there| is_there.load(Relaxed)).count();
        let (senders, readers) = (&self.crew.senders, &self.crew.readers);
        Resumed {
            senders: count(senders),
            of_senders: senders.len(),
            readers: count(readers),
            of_readers: readers.len(),
        }
    }

    /// Waits until everybody is connected and in sync; false if that takes longer than `within`. Asked
    /// in the moment in which a link breaks, it may come before those who held it have noticed.
    pub async fn until_resumed(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        while !self.resumed().is_everybody() {
            if Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    }

    /// Writes down that a fault begins or ends; its time by the history's clock.
    pub fn note(&self, name: &str, phase: FaultPhase) -> Duration {
        let fault = Event::Fault { name: name.to_owned(), phase };
        Duration::from_micros(self.crew.record(RIG, fault))
    }

    /// The first so many readers read nothing from now on; 0 lets all read again. They notice what
    /// became of their sockets only then.
    pub fn stall(&self, readers: usize) {
        self.stall.send_replace(readers);
    }

    /// Everybody with a steady socket hangs up without a word and connects anew.
    pub fn hang_up(&self) {
        self.hang_up.send_modify(|times| *times += 1);
    }

    /// Begins nothing new, says again what is unacknowledged until it is acknowledged or refused,
    /// reads the final state from every node, and lets the readers come up to it. Takes `within` at
    /// most, of which what is under way gets half. Fails if the final state cannot be read in time,
    /// or the history not written.
    pub async fn stop(mut self, within: Duration) -> Result<History> {
        let (half, until) = (Instant::now() + within / 2, Instant::now() + within);
        self.phase.send_replace(Phase::Settling(half));
        finish(&mut self.writers, half).await?;
        let finals = last::read_all(&self.crew, &self.admin, &self.rooms, until).await?;
        self.phase.send_replace(Phase::Ending(until, Arc::new(finals)));
        finish(&mut self.readers, until).await?;
        Ok(self.crew.recorder.take()?)
    }
}

/// Waits for all; whoever has not noticed the time two seconds after it is stopped.
async fn finish(tasks: &mut JoinSet<()>, until: Instant) -> Result<()> {
    let until = until + Duration::from_secs(2);
    while let Ok(Some(ended)) = timeout_at(until, tasks.join_next()).await {
        ended?;
    }
    tasks.shutdown().await;
    Ok(())
}
