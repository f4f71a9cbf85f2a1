//! The state that all clients of a run share.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use shared::{
    ids::{ClientId, RoomId},
    messages::Message,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep},
};

use super::{
    frame_cache::FrameCache,
    nodes::{Backoff, Nodes},
};
use crate::{
    accounts::Account,
    api::{Api, Outcome},
    history::{Event, NodeState, Recorder},
};

#[derive(Clone, Debug)]
pub enum RunPhase {
    Running,
    /// Writers start no new operations, and complete those in flight before the deadline.
    Draining(Instant),
    /// The rooms have reached these final states. Readers catch up before the deadline.
    Finishing(Instant, Arc<BTreeMap<RoomId, Arc<NodeState>>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// Ends in the phase `Draining`.
    Writer,
    /// Ends in the phase `Finishing`, when it has caught up.
    Reader,
}

/// A change that an author makes to a message.
#[derive(Clone, Copy, Debug)]
pub enum Edit {
    /// Replaces the text.
    Content,
    /// Deletes the message.
    Delete,
    /// Adds a reaction.
    React,
}

/// A request to change an acknowledged message as its author.
pub struct EditRequest {
    pub message: Arc<Message>,
    pub author: Arc<Account>,
    pub edit: Edit,
}

pub struct Context {
    pub recorder: Recorder,
    pub nodes: Nodes,
    pub api: Api,
    pub frames: FrameCache,
    pub timeouts: Timeouts,
    pub phase: watch::Receiver<RunPhase>,
    /// The number of readers, from the first one on, that do not read from their sockets.
    pub paused_readers: watch::Receiver<usize>,
    pub edit_requests: mpsc::Sender<EditRequest>,
    /// By sender: whether the sender has a socket.
    pub senders_connected: Vec<AtomicBool>,
    /// By reader, without the slow ones: whether the reader has a socket and is in sync.
    pub readers_in_sync: Vec<AtomicBool>,
    /// The acknowledged messages. A set, because acks of duplicates prove no write and must not
    /// count.
    pub acked: Mutex<HashSet<ClientId>>,
    /// The number of processes so far.
    pub process_count: AtomicU32,
}

#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// The limit for a new socket's `welcome`, and for a reply by socket or REST.
    pub reply: Duration,
    /// A socket without any frame for this long counts as dead. `None`: the heartbeat interval plus
    /// 10 s.
    pub silence: Option<Duration>,
    pub ping_interval: Duration,
    pub backoff: Backoff,
}

impl Default for Timeouts {
    fn default() -> Self {
        let backoff = Backoff { min: Duration::from_millis(200), max: Duration::from_secs(2) };
        let (reply, ping_interval) = (Duration::from_secs(5), Duration::from_secs(1));
        Self { reply, silence: None, ping_interval, backoff }
    }
}

impl Context {
    /// Allocates a process number. The first one is 1.
    pub fn next_process(&self) -> u32 {
        self.process_count.fetch_add(1, Relaxed) + 1
    }

    /// Records an event, and counts acks.
    pub fn record(&self, process: u32, event: Event) {
        if let Event::Ack { client_id, .. } = &event {
            self.acked().insert(*client_id);
        }
        self.recorder.record(process, event);
    }

    pub fn acked(&self) -> MutexGuard<'_, HashSet<ClientId>> {
        self.acked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether clients still start new operations.
    pub fn is_running(&self) -> bool {
        matches!(*self.phase.borrow(), RunPhase::Running)
    }

    /// Whether clients of this kind must end at once.
    pub fn is_over(&self, kind: ClientKind) -> bool {
        match (&*self.phase.borrow(), kind) {
            (RunPhase::Running, _) | (RunPhase::Draining(_), ClientKind::Reader) => false,
            (RunPhase::Draining(deadline), ClientKind::Writer)
            | (RunPhase::Finishing(deadline, _), ClientKind::Reader) => Instant::now() >= *deadline,
            (RunPhase::Finishing(..), ClientKind::Writer) => true,
        }
    }

    /// Sleeps until the time has passed or the phase `Running` ends. Returns whether clients still
    /// start new operations.
    pub async fn sleep_while_running(&self, time: Duration) -> bool {
        let mut phase = self.phase.clone();
        let stopped =
            async { phase.wait_for(|phase| !matches!(phase, RunPhase::Running)).await.is_err() };
        tokio::select! {
            _ = sleep(time) => self.is_running(),
            _ = stopped => false,
        }
    }
}

/// The event that completes an edit, delete, removal or join.
pub fn completion_event<T>(outcome: Outcome<T>, ok: impl FnOnce(T) -> Event) -> Event {
    match outcome {
        Outcome::Ok(value) => ok(value),
        Outcome::Refused(code) => Event::Refused { code, retry: code.is_retryable() },
        Outcome::NoReply => Event::NoReply,
    }
}
