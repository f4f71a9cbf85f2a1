//! The epoch of a database, which distinguishes its states before and after a restored backup.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use sea_orm::{ConnectionTrait, DbErr, Statement};
use uuid::Uuid;

use super::{Database, dialect::query_number};

/// How often a node reads the number that the last start of a node stored, so that all nodes use the
/// same one.
const REFRESH: Duration = Duration::from_secs(5);

/// A random number that each start of a server stores in the database, in the column
/// `installation.generation`. It is a part of all entity tags, because a room of a restored backup gives
/// its next numbers to other content than before. A backup can only be restored while no server runs,
/// so there is a start after it.
#[derive(Clone, Debug, Default)]
pub struct Epoch(Arc<AtomicI64>);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0.load(Relaxed))
    }
}

impl Database {
    /// Stores a new epoch. Only for the start of a server.
    pub async fn begin_epoch(&self) -> Result<(), DbErr> {
        let (high, low) = Uuid::new_v4().as_u64_pair();
        let epoch = ((high ^ low) >> 1) as i64;
        let sql = format!("UPDATE installation SET generation = {epoch} WHERE id = 1");
        let statement = Statement::from_string(self.backend(), sql);
        self.writer.execute_raw(statement).await?;
        self.epoch.0.store(epoch, Relaxed);
        Ok(())
    }

    /// Follows the epoch that other nodes store.
    pub async fn follow_epoch(self) {
        loop {
            tokio::time::sleep(REFRESH).await;
            let sql = "SELECT generation FROM installation WHERE id = 1";
            match query_number(&self.reader, sql).await {
                Ok(epoch) => self.epoch.0.store(epoch, Relaxed),
                Err(error) => tracing::debug!(%error, "cannot read the epoch"),
            }
        }
    }
}
