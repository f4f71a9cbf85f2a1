//! Queued writes: how a batch executes them, and how their results reach the callers.

use futures_util::future::BoxFuture;
use shared::{ids::RoomId, problem::Code, rooms::ReadState};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{
    Batch, MarkRead, PostMessage, PostedMessage, RoomWrite, fair_queue::Account,
    mark_read::mark_all_read, post::post_all,
};
use crate::{Error, Result};

/// A write on the way to a batch, with the permits of its account to wait.
pub(super) struct Enqueued {
    pub(super) write: QueuedWrite,
    pub(super) _permit: OwnedSemaphorePermit,
}

/// A write in an actor's queue.
#[expect(
    clippy::large_enum_variant,
    reason = "most writes are posts: a box would be an allocation each"
)]
pub(super) enum QueuedWrite {
    /// A post; all posts of a batch share a few statements.
    Post(PostMessage, Reply<PostedMessage>),
    /// A read mark; all read marks of a batch share a few statements.
    MarkRead(MarkRead, Reply<ReadState>),
    /// Any other write, executed on its own.
    Other(Box<dyn OtherWrite>),
}

/// A type-erased [`RoomWrite`] with its reply.
pub(super) trait OtherWrite: Send + Sync {
    fn room(&self) -> Option<RoomId>;
    fn other_rooms<'a>(&'a self, batch: &'a Batch<'_>) -> BoxFuture<'a, Result<Vec<RoomId>>>;
    fn account(&self) -> Account;
    fn text_bytes(&self) -> usize;
    fn execute<'a>(&'a mut self, batch: &'a mut Batch<'_>) -> BoxFuture<'a, Result<()>>;
    fn send_reply(&mut self, failure: Option<&Error>);
}

/// The result of a write: set inside the transaction, sent after the commit.
pub(super) struct Reply<T> {
    result: Option<Result<T>>,
    sender: Option<oneshot::Sender<Result<T>>>,
}

/// A queued write, from the caller's side. Dropping it does not cancel the write.
pub struct PendingWrite<T>(oneshot::Receiver<Result<T>>);

impl<T> PendingWrite<T> {
    /// Waits for the commit.
    pub async fn committed(self) -> Result<T> {
        self.0.await.unwrap_or_else(|_| Err(Code::Unavailable.into()))
    }
}

impl<T> Reply<T> {
    pub(super) fn new() -> (Self, PendingWrite<T>) {
        let (sender, receiver) = oneshot::channel();
        (Self { result: None, sender: Some(sender) }, PendingWrite(receiver))
    }

    /// Stores the result. A retryable error comes from the database and fails the batch, because
    /// the transaction cannot continue after it.
    fn set(&mut self, result: Result<T>) -> Result<()> {
        match result {
            Err(error) if error.code().is_retryable() => Err(error),
            result => {
                self.result = Some(result);
                Ok(())
            }
        }
    }

    fn send(&mut self, failure: Option<&Error>) {
        let result = match failure {
            Some(error) => Err(error.clone()),
            None => self.result.take().unwrap_or_else(|| Err(Code::Internal.into())),
        };
        if let Some(sender) = self.sender.take() {
            // Fails if the caller no longer waits; the write stays committed.
            let _ = sender.send(result);
        }
    }
}

impl<W: RoomWrite> OtherWrite for (W, Reply<W::Out>) {
    fn room(&self) -> Option<RoomId> {
        self.0.room()
    }

    fn other_rooms<'a>(&'a self, batch: &'a Batch<'_>) -> BoxFuture<'a, Result<Vec<RoomId>>> {
        Box::pin(self.0.other_rooms(batch))
    }

    fn account(&self) -> Account {
        self.0.account()
    }

    fn text_bytes(&self) -> usize {
        self.0.text_bytes()
    }

    fn execute<'a>(&'a mut self, batch: &'a mut Batch<'_>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let result = self.0.execute(batch).await;
            self.1.set(result)
        })
    }

    fn send_reply(&mut self, failure: Option<&Error>) {
        self.1.send(failure);
    }
}

impl QueuedWrite {
    pub(super) fn room(&self) -> Option<RoomId> {
        match self {
            Self::Post(post, _) => Some(post.room),
            Self::MarkRead(mark, _) => Some(mark.room),
            Self::Other(write) => write.room(),
        }
    }

    pub(super) fn account(&self) -> Account {
        match self {
            Self::Post(post, _) => Some(post.author),
            Self::MarkRead(mark, _) => Some(mark.user),
            Self::Other(write) => write.account(),
        }
    }

    /// The size of the text that it writes.
    pub(super) fn text_bytes(&self) -> usize {
        match self {
            Self::Post(post, _) => post.content.len(),
            Self::MarkRead(..) => 0,
            Self::Other(write) => write.text_bytes(),
        }
    }

    /// Sends the result to the caller, or the error with which the transaction failed.
    pub(super) fn send_reply(&mut self, failure: Option<&Error>) {
        match self {
            Self::Post(_, reply) => reply.send(failure),
            Self::MarkRead(_, reply) => reply.send(failure),
            Self::Other(write) => write.send_reply(failure),
        }
    }
}

/// Executes the writes of a batch: posts, then read marks, then the other writes one by one. No
/// client gets a reply before the batch commits, so its writes are concurrent and may be reordered,
/// as long as the messages of each sender keep their order.
pub(super) async fn execute_all(batch: &mut Batch<'_>, writes: &mut [QueuedWrite]) -> Result<()> {
    let rooms = rooms_of(batch, writes).await?;
    batch.lock_rooms(rooms.into_iter()).await?;
    let (mut posts, mut post_replies) = (Vec::new(), Vec::new());
    let (mut marks, mut mark_replies) = (Vec::new(), Vec::new());
    let mut others = Vec::new();
    for write in writes {
        match write {
            QueuedWrite::Post(post, reply) => {
                posts.push(&*post);
                post_replies.push(reply);
            }
            QueuedWrite::MarkRead(mark, reply) => {
                marks.push(&*mark);
                mark_replies.push(reply);
            }
            QueuedWrite::Other(write) => others.push(write),
        }
    }
    for (reply, result) in post_replies.into_iter().zip(post_all(batch, &posts).await?) {
        reply.set(result)?;
    }
    for (reply, result) in mark_replies.into_iter().zip(mark_all_read(batch, &marks).await?) {
        reply.set(result)?;
    }
    for write in others {
        write.execute(batch).await?;
    }
    Ok(())
}

/// The rooms that a batch has to lock.
async fn rooms_of(batch: &Batch<'_>, writes: &[QueuedWrite]) -> Result<Vec<RoomId>> {
    let mut rooms: Vec<RoomId> = writes.iter().filter_map(QueuedWrite::room).collect();
    for write in writes {
        if let QueuedWrite::Other(write) = write {
            rooms.extend(write.other_rooms(batch).await?);
        }
    }
    Ok(rooms)
}
