//! Limits how many searches, exports and the like run at once, in total and for each user, so that
//! they leave connections and cores for other requests.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use shared::{ids::UserId, problem::Code};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::{Error, Result};

/// The `Retry-After` of refused requests, in seconds.
const RETRY_AFTER_S: u64 = 5;

/// Hands out permits for one kind of request.
pub struct ConcurrencyLimiter {
    /// The name of the requests in error messages, such as `searches`.
    name: &'static str,
    total: Arc<Semaphore>,
    by_user: KeyedSemaphore<UserId>,
    /// How long a request waits for a permit before it fails.
    timeout: Duration,
}

/// A permit for one request, released when dropped.
pub struct Permit {
    _total: OwnedSemaphorePermit,
    _user: OwnedSemaphorePermit,
}

impl ConcurrencyLimiter {
    pub fn new(name: &'static str, total: usize, per_user: usize, timeout: Duration) -> Self {
        let total = Arc::new(Semaphore::new(total));
        Self { name, total, by_user: KeyedSemaphore::new(per_user), timeout }
    }

    /// Waits for a permit. Fails after the timeout, with 429 if the user holds all of theirs, or else
    /// with 503.
    pub async fn acquire(&self, user: UserId) -> Result<Permit> {
        let deadline = Instant::now() + self.timeout;
        let busy = |code, whose| {
            let detail = format!("{whose} {} are running. Try again in a moment.", self.name);
            Error::new(code, detail).retry_after(RETRY_AFTER_S)
        };
        let user = timeout_at(deadline, self.by_user.of(user).acquire_owned()).await;
        let user = user.map_err(|_| busy(Code::TooManyRequests, "Too many of your"))?;
        let total = timeout_at(deadline, self.total.clone().acquire_owned()).await;
        let total = total.map_err(|_| busy(Code::Unavailable, "Too many"))?;
        let (user, total) = (user.map_err(Error::internal)?, total.map_err(Error::internal)?);
        Ok(Permit { _total: total, _user: user })
    }
}

impl Permit {
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

/// The least number of keys at which unused semaphores are removed.
const SWEEP_MIN: usize = 64;

/// Gives each key its own semaphore with the same number of permits.
pub struct KeyedSemaphore<K> {
    permits: usize,
    by_key: Mutex<Keys<K>>,
}

struct Keys<K> {
    /// The semaphores of which someone holds a permit or waits for one, and some unused ones.
    semaphores: HashMap<K, Weak<Semaphore>>,
    /// The number of keys at which unused semaphores are removed. It is twice the number that was in
    /// use, so that the removal costs a constant time per new key.
    sweep_at: usize,
}

impl<K: Hash + Eq> KeyedSemaphore<K> {
    pub fn new(permits: usize) -> Self {
        let keys = Keys { semaphores: HashMap::new(), sweep_at: SWEEP_MIN };
        Self { permits, by_key: Mutex::new(keys) }
    }

    /// The key's semaphore. It lives as long as someone holds it or one of its permits.
    pub fn of(&self, key: K) -> Arc<Semaphore> {
        let mut keys = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(semaphore) = keys.semaphores.get(&key).and_then(Weak::upgrade) {
            return semaphore;
        }
        if keys.semaphores.len() >= keys.sweep_at {
            keys.semaphores.retain(|_, semaphore| semaphore.strong_count() > 0);
            keys.sweep_at = SWEEP_MIN.max(2 * keys.semaphores.len());
        }
        let semaphore = Arc::new(Semaphore::new(self.permits));
        keys.semaphores.insert(key, Arc::downgrade(&semaphore));
        semaphore
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_user_cannot_take_all_permits() {
        let limiter = ConcurrencyLimiter::new("searches", 4, 2, Duration::from_secs(5));
        let (ada, bob, cleo) = (UserId(1), UserId(2), UserId(3));
        let (_first, second) =
            (limiter.acquire(ada).await.unwrap(), limiter.acquire(ada).await.unwrap());
        let error = limiter.acquire(ada).await.err().unwrap();
        assert_eq!((error.code(), error.retry_after), (Code::TooManyRequests, Some(5)));
        assert!(error.problem.detail.starts_with("Too many of your searches are running."));
        let _bobs = (limiter.acquire(bob).await.unwrap(), limiter.acquire(bob).await.unwrap());
        assert_eq!(limiter.acquire(cleo).await.err().unwrap().code(), Code::Unavailable);
        drop(second);
        drop(limiter.acquire(cleo).await.unwrap());
        assert!(limiter.acquire(ada).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_timeout_a_request_gets_a_free_permit_or_fails_at_once() {
        let limiter = ConcurrencyLimiter::new("exports", 1, 1, Duration::ZERO);
        let start = Instant::now();
        let permit = limiter.acquire(UserId(1)).await.unwrap();
        assert!(limiter.acquire(UserId(1)).await.is_err());
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(permit);
        assert!(limiter.acquire(UserId(2)).await.is_ok());
    }

    #[test]
    fn a_key_keeps_its_semaphore_while_a_permit_is_held() {
        let semaphores = KeyedSemaphore::new(2);
        let permit = semaphores.of("ada").try_acquire_owned().unwrap();
        for key in ["bob", "cleo"] {
            assert_eq!(semaphores.of(key).available_permits(), 2);
        }
        assert_eq!(semaphores.of("ada").available_permits(), 1);
        drop(permit);
        assert_eq!(semaphores.of("ada").available_permits(), 2);
    }

    #[test]
    fn unused_keys_use_no_memory() {
        let semaphores = KeyedSemaphore::new(1);
        for key in 0..10_000 {
            drop(semaphores.of(key));
        }
        assert!(semaphores.by_key.lock().unwrap().semaphores.len() <= SWEEP_MIN);
    }
}
