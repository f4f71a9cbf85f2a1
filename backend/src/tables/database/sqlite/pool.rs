//! Connections to a file, each used by one thread at a time.

use std::{
    future::Future,
    ops::Deref,
    panic::resume_unwind,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};

use rusqlite::Connection;
use sea_orm::{DbErr, RuntimeErr};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
    time::timeout,
};

use super::{
    SqliteLimits,
    open::open,
    rows::{failed_execution, failed_query},
};
use crate::tables::database::timeouts::ACQUIRE_TIMEOUT;

/// The number of instructions of SQLite's virtual machine, about a millisecond, after which a statement
/// looks whether it has to end.
const CHECK_EVERY: i32 = 50_000;

/// A bounded number of connections to one file; cheap to clone.
#[derive(Clone)]
pub struct SqlitePool {
    shared: Arc<Shared>,
    /// During a visit, its connection: this thread may block.
    visit: Option<Arc<Mutex<Lease>>>,
}

struct Shared {
    file: PathBuf,
    limits: SqliteLimits,
    connections: u32,
    permits: Arc<Semaphore>,
    /// The connection that was used last is taken first: it has the newest pages and statements.
    idle: Mutex<Vec<Connection>>,
}

impl SqlitePool {
    pub fn new(file: PathBuf, limits: SqliteLimits, connections: u32) -> Self {
        let permits = Arc::new(Semaphore::new(connections as usize));
        let shared = Shared { file, limits, connections, permits, idle: Mutex::default() };
        Self { shared: Arc::new(shared), visit: None }
    }

    /// Runs statements on a thread that may block. They end when their time is over; in pools for reads,
    /// also when this future is dropped.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DbErr> + Send + 'static,
    ) -> Result<T, DbErr> {
        if let Some(lease) = &self.visit {
            let lease = lock(lease);
            lease.limit_time();
            return work(&lease);
        }
        let (permit, shared) = (self.acquire().await?, self.shared.clone());
        let caller = Caller::default();
        let is_gone = caller.0.clone();
        on_blocking_thread(move || {
            let lease = Lease::new(shared, permit, is_gone)?;
            lease.limit_time();
            work(&lease)
        })
        .await
    }

    /// Runs a future on a thread that may block: its statements cost no further switch between threads, and
    /// use one connection.
    pub async fn visit<T, E, W>(
        &self,
        work: impl FnOnce(Self) -> W + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
        W: Future<Output = Result<T, E>>,
    {
        let (permit, shared) = (self.acquire().await?, self.shared.clone());
        let caller = Caller::default();
        let is_gone = caller.0.clone();
        on_blocking_thread(move || {
            let lease = Arc::new(Mutex::new(Lease::new(shared.clone(), permit, is_gone)?));
            Ok(Handle::current().block_on(work(Self { shared, visit: Some(lease) })))
        })
        .await?
    }

    /// Begins a transaction. A transaction that writes takes the lock at once, because taking it later
    /// can fail.
    pub async fn begin(&self, begin: &'static str) -> Result<SqliteTransaction, DbErr> {
        let (permit, shared) = (self.acquire().await?, self.shared.clone());
        // If this future is dropped, so is the lease, which rolls back.
        on_blocking_thread(move || {
            SqliteTransaction::begin(Lease::new(shared, permit, Arc::default())?, begin, false)
        })
        .await
    }

    /// As [`SqlitePool::begin`], for a thread that may block: statements run on it. The commit waits for the
    /// disk if it is `durable`; otherwise it survives a crash of the machine as of the next durable one.
    pub async fn begin_here(
        &self,
        begin: &'static str,
        is_durable: bool,
    ) -> Result<SqliteTransaction, DbErr> {
        let mut lease = Lease::new(self.shared.clone(), self.acquire().await?, Arc::default())?;
        if !is_durable {
            lease.is_durable = false;
            lease.execute_batch("PRAGMA synchronous = NORMAL").map_err(failed_execution)?;
        }
        SqliteTransaction::begin(lease, begin, true)
    }

    /// Waits for every statement and closes the connections. The last one to close merges the WAL into
    /// the file.
    pub async fn close(self) {
        // Fails only if the pool is closed already.
        let all = self.shared.permits.clone().acquire_many_owned(self.shared.connections).await;
        self.shared.permits.close();
        let connections = std::mem::take(&mut *lock(&self.shared.idle));
        let close = move || {
            drop((connections, all));
            Ok(())
        };
        let _ = on_blocking_thread(close).await;
    }

    async fn acquire(&self) -> Result<OwnedSemaphorePermit, DbErr> {
        let acquire = timeout(ACQUIRE_TIMEOUT, self.shared.permits.clone().acquire_owned());
        let failed = |text: &str| DbErr::Conn(RuntimeErr::Internal(text.to_owned()));
        match acquire.await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(failed("the database is closed")),
            Err(_) => Err(failed("all connections to the database are in use")),
        }
    }
}

/// Tells statements, when it is dropped, that nobody waits for them.
#[derive(Default)]
struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// A connection that returns to its pool when it is dropped.
struct Lease {
    connection: Option<Connection>,
    shared: Arc<Shared>,
    is_gone: Arc<AtomicBool>,
    /// Whether commits wait for the disk.
    is_durable: bool,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    fn new(
        shared: Arc<Shared>,
        permit: OwnedSemaphorePermit,
        is_gone: Arc<AtomicBool>,
    ) -> Result<Self, DbErr> {
        let idle = lock(&shared.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open(&shared.file, shared.limits).map_err(failed_query)?,
        };
        let connection = Some(connection);
        Ok(Self { connection, shared, is_gone, is_durable: true, _permit: permit })
    }

    /// Ends the next statements when their time is over or their caller is gone.
    fn limit_time(&self) {
        let limits = self.shared.limits;
        let deadline = limits.statement.map(|limit| Instant::now() + limit);
        let is_gone = self.is_gone.clone();
        let must_end = move || {
            (limits.ends_with_caller && is_gone.load(Relaxed))
                || deadline.is_some_and(|deadline| Instant::now() > deadline)
        };
        if limits.ends_with_caller || deadline.is_some() {
            let _ = self.progress_handler(CHECK_EVERY, Some(must_end));
        }
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("taken only when dropped")
    }
}

impl Drop for Lease {
    /// Rolls back what is left open. A commit that fails on a full disk can leave its transaction open;
    /// the next one would become a part of it, look committed and never be written.
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let _ = connection.progress_handler(0, None::<fn() -> bool>);
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        let is_durable =
            self.is_durable || connection.execute_batch("PRAGMA synchronous = FULL").is_ok();
        if connection.is_autocommit() && is_durable && !self.shared.permits.is_closed() {
            lock(&self.shared.idle).push(connection);
        }
    }
}

/// A transaction. It rolls back when it is dropped.
pub struct SqliteTransaction {
    lease: Arc<Mutex<Lease>>,
    /// Whether statements run on the caller's thread.
    is_here: bool,
}

impl SqliteTransaction {
    fn begin(lease: Lease, begin: &str, is_here: bool) -> Result<Self, DbErr> {
        lease.execute_batch(begin).map_err(failed_execution)?;
        Ok(Self { lease: Arc::new(Mutex::new(lease)), is_here })
    }

    /// Runs statements on a thread that may block.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DbErr> + Send + 'static,
    ) -> Result<T, DbErr> {
        if self.is_here {
            return work(&lock(&self.lease));
        }
        let lease = self.lease.clone();
        on_blocking_thread(move || work(&lock(&lease))).await
    }

    /// Makes the writes durable, and visible to others.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.end("COMMIT").await
    }

    /// Undoes the writes.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.end("ROLLBACK").await
    }

    /// The connection is free when this returns.
    async fn end(self, sql: &'static str) -> Result<(), DbErr> {
        let Self { lease, is_here } = self;
        let end = move || lock(&lease).execute_batch(sql).map_err(failed_execution);
        if is_here { end() } else { on_blocking_thread(end).await }
    }
}

async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DbErr> + Send + 'static,
) -> Result<T, DbErr> {
    match spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        Err(_) => Err(DbErr::Conn(RuntimeErr::Internal("the server stops".to_owned()))),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
