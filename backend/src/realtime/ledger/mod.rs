//! The ledger executes every write to a room: to its messages, members, read marks and the room
//! itself. An actor takes the queued writes, up to 64 at a time, executes them in one transaction
//! with one fsync, and publishes and replies only after the commit.
//!
//! Each actor is a task of its own, so a cancelled request never leaves a transaction half done. It
//! holds the row locks of the rooms until the commit, so a room's `seq` and `rev` grow in the order
//! of commits. SQLite allows one writer and gets one actor; other databases get several, and all
//! writes of a room go to the same one.
//!
//! A write passes three files: [`Ledger`] puts it into a queue, `actor` runs the transaction of its
//! batch, and the file named after it changes the rows.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use sea_orm::DatabaseTransaction;
use shared::{ids::RoomId, problem::Code, rooms::ReadState};
use tokio::sync::{Notify, mpsc};

use crate::{Error, Result, realtime::hub::Hub, tables::Database};

mod actor;
mod batch;
mod mark_read;
mod members;
mod messages;
mod post;
mod purge;
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
pub use rooms::{CreateRoom, DeleteRoom, UpdateRoom};

/// The maximum number of writes in the queue of an actor; further callers wait until there is
/// space.
const QUEUE_CAPACITY: usize = 1_024;
/// The number of actors where the database allows several writers.
const ACTORS: usize = 4;

/// A handle to the actors; cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    queues: Vec<mpsc::Sender<QueuedWrite>>,
    /// Incremented by every change of an account; an actor with an older value empties its cache.
    accounts_version: Arc<AtomicU64>,
    /// Notified when a room was deleted whose rows remain.
    room_deleted: Arc<Notify>,
}

/// A write that is executed on its own, unlike posts and read marks, which a batch executes
/// together. It checks everything before it writes anything, so a rejected write has changed no
/// row, and the batch continues with the next one.
pub trait RoomWrite: Send + Sync + 'static {
    /// The result after the commit.
    type Out: Send + Sync + 'static;

    /// The room to lock; `None` if the room does not exist yet.
    fn room(&self) -> Option<RoomId>;

    /// Checks, then writes. Called again if the transaction is retried.
    fn execute(&self, batch: &mut Batch<'_>) -> impl Future<Output = Result<Self::Out>> + Send;
}

impl Ledger {
    /// Starts the actors, and the task that deletes the rows of deleted rooms.
    pub fn start(db: Database, hub: Hub) -> Self {
        let accounts_version = Arc::<AtomicU64>::default();
        let actors = if db.is_shared() { ACTORS } else { 1 };
        let spawn_actor = |_| {
            let (sender, queue) = mpsc::channel(QUEUE_CAPACITY);
            let actor = Actor::new(db.clone(), hub.clone(), accounts_version.clone());
            tokio::spawn(actor.run(queue));
            sender
        };
        let ledger = Self {
            queues: (0..actors).map(spawn_actor).collect(),
            accounts_version: accounts_version.clone(),
            room_deleted: Arc::default(),
        };
        let deleted = ledger.room_deleted.clone();
        tokio::spawn(purge::purge_deleted_rooms(ledger.clone(), db.reader, deleted));
        ledger
    }

    /// Invalidates the cached accounts. Called inside the transaction that changes an account, so
    /// that no batch can start between its commit and the invalidation and use the old row.
    pub fn invalidate_accounts(&self, _: &DatabaseTransaction) {
        self.accounts_version.fetch_add(1, SeqCst);
    }

    /// Deletes a room. Clients lose access to its contents at once; a background task deletes the rows.
    pub async fn delete_room(&self, delete: DeleteRoom) -> Result<()> {
        self.write(delete).await?;
        self.room_deleted.notify_one();
        Ok(())
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
        let room_id = write.room().map_or(0, |room| room.0.unsigned_abs() as usize);
        let queue = &self.queues[room_id % self.queues.len()];
        queue.send(write).await.map_err(|_| Error::from(Code::Unavailable))
    }
}
