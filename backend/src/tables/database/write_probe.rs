//! A write that proves that the database takes writes: neither a lock of another process nor a full
//! disk keeps a server from reading, nor from opening a transaction.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::{ConnectionTrait, DbErr};
use tokio::{sync::watch, time::Instant};

use super::{Database, DbErrorKind, Pool, db_error_kind};
use crate::tables::now;

/// The minimum interval between two probes, because each costs an fsync.
const INTERVAL: Duration = Duration::from_secs(1);

/// The last probe, shared by all handles to a database.
#[derive(Clone, Default)]
pub struct WriteProbe(Arc<Mutex<Option<Probe>>>);

struct Probe {
    started: Instant,
    /// `None` until the probe has ended.
    succeeded: watch::Receiver<Option<bool>>,
}

impl Database {
    /// Whether a write commits within `timeout`. Concurrent callers, and those within a second, share
    /// one write.
    pub async fn is_writable(&self, timeout: Duration) -> bool {
        let mut succeeded = self.start_probe();
        let ended = tokio::time::timeout(timeout, succeeded.wait_for(Option::is_some)).await;
        matches!(ended, Ok(Ok(result)) if *result == Some(true))
    }

    /// Starts a probe, unless one is running or has just ended. The probe is a task of its own, so
    /// that a caller who gives up leaves no transaction half done.
    fn start_probe(&self) -> watch::Receiver<Option<bool>> {
        let mut last = self.write_probe.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(probe) = &*last {
            let is_running =
                probe.succeeded.borrow().is_none() && probe.succeeded.has_changed().is_ok();
            if is_running || probe.started.elapsed() < INTERVAL {
                return probe.succeeded.clone();
            }
        }
        let (sender, succeeded) = watch::channel(None);
        let writer = self.writer.clone();
        tokio::spawn(async move {
            let result = write(&writer).await;
            if let Err(error) = &result {
                tracing::warn!(%error, "the database takes no writes");
            }
            sender.send_replace(Some(result.is_ok()));
        });
        *last = Some(Probe { started: Instant::now(), succeeded: succeeded.clone() });
        succeeded
    }
}

/// Writes the time into a row of its own.
async fn write(writer: &Pool) -> Result<(), DbErr> {
    let now = now();
    let update = format!("UPDATE versions SET version = {now} WHERE name = 'write_probe'");
    if writer.execute_unprepared(&update).await?.rows_affected() == 0 {
        let insert = format!("INSERT INTO versions (name, version) VALUES ('write_probe', {now})");
        match writer.execute_unprepared(&insert).await {
            // Another node was first.
            Err(error) if db_error_kind(&error) == DbErrorKind::UniqueViolation => {}
            result => {
                result?;
            }
        }
    }
    Ok(())
}
