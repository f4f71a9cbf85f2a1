//! What all actors of a run share.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use shared::ids::RoomId;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::oracle::{Micros, Oracle, Window};
use crate::api::Api;

pub struct World {
    pub api: Api,
    pub nodes: Vec<SocketAddr>,
    pub oracle: Mutex<Oracle>,
    pub requests: AtomicU64,
    pub frames: AtomicU64,
    /// How late a frame may arrive after what it tells was ended, in microseconds.
    grace: Micros,
    started: Instant,
    length: Duration,
    /// Changes of one room, and of ranks (`None`), wait for each other, so that their order is known. Reads
    /// and messages do not wait.
    locks: Mutex<HashMap<Option<RoomId>, Arc<AsyncMutex<()>>>>,
}

impl World {
    pub fn new(api: Api, nodes: Vec<SocketAddr>, length: Duration, grace: Duration) -> Self {
        Self {
            api,
            nodes,
            oracle: Mutex::default(),
            requests: AtomicU64::new(0),
            frames: AtomicU64::new(0),
            grace: grace.as_micros() as Micros,
            started: Instant::now(),
            length,
            locks: Mutex::default(),
        }
    }

    pub fn oracle(&self) -> MutexGuard<'_, Oracle> {
        self.oracle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> Micros {
        self.started.elapsed().as_micros() as Micros
    }

    pub fn is_over(&self) -> bool {
        self.started.elapsed() >= self.length
    }

    /// The time in which a frame that arrives now may have been written.
    pub fn frame_window(&self) -> Window {
        let now = self.now();
        Window { from: now.saturating_sub(self.grace), until: now }
    }

    pub fn count(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }

    /// Waits for the other changes of a room, or of ranks.
    pub async fn lock(&self, room: Option<RoomId>) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(room).or_default().clone()
        };
        lock.lock_owned().await
    }
}
