//! A semaphore per key, such as an account.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::Semaphore;

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
