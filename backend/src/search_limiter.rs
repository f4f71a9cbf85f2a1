//! Limits concurrent searches, so that they leave connections for other reads.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use shared::{ids::UserId, problem::Code};
use tokio::{
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{Error, Result};

/// How long a request waits for a permit before it fails with 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Hands out permits for searches and exports, limited in total and for each user.
pub struct SearchLimiter {
    total: Arc<Semaphore>,
    /// The semaphores of the users who hold a permit or wait for one.
    by_user: Mutex<HashMap<UserId, Weak<Semaphore>>>,
    max_per_user: usize,
}

/// A permit for one search or export, released when dropped.
pub struct SearchPermit {
    _total: OwnedSemaphorePermit,
    _user: OwnedSemaphorePermit,
}

impl SearchLimiter {
    /// Half of the reader connections for searches, and half of those for any one user.
    pub fn new(connections: u32) -> Self {
        let total = (connections as usize / 2).max(1);
        let max_per_user = (total / 2).max(1);
        Self { total: Arc::new(Semaphore::new(total)), by_user: Mutex::default(), max_per_user }
    }

    /// Waits for a permit; 503 after [`ACQUIRE_TIMEOUT`].
    pub async fn acquire(&self, user: UserId) -> Result<SearchPermit> {
        let permit = async {
            let user = self.semaphore_of(user).acquire_owned().await?;
            Ok(SearchPermit { _total: self.total.clone().acquire_owned().await?, _user: user })
        };
        let busy = "Too many searches are running. Try again in a moment.";
        let permit = timeout(ACQUIRE_TIMEOUT, permit).await;
        let permit = permit.map_err(|_| Error::new(Code::Unavailable, busy))?;
        permit.map_err(|closed: AcquireError| Error::internal(closed))
    }

    fn semaphore_of(&self, user: UserId) -> Arc<Semaphore> {
        let mut by_user = self.by_user.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(semaphore) = by_user.get(&user).and_then(Weak::upgrade) {
            return semaphore;
        }
        by_user.retain(|_, semaphore| semaphore.strong_count() > 0);
        let semaphore = Arc::new(Semaphore::new(self.max_per_user));
        by_user.insert(user, Arc::downgrade(&semaphore));
        semaphore
    }
}

impl SearchPermit {
    /// Runs a search to its end even if the client disconnects: the database continues an abandoned
    /// statement, so the permit must not be released before the statement ends.
    pub async fn run<T: Send + 'static>(
        self,
        search: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let search = async move {
            let _permit = self;
            search.await
        };
        tokio::spawn(search).await.map_err(Error::internal)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_user_cannot_take_all_permits() {
        let limiter = SearchLimiter::new(8);
        let (ada, bob, cleo) = (UserId(1), UserId(2), UserId(3));
        let (_first, second) =
            (limiter.acquire(ada).await.unwrap(), limiter.acquire(ada).await.unwrap());
        assert_eq!(limiter.acquire(ada).await.err().unwrap().code(), Code::Unavailable);
        let _bobs = (limiter.acquire(bob).await.unwrap(), limiter.acquire(bob).await.unwrap());
        assert_eq!(limiter.acquire(cleo).await.err().unwrap().code(), Code::Unavailable);
        drop(second);
        drop(limiter.acquire(cleo).await.unwrap());
        assert!(limiter.acquire(ada).await.is_ok());
    }

    #[tokio::test]
    async fn users_without_permits_use_no_memory() {
        let limiter = SearchLimiter::new(8);
        for id in 0..100 {
            drop(limiter.acquire(UserId(id)).await.unwrap());
        }
        assert_eq!(limiter.by_user.lock().unwrap().len(), 1);
    }
}
