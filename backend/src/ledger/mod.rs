//! Every write that takes a number in a room. One actor takes what is waiting, writes it in one
//! transaction with one fsync, and only then answers all and tells all.
//!
//! It runs in a task of its own, so that a request which is cancelled never leaves a transaction
//! half done. Numbers are given under the write lock that is held to the commit: the order of
//! numbers is the order of commits.

use futures_util::future::BoxFuture;
use shared::{
    ids::{RoomId, UserId},
    live::{RemovedReason, ServerFrame},
    messages::Change,
    problem::Code,
};
use tokio::sync::{mpsc, oneshot};

use crate::{Error, Result, hub::Hub, tables::Database};

mod batch;
mod members;
mod messages;
mod rooms;

pub use batch::Batch;
pub use members::{Join, Leave, MarkRead};
pub use messages::{Delete, Edit, Post, Posted};
pub use rooms::{Create, Discard, Update};

/// Writes that share one transaction at most.
const BATCH: usize = 64;
/// Writes that may wait; further ones wait at the door.
const QUEUE: usize = 1_024;

/// The way to the actor.
#[derive(Clone)]
pub struct Ledger(mpsc::Sender<Box<dyn Job>>);

/// One write. It checks everything before it writes anything: when it fails with a problem of the
/// asker's, it has written nothing, and the rest of its batch goes on.
pub trait Write: Send + Sync + 'static {
    /// What the asker gets.
    type Out: Send + 'static;

    /// Checks, then writes.
    fn write(&self, batch: &mut Batch<'_>) -> impl Future<Output = Result<Self::Out>> + Send;
}

/// What is told after the commit.
#[derive(Debug)]
pub enum Notice {
    /// To the room.
    Change(RoomId, Change),
    /// To every device of a person.
    Personal(UserId, ServerFrame),
    /// To a person, or everyone, who listens to the room: no more of it.
    Removed(RoomId, Option<UserId>, RemovedReason),
}

impl Ledger {
    /// Starts the actor; it ends when the last handle is gone and what was waiting is written.
    pub fn start(db: Database, hub: Hub) -> Self {
        let (sender, mut waiting) = mpsc::channel::<Box<dyn Job>>(QUEUE);
        tokio::spawn(async move {
            let mut jobs = Vec::with_capacity(BATCH);
            while waiting.recv_many(&mut jobs, BATCH).await > 0 {
                write_all(&db, &hub, std::mem::take(&mut jobs)).await;
            }
        });
        Self(sender)
    }

    /// Writes; the answer comes after the commit.
    pub async fn write<W: Write>(&self, write: W) -> Result<W::Out> {
        self.submit(write).await?.await.unwrap_or_else(|_| Err(Code::Unavailable.into()))
    }

    /// Puts a write in line, after those that were put there before; the answer comes later.
    pub async fn submit<W: Write>(&self, write: W) -> Result<Answer<W::Out>> {
        let (reply, answer) = oneshot::channel();
        let job = Asked { write, out: None, reply: Some(reply) };
        self.0.send(Box::new(job)).await.map_err(|_| Error::from(Code::Unavailable))?;
        Ok(answer)
    }
}

/// What comes after the commit; nothing, if the ledger has ended.
pub type Answer<T> = oneshot::Receiver<Result<T>>;

/// A write with its type forgotten.
trait Job: Send {
    fn run<'a>(&'a mut self, batch: &'a mut Batch<'_>) -> BoxFuture<'a, Result<(), Error>>;
    fn answer(self: Box<Self>, failure: Option<Error>);
}

struct Asked<W: Write> {
    write: W,
    out: Option<Result<W::Out>>,
    reply: Option<oneshot::Sender<Result<W::Out>>>,
}

impl<W: Write> Job for Asked<W> {
    /// Fails only when the transaction cannot be trusted any more.
    fn run<'a>(&'a mut self, batch: &'a mut Batch<'_>) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let out = self.write.write(batch).await;
            if let Err(error) = &out
                && error.code().is_retryable()
            {
                return Err(error.clone());
            }
            self.out = Some(out);
            Ok(())
        })
    }

    fn answer(mut self: Box<Self>, failure: Option<Error>) {
        let out = match failure {
            Some(error) => Err(error),
            None => self.out.take().unwrap_or_else(|| Err(Code::Internal.into())),
        };
        if let Some(reply) = self.reply.take() {
            // Whoever asked may be gone; what is written stays written.
            let _ = reply.send(out);
        }
    }
}

/// Writes a batch; if it fails as a whole, each of it alone, so that one bad write harms no other.
async fn write_all(db: &Database, hub: &Hub, mut jobs: Vec<Box<dyn Job>>) {
    metrics::histogram!("hallway_ledger_batch").record(jobs.len() as f64);
    match commit(db, &mut jobs).await {
        Ok(notices) => finish(hub, jobs, notices),
        Err(error) if jobs.len() == 1 => {
            jobs.into_iter().for_each(|job| job.answer(Some(error.clone())))
        }
        Err(_) => {
            for job in jobs {
                let mut alone = vec![job];
                match commit(db, &mut alone).await {
                    Ok(notices) => finish(hub, alone, notices),
                    Err(error) => alone.into_iter().for_each(|job| job.answer(Some(error.clone()))),
                }
            }
        }
    }
}

fn finish(hub: &Hub, jobs: Vec<Box<dyn Job>>, notices: Vec<Notice>) {
    jobs.into_iter().for_each(|job| job.answer(None));
    for notice in notices {
        match notice {
            Notice::Change(room, change) => hub.publish(room, change),
            Notice::Personal(user, frame) => hub.to_user(user, &frame),
            Notice::Removed(room, user, reason) => hub.remove(room, user, reason),
        }
    }
}

async fn commit(db: &Database, jobs: &mut [Box<dyn Job>]) -> Result<Vec<Notice>> {
    let txn = db.begin().await?;
    let mut batch = Batch::new(&txn);
    for job in jobs {
        if let Err(error) = job.run(&mut batch).await {
            txn.rollback().await?;
            return Err(error);
        }
    }
    let notices = batch.flush().await?;
    txn.commit().await?;
    Ok(notices)
}
