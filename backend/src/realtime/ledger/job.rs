//! A batch's work: what was asked, in which order it is done, and what is answered.
//!
//! Nothing in a batch was answered before all of it was asked, so any order is a right one as long
//! as each sender's own messages keep theirs. Messages come first and marks of reading second, each
//! kind in a few statements for all of them, and then everything else, one by one.

use futures_util::future::BoxFuture;
use shared::{ids::RoomId, problem::Code};
use tokio::sync::oneshot;

use super::{Batch, MarkRead, Post, Write, posting, reading};
use crate::{Error, Result};

/// What comes after the commit; nothing, if the ledger has ended.
pub type Answer<T> = oneshot::Receiver<Result<T>>;

/// A write, what came of it, and who waits for that.
pub struct Asked<W: Write> {
    /// What was asked.
    pub write: W,
    out: Option<Result<W::Out>>,
    reply: Option<oneshot::Sender<Result<W::Out>>>,
}

/// A place in line.
pub enum Job {
    /// Say something.
    Post(Asked<Post>),
    /// I have read up to here.
    Read(Asked<MarkRead>),
    /// Anything else.
    Other(Box<dyn Alone>),
}

/// A write with its type forgotten.
pub trait Alone: Send + Sync {
    fn room(&self) -> Option<RoomId>;
    fn run<'a>(&'a mut self, batch: &'a mut Batch<'_>) -> BoxFuture<'a, Result<()>>;
    fn answer(&mut self, failure: Option<Error>);
}

impl<W: Write> Asked<W> {
    pub(super) fn new(write: W, reply: oneshot::Sender<Result<W::Out>>) -> Self {
        Self { write, out: None, reply: Some(reply) }
    }

    /// Keeps the answer. Fails only when the transaction cannot be trusted any more.
    fn keep(&mut self, out: Result<W::Out>) -> Result<()> {
        match out {
            Err(error) if error.code().is_retryable() => Err(error),
            out => {
                self.out = Some(out);
                Ok(())
            }
        }
    }

    fn answer(&mut self, failure: Option<Error>) {
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

impl<W: Write> Alone for Asked<W> {
    fn room(&self) -> Option<RoomId> {
        self.write.room()
    }

    fn run<'a>(&'a mut self, batch: &'a mut Batch<'_>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let out = self.write.write(batch).await;
            self.keep(out)
        })
    }

    fn answer(&mut self, failure: Option<Error>) {
        Asked::answer(self, failure);
    }
}

impl Job {
    fn room(&self) -> Option<RoomId> {
        match self {
            Self::Post(asked) => asked.write.room(),
            Self::Read(asked) => asked.write.room(),
            Self::Other(asked) => asked.room(),
        }
    }

    pub(super) fn answer(&mut self, failure: Option<Error>) {
        match self {
            Self::Post(asked) => asked.answer(failure),
            Self::Read(asked) => asked.answer(failure),
            Self::Other(asked) => asked.answer(failure),
        }
    }
}

/// Does all of a batch.
pub(super) async fn run_all(batch: &mut Batch<'_>, jobs: &mut [Job]) -> Result<()> {
    batch.lock_rooms(jobs.iter().filter_map(Job::room)).await?;
    let (mut posts, mut reads, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for job in jobs {
        match job {
            Job::Post(asked) => posts.push(asked),
            Job::Read(asked) => reads.push(asked),
            Job::Other(asked) => others.push(asked),
        }
    }
    let written = posting::post_all(batch, posts.iter().map(|asked| &asked.write)).await?;
    for (asked, out) in posts.into_iter().zip(written) {
        asked.keep(out)?;
    }
    let written = reading::read_all(batch, reads.iter().map(|asked| &asked.write)).await?;
    for (asked, out) in reads.into_iter().zip(written) {
        asked.keep(out)?;
    }
    for asked in others {
        asked.run(batch).await?;
    }
    Ok(())
}
