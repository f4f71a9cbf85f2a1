//! Every write that takes a number in a room. An actor takes what is waiting, writes it in one
//! transaction with one fsync, and only then answers all and tells all.
//!
//! It runs in a task of its own, so that a request which is cancelled never leaves a transaction
//! half done. Numbers are given under the room's lock that is held to the commit: the order of
//! numbers is the order of commits. SQLite has one actor, since it takes one writer; the others
//! have several, and a room always the same one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use sea_orm::DatabaseTransaction;

use shared::{
    ids::{RoomId, UserId},
    live::{RemovedReason, ServerFrame},
    messages::Change,
    problem::Code,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Error, Result,
    failpoints::{Fault, has},
    realtime::hub::Hub,
    tables::{Database, with_timeout},
};

mod batch;
mod job;
mod members;
mod messages;
mod posting;
mod reading;
mod rooms;

pub use batch::Batch;
use batch::Known;
pub use job::{Answer, Asked, Job};
pub use members::{Join, Leave};
pub use messages::{Delete, Edit, MENTIONS_MAX};
pub use posting::{Post, Posted};
pub use reading::MarkRead;
pub use rooms::{Create, Discard, Update};

/// Writes that share one transaction at most.
const BATCH: usize = 64;
/// Writes that may wait; further ones wait at the door.
const QUEUE: usize = 1_024;
/// Actors where the database takes several writers.
const ACTORS: usize = 4;
/// How often a batch begins anew that had to give way to another node's.
const TRIES: usize = 3;

/// The way to the actors.
#[derive(Clone)]
pub struct Ledger {
    actors: Vec<mpsc::Sender<Job>>,
    /// How often accounts were changed.
    accounts: Arc<AtomicU64>,
}

/// One write. It checks everything before it writes anything: when it fails with a problem of the
/// asker's, it has written nothing, and the rest of its batch goes on.
pub trait Write: Send + Sync + Sized + 'static {
    /// What the asker gets.
    type Out: Send + Sync + 'static;

    /// The room that it is about; none for one that is yet to be made.
    fn room(&self) -> Option<RoomId>;

    /// Checks, then writes.
    fn write(&self, batch: &mut Batch<'_>) -> impl Future<Output = Result<Self::Out>> + Send;

    /// How it stands in line: alone, unless there is a way to write many of its kind at once.
    fn line_up(asked: Asked<Self>) -> Job {
        Job::Other(Box::new(asked))
    }
}

/// What is told after the commit.
#[derive(Debug)]
pub enum Notice {
    /// To the room; with the reason why the member of the change is no longer in it.
    Change(RoomId, Change, Option<RemovedReason>),
    /// To every device of a person.
    Personal(UserId, ServerFrame),
    /// To everyone who listens to the room: it is no more.
    Deleted(RoomId),
}

impl Ledger {
    /// Starts the actors; they end when the last handle is gone and what was waiting is written.
    pub fn start(db: Database, hub: Hub) -> Self {
        let accounts = Arc::<AtomicU64>::default();
        let count = if db.is_shared() { ACTORS } else { 1 };
        let actor = |_| {
            let (sender, waiting) = mpsc::channel(QUEUE);
            let (db, hub, accounts) = (db.clone(), hub.clone(), accounts.clone());
            tokio::spawn(Actor { db, hub, accounts, known: Known::default() }.run(waiting));
            sender
        };
        Self { actors: (0..count).map(actor).collect(), accounts: accounts.clone() }
    }

    /// An account is another one once this transaction is committed. Called within it, so that no
    /// batch can begin in between and go by what was known before.
    pub fn account_changes(&self, _: &DatabaseTransaction) {
        self.accounts.fetch_add(1, SeqCst);
    }

    /// Writes; the answer comes after the commit.
    pub async fn write<W: Write>(&self, write: W) -> Result<W::Out> {
        self.submit(write).await?.await.unwrap_or_else(|_| Err(Code::Unavailable.into()))
    }

    /// Puts a write in line, after those that were put there before; the answer comes later.
    pub async fn submit<W: Write>(&self, write: W) -> Result<Answer<W::Out>> {
        let (reply, answer) = oneshot::channel();
        let room = write.room().map_or(0, |room| room.0.unsigned_abs() as usize);
        let actor = &self.actors[room % self.actors.len()];
        let job = W::line_up(Asked::new(write, reply));
        actor.send(job).await.map_err(|_| Error::from(Code::Unavailable))?;
        Ok(answer)
    }
}

struct Actor {
    db: Database,
    hub: Hub,
    accounts: Arc<AtomicU64>,
    known: Known,
}

impl Actor {
    async fn run(mut self, mut waiting: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(BATCH);
        while waiting.recv_many(&mut jobs, BATCH).await > 0 {
            self.write_all(std::mem::take(&mut jobs)).await;
        }
    }

    /// Writes a batch; if it fails as a whole, each of it alone, so that one bad write harms no
    /// other.
    async fn write_all(&mut self, mut jobs: Vec<Job>) {
        metrics::histogram!("hallway_ledger_batch").record(jobs.len() as f64);
        match self.commit_again(&mut jobs).await {
            Ok(notices) => finish(&self.hub, jobs, notices),
            // Trying one after the other what the database does not take at all would only make
            // everybody wait in line for the same answer.
            Err(error) if jobs.len() == 1 || is_for_all(&error) => refuse(jobs, &error),
            Err(_) => {
                for job in jobs {
                    let mut alone = vec![job];
                    match self.commit_again(&mut alone).await {
                        Ok(notices) => finish(&self.hub, alone, notices),
                        Err(error) => refuse(alone, &error),
                    }
                }
            }
        }
    }

    /// Where several nodes write, one may have to give way to another; it begins anew at once.
    async fn commit_again(&mut self, jobs: &mut [Job]) -> Result<Vec<Notice>> {
        let mut tries = 1;
        loop {
            let backend = self.db.backend();
            match with_timeout(backend, self.commit(jobs)).await {
                Err(error) if error.is_serialization_failure && tries < TRIES => tries += 1,
                done => return done,
            }
            tokio::time::sleep(Duration::from_millis(5 * tries as u64)).await;
        }
    }

    async fn commit(&mut self, jobs: &mut [Job]) -> Result<Vec<Notice>> {
        let txn = self.db.begin().await?;
        // Taken: what is known is worth nothing if the commit fails.
        let mut known = std::mem::take(&mut self.known);
        let accounts = self.accounts.load(SeqCst);
        if known.accounts != accounts {
            known = Known::default();
        }
        let mut batch = Batch::new(&txn, known);
        if let Err(error) = job::run_all(&mut batch, jobs).await {
            // If even that fails, the connection is not used again.
            let _ = txn.rollback().await;
            return Err(error);
        }
        let (notices, known) = batch.flush().await?;
        if has(Fault::AckBeforeCommit) {
            jobs.iter_mut().for_each(|job| job.answer(None));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        txn.commit().await?;
        if !self.db.is_shared() {
            self.known = known;
            self.known.accounts = accounts;
        }
        Ok(notices)
    }
}

fn is_for_all(error: &Error) -> bool {
    matches!(error.code(), Code::Unavailable | Code::StorageFull)
}

fn refuse(jobs: Vec<Job>, error: &Error) {
    jobs.into_iter().for_each(|mut job| job.answer(Some(error.clone())));
}

fn finish(hub: &Hub, jobs: Vec<Job>, notices: Vec<Notice>) {
    jobs.into_iter().for_each(|mut job| job.answer(None));
    for notice in notices {
        match notice {
            Notice::Change(room, change, why) => hub.publish(room, change, why),
            Notice::Personal(user, frame) => hub.to_user(user, &frame),
            Notice::Deleted(room) => hub.room_deleted(room),
        }
    }
}
