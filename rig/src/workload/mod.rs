//! Simulated clients that chat and record every step in a history.
//!
//! ```no_run
//! # use std::{net::SocketAddr, time::Duration};
//! # use rig::{checker, history::Recorder, workload::{Fixture, Workload}};
//! # async fn run(address: SocketAddr) -> anyhow::Result<()> {
//! let fixture = Fixture::create(address, 5, 3).await?;
//! let (_addresses, nodes) = tokio::sync::watch::channel(vec![address]);
//! let running = Workload::new(nodes, fixture).start(Recorder::default())?;
//! tokio::time::sleep(Duration::from_secs(5)).await;
//! let history = running.stop(Duration::from_secs(30)).await?;
//! assert!(checker::check(&history).is_empty());
//! # Ok(())
//! # }
//! ```

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use anyhow::{Result, ensure};
use tokio::{
    sync::{Mutex, mpsc, watch},
    task::JoinSet,
};

mod clients;
mod connection;
mod context;
mod final_read;
mod fixture;
mod frame_cache;
mod nodes;
mod running_workload;
#[cfg(test)]
mod tests;

pub use context::Timeouts;
pub use fixture::Fixture;
pub use running_workload::{Connected, RunningWorkload};

use crate::{accounts::Account, api::Api, history::Recorder};
use clients::{DuplicateSender, Editor, MembershipChurn, Reader, SendSettings, Sender};
use connection::Client;
use context::{ClientKind, Context, EditRequest, RunPhase};
use nodes::Nodes;

/// The number of clients that edit and delete.
const EDITORS: usize = 2;
/// The maximum rate in the quiet room, in messages a second.
const QUIET_RATE: f64 = 0.5;

/// The clients of a run: how many of each kind, and their rates.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The addresses of the nodes. They may change during the run.
    pub nodes: watch::Receiver<Vec<SocketAddr>>,
    pub fixture: Fixture,
    /// Clients that send by socket. Several share an account.
    pub senders: usize,
    /// Clients that read by socket. Several share an account.
    pub readers: usize,
    pub rooms_per_reader: usize,
    /// Messages a second of all senders together. Fewer if acks are late, because of
    /// `max_in_flight`.
    pub rate: f64,
    /// The maximum number of unacknowledged messages of each sender.
    pub max_in_flight: usize,
    /// The share (0 to 1) of messages that are edited later; less if the editors cannot keep up.
    pub edit_share: f64,
    /// The share (0 to 1) of messages that are deleted later; less if the editors cannot keep up.
    pub delete_share: f64,
    /// The share of messages that get a reaction; half of them are then deleted.
    pub react_share: f64,
    /// Clients that send a message twice: through two nodes, much later, or after cancelling.
    pub duplicate_senders: usize,
    /// The average time between two messages of a duplicate sender.
    pub duplicate_interval: Duration,
    /// The average time from the guest's join to the next removal; `None` removes nobody.
    pub removal_interval: Option<Duration>,
    /// The number of readers, counted from the last one, that stop reading for 0.5 to 3 s now and
    /// then. Their receive buffer is 4 KiB, so that the server notices soon.
    pub slow_readers: usize,
    /// The number of readers, from the first one on, with a receive buffer of 4 KiB, for
    /// [`RunningWorkload::pause_readers`].
    pub small_buffer_readers: usize,
    pub timeouts: Timeouts,
    /// The seed of random decisions. Runs with the same seed still differ, because the timing does.
    pub seed: u64,
}

impl Workload {
    /// A moderate workload with all kinds of clients: 200 messages a second, 30 readers.
    pub fn new(nodes: watch::Receiver<Vec<SocketAddr>>, fixture: Fixture) -> Self {
        Self {
            nodes,
            fixture,
            senders: 10,
            readers: 30,
            rooms_per_reader: 2,
            rate: 200.0,
            max_in_flight: 16,
            edit_share: 0.05,
            delete_share: 0.03,
            react_share: 0.04,
            duplicate_senders: 2,
            duplicate_interval: Duration::from_millis(300),
            removal_interval: Some(Duration::from_secs(2)),
            slow_readers: 3,
            small_buffer_readers: 0,
            timeouts: Timeouts::default(),
            seed: 1,
        }
    }

    /// Starts all clients.
    pub fn start(self, recorder: Recorder) -> Result<RunningWorkload> {
        let Fixture { users, rooms, .. } = &self.fixture;
        ensure!(!rooms.is_empty() && users.len() >= 2, "a workload needs two users and a room");
        let (edit_requests, edit_queue) = mpsc::channel(256);
        let (phase, phase_receiver) = watch::channel(RunPhase::Running);
        let (paused_readers, paused_receiver) = watch::channel(0);
        let flags = |count| (0..count).map(|_| AtomicBool::new(false)).collect();
        let context = Arc::new(Context {
            recorder,
            nodes: Nodes(self.nodes.clone()),
            api: Api::new(self.timeouts.reply)?,
            frames: Default::default(),
            timeouts: self.timeouts,
            phase: phase_receiver,
            paused_readers: paused_receiver,
            edit_requests,
            senders_connected: flags(self.senders),
            readers_in_sync: flags(self.readers.saturating_sub(self.slow_readers)),
            acked: Default::default(),
            process_count: Default::default(),
        });
        let mut starter = Starter::new(&self, context.clone());
        starter.start_readers();
        starter.start_senders();
        starter.start_others(edit_queue);
        let Starter { writers, readers, .. } = starter;
        let Fixture { admin, rooms, .. } = self.fixture;
        Ok(RunningWorkload { context, phase, paused_readers, writers, readers, admin, rooms })
    }
}

/// Starts the clients of a workload. Readers and senders get the first process numbers.
struct Starter<'a> {
    workload: &'a Workload,
    context: Arc<Context>,
    users: Vec<Arc<Account>>,
    rng: fastrand::Rng,
    writers: JoinSet<()>,
    readers: JoinSet<()>,
}

impl<'a> Starter<'a> {
    fn new(workload: &'a Workload, context: Arc<Context>) -> Self {
        let users = workload.fixture.users.iter().cloned().map(Arc::new).collect();
        let rng = fastrand::Rng::with_seed(workload.seed);
        let (writers, readers) = (JoinSet::new(), JoinSet::new());
        Self { workload, context, users, rng, writers, readers }
    }

    fn client(&self, nth: usize, kind: ClientKind, has_small_buffer: bool) -> Client {
        let account = self.users[nth % self.users.len()].clone();
        let process = self.context.next_process();
        Client { context: self.context.clone(), process, account, kind, has_small_buffer }
    }

    fn start_readers(&mut self) {
        let workload = self.workload;
        let rooms = &workload.fixture.rooms;
        for nth in 0..workload.readers {
            let is_slow = nth + workload.slow_readers >= workload.readers;
            let has_small_buffer = is_slow || nth < workload.small_buffer_readers;
            let client = self.client(nth, ClientKind::Reader, has_small_buffer);
            let count = workload.rooms_per_reader.clamp(1, rooms.len());
            let rooms: Vec<_> = rooms.iter().cycle().skip(nth).take(count).copied().collect();
            let reader = Reader::new(client, nth, &rooms, is_slow, self.rng.fork());
            self.readers.spawn(reader.run());
        }
    }

    fn start_senders(&mut self) {
        let workload = self.workload;
        let settings = SendSettings {
            rooms: workload.fixture.rooms.clone(),
            quiet_share: (QUIET_RATE / workload.rate).min(0.02),
            interval: Duration::from_secs_f64(workload.senders as f64 / workload.rate),
            max_in_flight: workload.max_in_flight,
            edit_share: workload.edit_share,
            delete_share: workload.delete_share,
            react_share: workload.react_share,
        };
        for nth in 0..workload.senders {
            let client = self.client(nth, ClientKind::Writer, false);
            let sender = Sender::new(client, nth, settings.clone(), self.rng.fork());
            self.writers.spawn(sender.run());
        }
    }

    /// Starts the editors, the duplicate senders and the membership churn.
    fn start_others(&mut self, edit_queue: mpsc::Receiver<EditRequest>) {
        let workload = self.workload;
        let rooms = workload.fixture.rooms.clone();
        let queue = Arc::new(Mutex::new(edit_queue));
        for _ in 0..EDITORS {
            let (context, process) = (self.context.clone(), self.context.next_process());
            let editor = Editor { context, process, queue: queue.clone(), rng: self.rng.fork() };
            self.writers.spawn(editor.run());
        }
        // Duplicate senders do not use the guest's account, because the server refuses its messages
        // after a removal.
        let guest_index = self.users.len() - 1;
        for nth in 0..workload.duplicate_senders {
            let client = self.client(nth % guest_index, ClientKind::Writer, false);
            let sender = DuplicateSender {
                client,
                rest_process: self.context.next_process(),
                rooms: rooms.clone(),
                interval: workload.duplicate_interval,
                rng: self.rng.fork(),
            };
            self.writers.spawn(sender.run());
        }
        if let Some(interval) = workload.removal_interval {
            let churn = MembershipChurn {
                context: self.context.clone(),
                process: self.context.next_process(),
                admin: workload.fixture.admin.clone(),
                guest: self.users[guest_index].clone(),
                rooms,
                interval,
                rng: self.rng.fork(),
            };
            self.writers.spawn(churn.run());
        }
    }
}
