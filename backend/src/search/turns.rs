//! Whose turn it is to search.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use shared::{ids::UserId, problem::Code};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{Error, Result};

/// How long a search waits for others to end.
const WAIT: Duration = Duration::from_secs(5);

/// How many may search at once, so that others can read meanwhile.
pub struct Turns {
    all: Arc<Semaphore>,
    /// Of those who search, or wait for it.
    each: Mutex<HashMap<UserId, Weak<Semaphore>>>,
    /// Searches and exports of one person at once: nobody keeps all others from searching.
    each_most: usize,
}

/// A turn, given back when dropped.
pub struct Turn {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
}

impl Turns {
    /// As many as leave half of the connections for reading to all else.
    pub fn of(connections: u32) -> Self {
        let all = (connections as usize / 2).max(1);
        let each_most = (all / 2).max(1);
        Self { all: Arc::new(Semaphore::new(all)), each: Mutex::default(), each_most }
    }

    /// The next turn of somebody.
    pub async fn next(&self, user: UserId) -> Result<Turn> {
        let turn = async {
            let own = self.own(user).acquire_owned().await?;
            Ok(Turn { _all: self.all.clone().acquire_owned().await?, _own: own })
        };
        let busy = "Too many are searching: try again in a moment.";
        let turn = timeout(WAIT, turn).await.map_err(|_| Error::new(Code::Unavailable, busy))?;
        turn.map_err(|closed: tokio::sync::AcquireError| Error::internal(closed))
    }

    fn own(&self, user: UserId) -> Arc<Semaphore> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = each.get(&user).and_then(Weak::upgrade) {
            return own;
        }
        each.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(self.each_most));
        each.insert(user, Arc::downgrade(&own));
        own
    }
}

impl Turn {
    /// Does the work of a search to its end, even if nobody waits for it any more: a statement that
    /// was given up goes on in the database, and its turn must not be somebody else's meanwhile.
    pub async fn take<T: Send + 'static>(
        self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let work = async move {
            let _turn = self;
            work.await
        };
        tokio::spawn(work).await.map_err(Error::internal)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_person_cannot_have_all_turns() {
        let turns = Turns::of(8);
        let (ada, bob, cleo) = (UserId(1), UserId(2), UserId(3));
        let (_one, two) = (turns.next(ada).await.unwrap(), turns.next(ada).await.unwrap());
        assert_eq!(turns.next(ada).await.err().unwrap().code(), Code::Unavailable);
        let (_three, _four) = (turns.next(bob).await.unwrap(), turns.next(bob).await.unwrap());
        assert_eq!(turns.next(cleo).await.err().unwrap().code(), Code::Unavailable);
        drop(two);
        drop(turns.next(cleo).await.unwrap());
        assert!(turns.next(ada).await.is_ok());
    }

    #[tokio::test]
    async fn who_does_not_search_is_not_remembered() {
        let turns = Turns::of(8);
        for id in 0..100 {
            drop(turns.next(UserId(id)).await.unwrap());
        }
        assert_eq!(turns.each.lock().unwrap().len(), 1);
    }
}
