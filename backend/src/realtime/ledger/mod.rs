//! The ledger owns every write that takes a number in a room. An actor takes the waiting writes,
//! executes them in one transaction with one fsync, and publishes and replies only after the commit.
//!
//! The actor is a task of its own, so a cancelled request never leaves a transaction half done. It
//! holds the room's row lock until the commit, so the order of numbers is the order of commits.
//! SQLite allows one writer and gets one actor; other databases get several, and all writes of a
//! room go to the same one.
//!
//! A write passes three files: [`Ledger`] puts it into a queue, `actor` runs the transaction of its
//! batch, and the file named after it changes the rows.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use sea_orm::DatabaseTransaction;
use shared::{ids::RoomId, problem::Code, rooms::ReadState};
use tokio::sync::mpsc;

use crate::{Error, Result, realtime::hub::Hub, tables::Database};

mod actor;
mod batch;
mod mark_read;
mod members;
mod messages;
mod post;
mod queue;
mod rooms;

use actor::Actor;
pub use batch::Batch;
pub use mark_read::MarkRead;
pub use members::{JoinRoom, RemoveMember};
pub use messages::{DeleteMessage, EditMessage, MENTIONS_MAX};
pub use post::{PostMessage, PostedMessage};
pub use queue::PendingWrite;
use queue::{QueuedWrite, Reply};
pub use rooms::{CreateRoom, DeleteRoom, PurgeRoom, UpdateRoom};

/// Writes that may wait for one actor; further callers wait until there is space.
const QUEUE: usize = 1_024;
/// Actors where the database allows several writers.
const ACTORS: usize = 4;

/// A handle to the actors; cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    queues: Vec<mpsc::Sender<QueuedWrite>>,
    /// Counts the changes of accounts.
    accounts_version: Arc<AtomicU64>,
}

/// A write that an actor executes by itself. It checks everything before it writes anything: if it
/// fails with a problem of the caller's, it has written nothing, and the rest of the batch goes on.
pub trait RoomWrite: Send + Sync + 'static {
    /// The result after the commit.
    type Out: Send + Sync + 'static;

    /// The room to lock; none if the room does not exist yet.
    fn room(&self) -> Option<RoomId>;

    /// Checks, then writes. Called again if the transaction has to be repeated.
    fn execute(&self, batch: &mut Batch<'_>) -> impl Future<Output = Result<Self::Out>> + Send;
}

impl Ledger {
    /// Starts the actors. They end when the last handle is dropped and their queues are empty.
    pub fn start(db: Database, hub: Hub) -> Self {
        let accounts_version = Arc::<AtomicU64>::default();
        let count = if db.is_shared() { ACTORS } else { 1 };
        let actor = |_| {
            let (sender, queue) = mpsc::channel(QUEUE);
            let actor = Actor::new(db.clone(), hub.clone(), accounts_version.clone());
            tokio::spawn(actor.run(queue));
            sender
        };
        Self { queues: (0..count).map(actor).collect(), accounts_version: accounts_version.clone() }
    }

    /// Invalidates the cached accounts. Called inside the transaction that changes an account, so
    /// that no batch can start between its commit and the invalidation and use the old row.
    pub fn invalidate_accounts(&self, _: &DatabaseTransaction) {
        self.accounts_version.fetch_add(1, SeqCst);
    }

    /// Queues a message; messages of one caller keep their order.
    pub async fn post(&self, post: PostMessage) -> Result<PendingWrite<PostedMessage>> {
        let (reply, pending) = Reply::new();
        self.enqueue(QueuedWrite::Post(post, reply)).await?;
        Ok(pending)
    }

    /// Queues a read mark.
    pub async fn mark_read(&self, mark: MarkRead) -> Result<PendingWrite<ReadState>> {
        let (reply, pending) = Reply::new();
        self.enqueue(QueuedWrite::MarkRead(mark, reply)).await?;
        Ok(pending)
    }

    /// Queues any other write and waits for its commit.
    pub async fn write<W: RoomWrite>(&self, write: W) -> Result<W::Out> {
        let (reply, pending) = Reply::new();
        self.enqueue(QueuedWrite::Other(Box::new((write, reply)))).await?;
        pending.committed().await
    }

    async fn enqueue(&self, write: QueuedWrite) -> Result<()> {
        let room = write.room().map_or(0, |room| room.0.unsigned_abs() as usize);
        let queue = &self.queues[room % self.queues.len()];
        queue.send(write).await.map_err(|_| Error::from(Code::Unavailable))
    }
}
