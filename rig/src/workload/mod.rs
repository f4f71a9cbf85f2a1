//! People who talk and read, and write down every step.
//!
//! ```no_run
//! # use std::{net::SocketAddr, time::Duration};
//! # use rig::{checker, history::Recorder, workload::{Workload, setup}};
//! # async fn run(address: SocketAddr) -> anyhow::Result<()> {
//! let stage = setup(address, 5, 3).await?;
//! let (_moved, nodes) = tokio::sync::watch::channel(vec![address]);
//! let running = Workload::new(nodes, stage).start(Recorder::default()).await?;
//! tokio::time::sleep(Duration::from_secs(5)).await;
//! let history = running.stop(Duration::from_secs(30)).await?;
//! assert!(checker::check(&history).is_empty());
//! # Ok(())
//! # }
//! ```

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use tokio::{
    sync::{Mutex, mpsc, watch},
    task::JoinSet,
};

mod crew;
mod frames;
mod last;
mod link;
mod meter;
mod nodes;
mod people;
mod rest;
mod running;
mod stage;
#[cfg(test)]
mod tests;

pub use crew::Patience;
pub use meter::{Measure, Summary, WINDOW, Window};
pub use nodes::Backoff;
pub use running::{Resumed, Running};
pub use stage::{Account, Stage, setup};

use crate::history::Recorder;
use crew::{Crew, Means, Phase, Role};
use link::Owner;
use nodes::Nodes;
use people::{Changer, Doorman, Racer, Reader, Sender, Talk};
use rest::Rest;

/// Those who fulfil wishes for edits and deletions.
const CHANGERS: usize = 2;
/// Messages a second at most in the room in which little is said.
const QUIET_RATE: f64 = 0.5;

/// Who takes part, and what they do.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The nodes' addresses; they may change while it runs.
    pub nodes: watch::Receiver<Vec<SocketAddr>>,
    /// Accounts and rooms.
    pub stage: Stage,
    /// Those who talk, by socket. Several share an account.
    pub senders: usize,
    /// Those who read, by socket. Several share an account.
    pub readers: usize,
    /// Rooms that each of them reads.
    pub rooms_each: usize,
    /// Messages a second, of all senders together, as far as acks come in time.
    pub rate: f64,
    /// Messages that one sender may have under way.
    pub in_flight: usize,
    /// The share of messages that are edited later, as far as there is time.
    pub edits: f64,
    /// The share of messages that are deleted later, as far as there is time.
    pub deletes: f64,
    /// Those who say the same thing twice: through two nodes, much later, or after cancelling.
    pub racers: usize,
    /// Between two acts of a racer.
    pub race_every: Duration,
    /// Between the guest's coming in and being put out again, if that is to happen.
    pub removal_every: Option<Duration>,
    /// How many readers, the last ones, stop reading for some seconds now and then. They have a
    /// receive buffer of 4 KiB, so that soon the server notices.
    pub slow_readers: usize,
    /// How many readers, the first ones, have such a buffer for the sake of [`Running::stall`].
    pub narrow_readers: usize,
    /// How long everybody waits.
    pub patience: Patience,
    /// Chance. What the net and the server do is not in its hands.
    pub seed: u64,
}

impl Workload {
    /// A moderate one: 200 messages a second, 30 readers, everything that can happen.
    pub fn new(nodes: watch::Receiver<Vec<SocketAddr>>, stage: Stage) -> Self {
        Self {
            nodes,
            stage,
            senders: 10,
            readers: 30,
            rooms_each: 2,
            rate: 200.0,
            in_flight: 16,
            edits: 0.05,
            deletes: 0.03,
            racers: 2,
            race_every: Duration::from_millis(300),
            removal_every: Some(Duration::from_secs(2)),
            slow_readers: 3,
            narrow_readers: 0,
            patience: Patience::default(),
            seed: 1,
        }
    }

    /// Starts everybody. They end with the value.
    pub async fn start(self, recorder: Recorder) -> Result<Running> {
        ensure!(!self.stage.rooms.is_empty() && self.stage.people.len() >= 2, "nobody is there");
        let (wishes, wished) = mpsc::channel(256);
        let (phase, phases) = watch::channel(Phase::Going);
        let (stall, stalled) = watch::channel(0);
        let (hang_up, hung_up) = watch::channel(0);
        let means = Means {
            recorder,
            nodes: Nodes(self.nodes.clone()),
            rest: Rest::new(self.patience.answer)?,
            patience: self.patience,
            phase: phases,
            stalled,
            hang_up: hung_up,
            wishes,
        };
        let crew = Arc::new(Crew::new(
            means,
            self.senders,
            self.readers.saturating_sub(self.slow_readers),
        ));
        let mut cast = Cast::new(&self, crew.clone());
        cast.readers(&self);
        cast.senders(&self);
        cast.others(&self, wished);
        let Cast { writers, readers, .. } = cast;
        let (admin, rooms) = (self.stage.admin, self.stage.rooms);
        Ok(Running { crew, phase, stall, hang_up, writers, readers, admin, rooms })
    }
}

/// Gives everybody a part.
struct Cast {
    crew: Arc<Crew>,
    people: Vec<Arc<Account>>,
    rng: fastrand::Rng,
    writers: JoinSet<()>,
    readers: JoinSet<()>,
}

impl Cast {
    fn new(workload: &Workload, crew: Arc<Crew>) -> Self {
        let people = workload.stage.people.iter().cloned().map(Arc::new).collect();
        let rng = fastrand::Rng::with_seed(workload.seed);
        Self { crew, people, rng, writers: JoinSet::new(), readers: JoinSet::new() }
    }

    fn owner(&self, nth: usize, role: Role, is_narrow: bool) -> Owner {
        let account = self.people[nth % self.people.len()].clone();
        Owner { crew: self.crew.clone(), process: self.crew.process(), account, role, is_narrow }
    }

    fn readers(&mut self, workload: &Workload) {
        let rooms = &workload.stage.rooms;
        for nth in 0..workload.readers {
            let is_slow = nth + workload.slow_readers >= workload.readers;
            let is_narrow = is_slow || nth < workload.narrow_readers;
            let owner = self.owner(nth, Role::Reads, is_narrow);
            let each = workload.rooms_each.clamp(1, rooms.len());
            let read: Vec<_> = rooms.iter().cycle().skip(nth).take(each).copied().collect();
            let reader = Reader::new(owner, nth, &read, is_slow, self.rng.fork());
            self.readers.spawn(reader.run());
        }
    }

    fn senders(&mut self, workload: &Workload) {
        let talk = Talk {
            rooms: workload.stage.rooms.clone(),
            quiet: (QUIET_RATE / workload.rate).min(0.02),
            period: Duration::from_secs_f64(workload.senders as f64 / workload.rate),
            in_flight: workload.in_flight,
            edits: workload.edits,
            deletes: workload.deletes,
        };
        for nth in 0..workload.senders {
            let owner = self.owner(nth, Role::Writes, false);
            let sender = Sender::new(owner, nth, talk.clone(), self.rng.fork());
            self.writers.spawn(sender.run());
        }
    }

    fn others(&mut self, workload: &Workload, wished: mpsc::Receiver<people::Wish>) {
        let rooms = &workload.stage.rooms;
        let wishes = Arc::new(Mutex::new(wished));
        for _ in 0..CHANGERS {
            let (crew, process) = (self.crew.clone(), self.crew.process());
            let changer = Changer { crew, process, wishes: wishes.clone(), rng: self.rng.fork() };
            self.writers.spawn(changer.run());
        }
        // The guest is refused now and then; a race is about something else.
        let others = self.people.len() - 1;
        for nth in 0..workload.racers {
            let owner = self.owner(nth % others, Role::Writes, false);
            let (other, every) = (self.crew.process(), workload.race_every);
            let (rooms, rng) = (rooms.clone(), self.rng.fork());
            self.writers.spawn(Racer { owner, other, rooms, every, rng }.run());
        }
        if let Some(every) = workload.removal_every {
            let doorman = Doorman {
                crew: self.crew.clone(),
                process: self.crew.process(),
                admin: Arc::new(workload.stage.admin.clone()),
                guest: self.people[others].clone(),
                rooms: rooms.clone(),
                every,
                rng: self.rng.fork(),
            };
            self.writers.spawn(doorman.run());
        }
    }
}
