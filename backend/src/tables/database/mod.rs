//! The connection pools, and a check that commits are durable.
//!
//! SQLite has one writer: all writes go through [`Database::writer`], a pool of one connection, so
//! that writers wait for the pool instead of failing with `SQLITE_BUSY`. The other databases allow
//! several writers, which lock the rooms that they write to.

use std::{fmt, time::Duration};

use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use connect::{PoolKind, connect};
use sqlite::{SqliteLimits, SqlitePool};

mod connect;
mod dialect;
mod durability;
mod epoch;
mod error_kind;
mod pool;
mod sqlite;
mod timeouts;
mod write_probe;

pub(super) use connect::check_backend;
pub use dialect::{
    clock, contains_ignoring_case, generated_ids_are_transactional, last_generated_id,
    lock_account_names, lock_room_names, prefix_pattern, row_lock, set_last_generated_id, snapshot,
    substring_pattern,
};
pub(super) use dialect::{lock_migrations, unlock_migrations};
pub use epoch::Epoch;
pub use error_kind::{DbErrorKind, db_error_kind};
pub use pool::{Connection, Pool, Transaction, with_timeout};
pub(super) use sqlite::connect_for_migrations;
pub(super) use sqlite::{query_row, run_sql};
pub use sqlite::{sqlite_file, sqlite_url, sqlite_version};
use timeouts::SEARCH_LIMIT;
use write_probe::WriteProbe;

/// How long closing the connections to a database server may take. All statements have ended
/// before.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The connections to the database.
#[derive(Clone)]
pub struct Database {
    /// For reads: several connections that never block each other.
    pub reader: Pool,
    /// For searches: half as many connections, one for each permit of the search limiter. The database
    /// stops a statement after 3 s.
    pub searcher: Pool,
    /// For writes; with SQLite a single connection.
    pub writer: Pool,
    /// For migrations, imports and archives; the writer with SQLite.
    maintenance: Pool,
    /// Changes with each start of a server.
    pub epoch: Epoch,
    /// The result of the durability check at start.
    pub durability: Durability,
    write_probe: WriteProbe,
}

/// The settings, read at start, that make commits durable: a summary for the operator.
#[derive(Clone, Debug)]
pub struct Durability(pub String);

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Database {
    /// Opens the pools; `maintenance` is that of [`open_for_maintenance`].
    pub(super) async fn with_pools(
        maintenance: Pool,
        url: &str,
        connections: u32,
    ) -> Result<Self, DbErr> {
        let searchers = (connections / 2).max(1);
        let (writer, reader, searcher) = match sqlite_file(url) {
            Some(file) => {
                let reader =
                    SqliteLimits { statement: None, ends_with_caller: true, searches: true };
                let searcher = SqliteLimits { statement: Some(SEARCH_LIMIT), ..reader };
                let pool = |limits, size| Pool::Sqlite(SqlitePool::new(file.clone(), limits, size));
                (maintenance.clone(), pool(reader, connections), pool(searcher, searchers))
            }
            None => (
                Pool::Server(connect(url, PoolKind::Writer, connections).await?),
                Pool::Server(connect(url, PoolKind::Reader, connections).await?),
                Pool::Server(connect(url, PoolKind::Search, searchers).await?),
            ),
        };
        let durability = Durability(durability::check_durable(&writer).await?);
        let (epoch, write_probe) = (Epoch::default(), WriteProbe::default());
        Ok(Self { reader, searcher, writer, maintenance, epoch, durability, write_probe })
    }

    /// The kind of database.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Whether other processes may write to the database.
    pub fn is_shared(&self) -> bool {
        self.backend() != DbBackend::Sqlite
    }

    /// Begins a write transaction. SQLite locks the database at once, because taking the lock later
    /// can fail. Only for tasks that are never cancelled: a transaction of the other databases that is
    /// dropped while it begins stays open on its connection (sqlx #4385).
    ///
    /// The other databases roll it back when it is idle for 5 s, so that a node that dies or loses
    /// its network does not hold its locks for hours.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        self.writer.begin().await
    }

    /// As [`Database::begin`], for a thread that may block: with SQLite, statements run on it.
    pub async fn begin_here(&self) -> Result<Transaction, DbErr> {
        self.writer.begin_here(true).await
    }

    /// As [`Database::begin_here`], for work that is done again if a crash of the machine undoes it: with SQLite,
    /// the commit does not wait for the disk, for which the next writes would have to wait as well.
    pub async fn begin_repeatable(&self) -> Result<Transaction, DbErr> {
        self.writer.begin_here(false).await
    }

    /// Begins a write transaction that may be idle, for work that waits for input.
    pub async fn begin_without_idle_timeout(&self) -> Result<Transaction, DbErr> {
        self.maintenance.begin().await
    }

    /// Begins a read-only transaction that sees the state of its first read, and whose statements may
    /// run for any time.
    pub async fn snapshot(&self) -> Result<Transaction, DbErr> {
        let pool = if self.is_shared() { &self.maintenance } else { &self.reader };
        pool.snapshot().await
    }

    /// Waits for every connection to finish and closes it; SQLite then merges its WAL into the file.
    /// A dead network cannot delay the shutdown, because closing has a timeout.
    pub async fn close(self) -> Result<(), DbErr> {
        let is_shared = self.is_shared();
        let close = async {
            self.reader.close().await?;
            self.searcher.close().await?;
            self.maintenance.close().await?;
            self.writer.close().await
        };
        if !is_shared {
            return close.await;
        }
        tokio::time::timeout(CLOSE_TIMEOUT, close).await.unwrap_or(Ok(()))
    }
}

/// Opens the pool that migrates the tables: with SQLite, whose file must exist, the writer's.
pub(super) async fn open_for_maintenance(url: &str) -> Result<Pool, DbErr> {
    match sqlite_file(url) {
        Some(file) => {
            let limits = SqliteLimits { statement: None, ends_with_caller: false, searches: false };
            Ok(Pool::Sqlite(SqlitePool::new(file, limits, 1)))
        }
        None => connect::connect_for_maintenance(url).await.map(Pool::Server),
    }
}
