//! Opens connection pools, with the session settings of each database.

use std::{
    ffi::CStr,
    future::Future,
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, Instant},
};

use sea_orm::{
    ConnectOptions, DatabaseConnection, DbBackend, DbErr,
    sqlx::{
        self, AssertSqlSafe, Connection, Executor, Sqlite, SqliteConnection,
        pool::PoolOptions,
        sqlite::{SqliteConnectOptions, SqliteSynchronous},
    },
};

use super::pool::TIMEOUT;

/// The oldest supported version, 3.51.3. Older ones can corrupt a WAL that two connections reset at
/// the same time.
const SQLITE_MIN: i32 = 3_051_003;
/// How long acquiring a connection may take. It is short, so that retries soon notice that the
/// database is reachable again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection for maintenance stays open without a statement.
const MAINTENANCE_IDLE: Duration = Duration::from_secs(30);
/// How long the check of a returned connection may take. A half-open network connection never
/// returns a result, and nothing else would close it.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// The URL of the SQLite file in a data folder.
pub fn sqlite_url(data: &Path) -> String {
    format!("sqlite://{}?mode=rwc", data.join("hallway.sqlite").display())
}

/// The file of an SQLite URL; `None` for other databases and databases in memory.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let options = url.starts_with("sqlite:").then(|| SqliteConnectOptions::from_str(url).ok())?;
    let file = options?.get_filename().to_owned();
    // sqlx names a database in memory `file:...`.
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

/// The purpose of a pool, which determines the limits that the database itself enforces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PoolKind {
    /// Short reads: a statement is stopped after [`super::pool::TIMEOUT`], except with SQLite.
    Reader,
    /// Searches: a statement is stopped after [`SEARCH_LIMIT`].
    Search,
    /// Writes, with a timeout for idle transactions.
    Writer,
    /// Migrations, imports and archives: statements may run and transactions may be idle for any
    /// time. With SQLite this is the pool of the writer.
    Maintenance,
}

/// How long a statement of a search may run. A client that gives up does not end its statement, and a
/// scan of all texts would go on for minutes.
const SEARCH_LIMIT: Duration = Duration::from_secs(3);
/// The number of instructions of SQLite's virtual machine, about a millisecond, after which a search
/// compares its time with the limit.
const SQLITE_CHECK_EVERY: i32 = 50_000;
/// The connections for maintenance: one transaction holds the lock while another migrates.
const MAINTENANCE_CONNECTIONS: u32 = 2;

/// Creates SQLite's vocabulary of the search index, with one row for each occurrence of a term, in
/// which search looks up terms by prefix. Each reader connection needs its own, because the table
/// is temporary.
const CREATE_TERMS_TABLE: &str = "CREATE VIRTUAL TABLE temp.message_terms \
     USING fts5vocab (main, message_words, instance)";

impl PoolKind {
    /// The limit of a statement.
    fn statement_limit(self) -> Option<Duration> {
        match self {
            Self::Reader => Some(TIMEOUT),
            Self::Search => Some(SEARCH_LIMIT),
            Self::Writer | Self::Maintenance => None,
        }
    }

    /// The number of connections that stay open.
    fn min_connections(self) -> u32 {
        u32::from(matches!(self, Self::Reader | Self::Writer))
    }

    /// The session settings for MySQL and MariaDB.
    ///
    /// Under REPEATABLE READ, the default, a transaction would read the counters as they were before
    /// it locked them. The lock timeout is below the statement timeout of 5 s. MySQL has no timeout
    /// for idle transactions, so it closes connections that are idle for 5 s, and the pool opens new
    /// ones when it needs them; MariaDB has a timeout for idle transactions. MariaDB counts the limit
    /// of a statement in seconds, MySQL in milliseconds.
    fn mysql_settings(self) -> String {
        let mut sql = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
             SET SESSION innodb_lock_wait_timeout = 4"
            .to_owned();
        if self == Self::Writer {
            sql += " /*M!100300 , SESSION idle_transaction_timeout = 5 */ \
                 /*!80000 , SESSION wait_timeout = 5 */";
        }
        if let Some(limit) = self.statement_limit() {
            let (seconds, millis) = (limit.as_secs(), limit.as_millis());
            sql += &format!(
                " /*M!100300 , SESSION max_statement_time = {seconds} */ \
                 /*!80000 , SESSION max_execution_time = {millis} */"
            );
        }
        sql
    }

    /// The session settings for PostgreSQL. `client_min_messages` suppresses the warning about a
    /// ROLLBACK outside a transaction (below).
    fn postgres_settings(self) -> String {
        let mut sql = "SET lock_timeout = '4s'; SET client_min_messages = 'error'".to_owned();
        if self == Self::Writer {
            sql += "; SET idle_in_transaction_session_timeout = '5s'";
        }
        if let Some(limit) = self.statement_limit() {
            sql += &format!("; SET statement_timeout = {}", limit.as_millis());
        }
        sql
    }
}

/// Opens the pool that migrates the tables. With SQLite it is the writer's pool.
pub async fn connect_for_maintenance(url: &str) -> Result<DatabaseConnection, DbErr> {
    if backend(url)? == DbBackend::Sqlite {
        check_sqlite()?;
        return connect(url, PoolKind::Writer, 1).await;
    }
    connect(url, PoolKind::Maintenance, MAINTENANCE_CONNECTIONS).await
}

/// Opens a pool of at most `connections` connections.
pub async fn connect(
    url: &str,
    kind: PoolKind,
    connections: u32,
) -> Result<DatabaseConnection, DbErr> {
    let url = url.replacen("mariadb:", "mysql:", 1);
    let (mysql, postgres) = (kind.mysql_settings(), kind.postgres_settings());
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(kind.min_connections())
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        // Connections are checked when they are returned (below).
        .test_before_acquire_if_idle_for(Duration::from_secs(1))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(sqlite_settings)
        .map_sqlx_sqlite_pool_opts(move |options| sqlite_pool(kind, options))
        .map_sqlx_mysql_pool_opts(move |options| {
            let settings = mysql.clone();
            options
                .after_connect(move |connection, _| {
                    let settings = settings.clone();
                    Box::pin(
                        async move { connection.execute(AssertSqlSafe(settings)).await.map(drop) },
                    )
                })
                .after_release(|connection, _| {
                    Box::pin(async move { is_healthy(connection.execute("ROLLBACK")).await })
                })
        })
        .map_sqlx_postgres_pool_opts(move |options| {
            let settings = postgres.clone();
            options
                .after_connect(move |connection, _| {
                    let settings = settings.clone();
                    Box::pin(
                        async move { connection.execute(AssertSqlSafe(settings)).await.map(drop) },
                    )
                })
                .after_release(|connection, _| {
                    Box::pin(async move { is_healthy(connection.execute("ROLLBACK")).await })
                })
        });
    if kind == PoolKind::Maintenance {
        options.idle_timeout(MAINTENANCE_IDLE);
    }
    sea_orm::Database::connect(options).await
}

/// Adds the hooks of SQLite's connections.
fn sqlite_pool(kind: PoolKind, options: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    // Only archives begin transactions on connections for reads, and those are not cancelled. To ask
    // SQLite would cost as much as a short read; this reads a counter.
    let reader = |options: PoolOptions<Sqlite>| {
        options.after_release(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        })
    };
    match kind {
        PoolKind::Writer | PoolKind::Maintenance => options.after_release(|connection, _| {
            Box::pin(async move { is_outside_transaction(connection).await })
        }),
        PoolKind::Reader => reader(options).after_connect(|connection, _| {
            Box::pin(async move { connection.execute(CREATE_TERMS_TABLE).await.map(drop) })
        }),
        PoolKind::Search => reader(options)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection.execute(CREATE_TERMS_TABLE).await?;
                    limit_search(connection).await
                })
            })
            .before_acquire(|connection, _| {
                Box::pin(async move { limit_search(connection).await.map(|()| true) })
            }),
    }
}

/// Stops the next statement of a connection [`SEARCH_LIMIT`] after now. The pool hands out a
/// connection for one statement at a time.
async fn limit_search(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let deadline = Instant::now() + SEARCH_LIMIT;
    let is_in_time = move || Instant::now() < deadline;
    connection.lock_handle().await?.set_progress_handler(SQLITE_CHECK_EVERY, is_in_time);
    Ok(())
}

fn sqlite_settings(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .pragma("journal_mode", "WAL")
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "FAST")
        .pragma("temp_store", "MEMORY")
}

/// Whether a returned connection to SQLite was outside any transaction. A commit that fails on a
/// full disk can leave its transaction open, or make sqlx believe that it is open; the next
/// transaction would then become part of it, look committed and never be written.
async fn is_outside_transaction(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let was_open = connection.execute("ROLLBACK").await.is_ok();
    Ok(!was_open && !connection.is_in_transaction())
}

/// Whether a returned connection works. It may be inside a transaction that was dropped while it
/// began (sqlx #4385), so this rolls back.
async fn is_healthy<T>(
    rollback: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(CHECK_TIMEOUT, rollback).await {
        Ok(result) => result.map(|_| true),
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

/// Fails if the linked SQLite is older than [`SQLITE_MIN`].
fn check_sqlite() -> Result<(), DbErr> {
    let version = sqlite_version();
    match version.split('.').filter_map(|part| part.parse::<i32>().ok()).collect::<Vec<_>>()[..] {
        [major, minor, patch] if major * 1_000_000 + minor * 1_000 + patch >= SQLITE_MIN => Ok(()),
        _ => Err(DbErr::Custom(format!(
            "SQLite {version} is too old: Hallway needs 3.51.3 or later"
        ))),
    }
}

/// The version of the linked SQLite.
pub fn sqlite_version() -> &'static str {
    CStr::to_str(libsqlite3_sys::SQLITE_VERSION).unwrap_or_default()
}
