//! What everybody in a run shares.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use shared::ids::RoomId;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep},
};

use super::{
    frames::Frames,
    meter::Meter,
    nodes::{Backoff, Nodes},
    people::Wish,
    rest::Rest,
};
use crate::history::{Event, Final, Recorder};

/// How far the run is.
#[derive(Clone, Debug)]
pub enum Phase {
    /// People talk.
    Going,
    /// Nothing new is begun; what is under way is brought to its end, until then at most.
    Settling(Instant),
    /// Everything is said, and the rooms are like this; readers come up to it, until then at most.
    Ending(Instant, Arc<BTreeMap<RoomId, Arc<Final>>>),
}

/// Whether somebody says something, or reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Ends when all is settled.
    Writes,
    /// Ends when all is read.
    Reads,
}

/// What everybody shares.
pub struct Crew {
    /// Where they write.
    pub recorder: Recorder,
    /// Where they go.
    pub nodes: Nodes,
    /// How they ask.
    pub rest: Rest,
    /// How they read.
    pub frames: Frames,
    /// How fast it is.
    pub meter: Meter,
    /// How patient they are.
    pub patience: Patience,
    /// How far the run is.
    pub phase: watch::Receiver<Phase>,
    /// How many readers, the first ones, are to read nothing.
    pub stalled: watch::Receiver<usize>,
    /// Changes when all are to hang up and connect anew.
    pub hang_up: watch::Receiver<u64>,
    /// What is to be edited or deleted.
    pub wishes: mpsc::Sender<Wish>,
    /// Who has a socket.
    pub senders: Vec<AtomicBool>,
    /// Who has a socket and misses nothing; without the slow readers.
    pub readers: Vec<AtomicBool>,
    processes: AtomicU32,
}

/// How long people wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a socket to be welcomed, and for an answer by REST.
    pub answer: Duration,
    /// Until a silent socket counts as dead; if none, ten seconds more than the heartbeat.
    pub silence: Option<Duration>,
    /// Between asking for echoes.
    pub echo: Duration,
    /// Between two tries.
    pub backoff: Backoff,
}

impl Default for Patience {
    fn default() -> Self {
        let backoff = Backoff { least: Duration::from_millis(200), most: Duration::from_secs(2) };
        let (answer, echo) = (Duration::from_secs(5), Duration::from_secs(1));
        Self { answer, silence: None, echo, backoff }
    }
}

/// The parts of a crew that are not made here.
pub struct Means {
    pub recorder: Recorder,
    pub nodes: Nodes,
    pub rest: Rest,
    pub patience: Patience,
    pub phase: watch::Receiver<Phase>,
    pub stalled: watch::Receiver<usize>,
    pub hang_up: watch::Receiver<u64>,
    pub wishes: mpsc::Sender<Wish>,
}

impl Crew {
    /// A crew of so many senders, and readers who are not slow.
    pub fn new(means: Means, senders: usize, readers: usize) -> Self {
        let Means { recorder, nodes, rest, patience, phase, stalled, hang_up, wishes } = means;
        let nobody = |count| (0..count).map(|_| AtomicBool::new(false)).collect();
        Self {
            recorder,
            nodes,
            rest,
            frames: Frames::default(),
            meter: Meter::default(),
            patience,
            phase,
            stalled,
            hang_up,
            wishes,
            senders: nobody(senders),
            readers: nobody(readers),
            processes: AtomicU32::new(1),
        }
    }

    /// A number for another process.
    pub fn process(&self) -> u32 {
        self.processes.fetch_add(1, Relaxed)
    }

    /// Writes down a step.
    pub fn record(&self, process: u32, event: Event) -> u64 {
        self.recorder.record(process, event)
    }

    /// Whether people still begin something new.
    pub fn is_going(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Going)
    }

    /// Whether the time for bringing things to an end is over.
    pub fn is_over(&self, role: Role) -> bool {
        match (&*self.phase.borrow(), role) {
            (Phase::Going, _) | (Phase::Settling(_), Role::Reads) => false,
            (Phase::Settling(until), Role::Writes) | (Phase::Ending(until, _), Role::Reads) => {
                Instant::now() >= *until
            }
            (Phase::Ending(..), Role::Writes) => true,
        }
    }

    /// Waits; false, and early, if nothing new is to be begun any more.
    pub async fn pause(&self, time: Duration) -> bool {
        let mut phase = self.phase.clone();
        let over = async { phase.wait_for(|phase| !matches!(phase, Phase::Going)).await.is_err() };
        tokio::select! {
            _ = sleep(time) => self.is_going(),
            _ = over => false,
        }
    }
}
