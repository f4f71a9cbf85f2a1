//! The ledger executes every write to a room: to its messages, members, read marks and the room
//! itself. An actor takes the queued writes, up to 64 at a time, executes them in one transaction
//! with one fsync, and publishes and replies only after the commit.
//!
//! Each actor is a task of its own, so a cancelled request never leaves a transaction half done. It
//! holds the row locks of the rooms until the commit, so a room's `seq` and `rev` grow in the order
//! of commits. SQLite allows one writer and gets one actor; other databases get several, and all
//! writes of a room go to the same one.
//!
//! A write passes five files: [`Ledger`] checks the rate of its account and sends it to an actor,
//! `fair_queue` gives each account its turns, `actor` runs the transaction of its batch, the file named
//! after it changes the rows, and `publisher` publishes them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use shared::{
    ids::{RoomId, UserId},
    problem::Code,
    rooms::{ReadState, Room},
};
use tokio::sync::mpsc;

use crate::{
    Error, Result,
    concurrency_limiter::KeyedSemaphore,
    realtime::{
        hub::Hub,
        jobs::{Jobs, Runner},
    },
    tables::{Database, Pool},
};

mod accounts;
mod actor;
mod batch;
mod fair_queue;
mod indexer;
mod mark_read;
mod members;
mod messages;
mod moderation;
mod post;
mod publisher;
mod purge;
mod queue;
mod rooms;
mod write_rates;

pub use accounts::deletion_job;
use actor::{Actor, ActorHealth};
pub use batch::Batch;
use batch::NewEvent;
use fair_queue::Account;
use indexer::IndexBacklog;
pub use mark_read::MarkRead;
pub use members::{
    AddMember, CreateDirect, DirectRoom, EnterRoom, JoinByInvitation, JoinRoom, PublishAccount,
    RemoveMember, SetFavourites, SetHidden, SetMuted, SetRole,
};
pub use messages::{DeleteMessage, EditMessage, ReactToMessage};
pub use moderation::{Ban, CloseReport, ReportMessage, TimeOut, Unban};
pub use post::{DEFAULT_FORMAT, PostMessage, PostedMessage};
pub use purge::purge_job;
pub use queue::PendingWrite;
use queue::{Enqueued, QueuedWrite, Reply};
use rooms::AnnounceRestored;
pub use rooms::{
    CreateRoom, DeleteAbandonedRoom, DeleteRoom, RestoreRoom, RoomChanges, UpdateRoom,
};
use write_rates::WriteRates;

/// The maximum number of writes on the way to an actor's [`fair_queue`]; further callers wait until
/// there is space.
const CHANNEL_CAPACITY: usize = 1_024;
/// The maximum size of the texts of one account that wait for actors, in KiB; further callers of
/// that account wait.
const ACCOUNT_KIB_MAX: u32 = 1_024;
/// The least size that a waiting write counts with, in KiB, so that at most 64 writes of an account
/// wait.
const WRITE_KIB_MIN: u32 = 16;
/// The number of actors where the database allows several writers.
const ACTORS: usize = 4;

/// A handle to the actors; cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    queues: Vec<mpsc::Sender<Enqueued>>,
    /// The state of the actor of each queue.
    health: Vec<Arc<ActorHealth>>,
    /// A permit for each KiB that an account may have waiting.
    waiting: Arc<KeyedSemaphore<Account>>,
    rates: Arc<WriteRates>,
    changed_accounts: Arc<ChangedAccounts>,
    /// Woken when a room was deleted.
    jobs: Jobs,
}

/// The accounts that changed since the last batch. Only the one actor of SQLite has a cache of them; no
/// other actor keeps rows after its transaction.
#[derive(Default)]
struct ChangedAccounts(Mutex<HashSet<UserId>>);

impl ChangedAccounts {
    fn take(&self) -> HashSet<UserId> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<UserId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A write that is executed on its own, unlike posts and read marks, which a batch executes
/// together. It checks everything before it writes anything, so a rejected write has changed no
/// row, and the batch continues with the next one.
pub trait RoomWrite: Send + Sync + 'static {
    /// The result after the commit.
    type Out: Send + Sync + 'static;

    /// The room to lock; `None` if the room does not exist yet.
    fn room(&self) -> Option<RoomId>;

    /// Further rooms that the batch has to lock, found before it locks any: it locks all of its rooms at
    /// once, because two batches that add locks later could deadlock.
    fn other_rooms(&self, _batch: &Batch<'_>) -> impl Future<Output = Result<Vec<RoomId>>> + Send {
        std::future::ready(Ok(Vec::new()))
    }

    /// The account whose turn in the queue and whose rate limit the write takes; `None` for work of
    /// the server itself, which has its own turn and no limit.
    fn account(&self) -> Option<UserId>;

    /// The size of the text that it writes, in bytes. A write with text counts as a message for the
    /// rate limit.
    fn text_bytes(&self) -> usize {
        0
    }

    /// Checks, then writes. Called again if the transaction is retried.
    fn execute(&self, batch: &mut Batch<'_>) -> impl Future<Output = Result<Self::Out>> + Send;
}

impl Ledger {
    /// Starts the actors, and the task that indexes messages. An account may post `messages_per_second`
    /// messages for as long as it likes.
    pub fn start(db: Database, hub: Hub, jobs: Jobs, messages_per_second: u32) -> Self {
        let changed_accounts = Arc::<ChangedAccounts>::default();
        let actors = if db.is_shared() { ACTORS } else { 1 };
        let health: Vec<Arc<ActorHealth>> = (0..actors).map(|_| Arc::default()).collect();
        let backlog = IndexBacklog::new();
        let spawn_actor = |health: &Arc<ActorHealth>| {
            let (sender, queue) = mpsc::channel(CHANNEL_CAPACITY);
            let (changed_accounts, backlog) = (changed_accounts.clone(), backlog.clone());
            let actor =
                Actor::new(db.clone(), hub.clone(), changed_accounts, backlog, health.clone());
            actor.spawn(queue);
            sender
        };
        let queues = health.iter().map(spawn_actor).collect();
        indexer::start(db, backlog);
        Self {
            queues,
            health,
            waiting: Arc::new(KeyedSemaphore::new(ACCOUNT_KIB_MAX as usize)),
            rates: Arc::new(WriteRates::new(messages_per_second)),
            changed_accounts,
            jobs,
        }
    }

    /// Registers the jobs that delete the rows of deleted rooms and finish the deletion of accounts.
    pub fn register_jobs(&self, runner: &mut Runner, reader: &Pool) {
        purge::register(self, runner, reader);
        accounts::register(self, runner, reader);
    }

    /// Whether the actors run and commit what they take.
    pub fn is_writing(&self) -> bool {
        self.queues.iter().all(|queue| !queue.is_closed())
            && self.health.iter().all(|actor| actor.is_writing())
    }

    /// Makes the next batch read these accounts again. Called before the commit of a transaction that
    /// changes an account, so that no batch can start after it and use the old row; or once it turns
    /// out that another process changed one.
    pub fn invalidate_accounts(&self, changed: impl IntoIterator<Item = UserId>) {
        self.changed_accounts.lock().extend(changed);
    }

    /// Deletes a room. Clients lose access to its contents at once; a job deletes the rows.
    pub async fn delete_room(&self, delete: impl RoomWrite<Out = ()>) -> Result<()> {
        self.write(delete).await?;
        self.jobs.wake();
        Ok(())
    }

    /// Restores a deleted room. A background task tells its members, who see the room when they connect
    /// again if this process ends before.
    pub async fn restore_room(&self, restore: RestoreRoom) -> Result<Room> {
        let room = self.write(restore).await?;
        let (ledger, id) = (self.clone(), room.id);
        tokio::spawn(async move {
            let mut after = Some(UserId(0));
            while let Some(last) = after {
                // The room may have been deleted again.
                let told = ledger.write(AnnounceRestored { room: id, after: last }).await;
                after = told.unwrap_or_default();
            }
        });
        Ok(room)
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

    /// Puts a write into the queue of its room's actor; 429 if its account writes too fast. Waits
    /// while the account has too much waiting.
    async fn enqueue(&self, write: QueuedWrite) -> Result<()> {
        let (account, text_bytes) = (write.account(), write.text_bytes());
        if let Some(account) = account {
            self.rates.check(account, text_bytes)?;
        }
        let kib = u32::try_from(text_bytes.div_ceil(1_024)).unwrap_or(u32::MAX);
        let kib = kib.clamp(WRITE_KIB_MIN, ACCOUNT_KIB_MAX);
        let permit = self.waiting.of(account).acquire_many_owned(kib).await;
        let permit = permit.map_err(Error::internal)?;
        let room_id = write.room().map_or(0, |room| room.0.unsigned_abs() as usize);
        let queue = &self.queues[room_id % self.queues.len()];
        let write = Enqueued { write, _permit: permit };
        queue.send(write).await.map_err(|_| Error::from(Code::Unavailable))
    }
}
