//! The connections: two pools, and the checks that a commit is what we promise.
//!
//! SQLite has one writer: every write goes through [`Database::writer`], a pool of one, so that
//! writers wait in line here and not in `SQLITE_BUSY`. The other databases take several writers,
//! which lock the rooms that they write to.

use std::{
    ffi::CStr,
    fmt,
    future::Future,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sqlx::{
        self, Connection, Executor, SqliteConnection,
        sqlite::{SqliteConnectOptions, SqliteSynchronous},
    },
};

use super::words;

mod dialect;
mod pool;

pub use dialect::{
    Refusal, beginning, contains, holding, last_number, lock_first_account, refusal, row_lock,
    set_last_number, snapshot,
};
pub use pool::{Pool, in_time};

/// SQLite before this can corrupt a WAL that two connections reset at once.
const SQLITE_MIN: i32 = 3_051_003;
/// How long a connection may take to be had. A database that is away is asked again soon after, so
/// that it is found again soon after it is back.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(3);
/// How long the connections to a server may take to be closed. What was asked of them is done, or
/// given up, before that.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// How long a connection that comes back may take to say that it is well. Over a link that is half
/// open nothing ever comes, and nobody else would let go of it.
const WELL_WITHIN: Duration = Duration::from_secs(2);

/// The two ways to the database.
#[derive(Clone)]
pub struct Database {
    /// For reads: several connections that never block each other.
    pub reader: Pool,
    /// For writes; with SQLite a single connection.
    pub writer: Pool,
    /// What a commit has survived.
    pub durability: Durability,
}

/// What a commit has survived, in the database's own words, as read from it at start.
#[derive(Clone, Debug)]
pub struct Durability(pub String);

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Database {
    /// Opens (or, with SQLite, makes) the database, brings its tables up to date and checks that a
    /// commit is durable. At most so many `connections` read, and as many write where the database
    /// takes more than one writer.
    pub async fn open(url: &str, connections: u32) -> Result<Self, DbErr> {
        let writer = connect_writer(url, connections).await?;
        migrate(&writer).await?;
        Self::with(writer, url, connections).await
    }

    /// Opens one whose tables are those of this program, and leaves them as they are: a server that
    /// is running on it goes by them.
    pub async fn open_existing(url: &str, connections: u32) -> Result<Self, DbErr> {
        let writer = connect_writer(url, connections).await?;
        check_migrated(&writer).await?;
        Self::with(writer, url, connections).await
    }

    async fn with(writer: DatabaseConnection, url: &str, readers: u32) -> Result<Self, DbErr> {
        let durability = Durability(dialect::check_durable(&writer).await?);
        Ok(Self {
            reader: Pool(connect(url, Kind::Reader, readers).await?),
            writer: Pool(writer),
            durability,
        })
    }

    /// Which of the three it is.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Whether other processes may write here too.
    pub fn is_shared(&self) -> bool {
        self.backend() != DbBackend::Sqlite
    }

    /// A transaction that holds the right to write from its first moment: with SQLite, one that
    /// asks for it later can be refused. Only for tasks that nobody cancels: dropped half-way it
    /// would leave its connection inside it (sqlx #4385).
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer.0.begin_with_options(options).await
    }

    /// A transaction that only reads, and sees everything as it was when it read first.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        dialect::snapshot(&self.reader.0).await
    }

    /// Lets every connection finish and closes it; SQLite then folds its WAL into the file. Over a
    /// link that is dead nobody takes leave, and whoever stops us does not wait for that.
    pub async fn close(self) -> Result<(), DbErr> {
        let is_shared = self.is_shared();
        let close = async {
            self.reader.close().await?;
            self.writer.close().await
        };
        if !is_shared {
            return close.await;
        }
        tokio::time::timeout(CLOSE_WITHIN, close).await.unwrap_or(Ok(()))
    }
}

/// The address of the SQLite file in a data folder.
pub fn sqlite_url(data: &Path) -> String {
    format!("sqlite://{}?mode=rwc", data.join("hallway.sqlite").display())
}

/// The file that an address names; none if it is not one of SQLite, or of one in memory.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let options = url.starts_with("sqlite:").then(|| SqliteConnectOptions::from_str(url).ok())?;
    let file = options?.get_filename().to_owned();
    // A database in memory has a made-up name with a scheme.
    (!file.to_string_lossy().starts_with("file:")).then_some(file)
}

fn backend(url: &str) -> Result<DbBackend, DbErr> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(DbBackend::Sqlite),
        Some("mysql" | "mariadb") => Ok(DbBackend::MySql),
        Some("postgres" | "postgresql") => Ok(DbBackend::Postgres),
        _ => Err(DbErr::Custom(
            "DATABASE_URL must be sqlite://PATH?mode=rwc, mysql://USER:PASSWORD@HOST/NAME or \
             postgres://USER:PASSWORD@HOST/NAME"
                .into(),
        )),
    }
}

/// What a pool is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reader,
    Writer,
}

async fn connect_writer(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let backend = backend(url)?;
    if backend == DbBackend::Sqlite {
        check_sqlite()?;
    }
    let writers = if backend == DbBackend::Sqlite { 1 } else { connections };
    connect(url, Kind::Writer, writers).await
}

async fn connect(url: &str, kind: Kind, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let url = url.replacen("mariadb:", "mysql:", 1);
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_WITHIN)
        .connect_timeout(ACQUIRE_WITHIN)
        // What came back well (below) is asked again only when it was idle for a while.
        .test_before_acquire_if_idle_for(Duration::from_secs(1))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|options| {
            options
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(10))
                .pragma("journal_mode", "WAL")
                .synchronous(SqliteSynchronous::Full)
                .pragma("secure_delete", "FAST")
                .pragma("temp_store", "MEMORY")
        })
        .map_sqlx_sqlite_pool_opts(move |options| match kind {
            // It never begins anything, and asking would be as much work as a short read.
            Kind::Reader => options.after_connect(|connection, _| {
                Box::pin(async move { connection.execute(words::TERMS).await.map(drop) })
            }),
            Kind::Writer => options.after_release(|connection, _| {
                Box::pin(async move { is_at_rest(connection).await })
            }),
        })
        .map_sqlx_mysql_pool_opts(|options| {
            options
                .after_connect(|connection, _| {
                    Box::pin(async move { connection.execute(MYSQL_SESSION).await.map(drop) })
                })
                .after_release(|connection, _| {
                    Box::pin(async move { well(connection.execute("ROLLBACK")).await })
                })
        })
        .map_sqlx_postgres_pool_opts(|options| {
            options
                .after_connect(|connection, _| {
                    Box::pin(async move { connection.execute(POSTGRES_SESSION).await.map(drop) })
                })
                .after_release(|connection, _| {
                    Box::pin(async move { well(connection.execute("ROLLBACK")).await })
                })
        });
    sea_orm::Database::connect(options).await
}

/// REPEATABLE READ, the default, would show a transaction the counters as they were before it had
/// their lock. Nobody waits for a lock longer than for an answer.
const MYSQL_SESSION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
     SET SESSION innodb_lock_wait_timeout = 4";
/// A rollback where there is nothing to roll back (below) is no news.
const POSTGRES_SESSION: &str = "SET lock_timeout = '4s'; SET client_min_messages = 'error'";

/// Whether a connection to SQLite may be used again. A commit that fails for want of space can leave
/// the transaction open, or sqlx taking it for open: what begins after that would be a part of it,
/// look committed, and be written nowhere.
async fn is_at_rest(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let was_open = connection.execute("ROLLBACK").await.is_ok();
    Ok(!was_open && !connection.is_in_transaction())
}

/// What comes back may be in the middle of a transaction whose beginning was given up (sqlx #4385).
async fn well<T>(
    rollback: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(WELL_WITHIN, rollback).await {
        Ok(answer) => answer.map(|_| true),
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

/// Brings the tables up to date. Of several nodes that start at once, one does it and the others
/// wait.
async fn migrate(writer: &DatabaseConnection) -> Result<(), DbErr> {
    if writer.get_database_backend() == DbBackend::Sqlite {
        Migrator::up(writer, None).await?;
        return words::bring_up_to_date(writer).await;
    }
    let guard = writer.begin_with_config(Some(IsolationLevel::ReadCommitted), None).await?;
    dialect::lock_migrations(&guard).await?;
    Migrator::up(writer, None).await?;
    words::bring_up_to_date(writer).await?;
    dialect::unlock_migrations(&guard).await?;
    guard.commit().await
}

/// Whether the tables are those of this program, without touching them.
async fn check_migrated(db: &DatabaseConnection) -> Result<(), DbErr> {
    let pending = Migrator::get_pending_migrations_read_only(db).await?.len();
    let wrong = |text: &str| Err(DbErr::Custom(text.to_owned()));
    if pending == Migrator::migrations().len() {
        return wrong("nothing is in it yet; `hallway serve` makes the tables");
    }
    if pending > 0 {
        return wrong(
            "an older Hallway made its tables; `hallway serve` of this one brings them up to date",
        );
    }
    Ok(())
}

fn check_sqlite() -> Result<(), DbErr> {
    let version = sqlite_version();
    match version.split('.').filter_map(|part| part.parse::<i32>().ok()).collect::<Vec<_>>()[..] {
        [major, minor, patch] if major * 1_000_000 + minor * 1_000 + patch >= SQLITE_MIN => Ok(()),
        _ => Err(DbErr::Custom(format!("SQLite {version} is older than 3.51.3, which is needed"))),
    }
}

/// The version of the SQLite inside.
pub fn sqlite_version() -> &'static str {
    CStr::to_str(libsqlite3_sys::SQLITE_VERSION).unwrap_or_default()
}
