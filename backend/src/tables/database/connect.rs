//! How each database is connected to.

use std::{
    ffi::CStr,
    future::Future,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sea_orm::{
    ConnectOptions, DatabaseConnection, DbBackend, DbErr,
    sqlx::{
        self, Connection, Executor, SqliteConnection,
        sqlite::{SqliteConnectOptions, SqliteSynchronous},
    },
};

use crate::tables::search_index;

/// SQLite before this can corrupt a WAL that two connections reset at once.
const SQLITE_MIN: i32 = 3_051_003;
/// How long a connection may take to be had. A database that is away is asked again soon after, so
/// that it is found again soon after it is back.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(3);
/// How long a connection that comes back may take to say that it is well. Over a link that is half
/// open nothing ever comes, and nobody else would let go of it.
const WELL_WITHIN: Duration = Duration::from_secs(2);

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
pub enum Kind {
    /// Reading, for however long.
    Reader,
    /// Writing, and waiting for nothing but the database.
    Writer,
}

impl Kind {
    /// What a connection begins with, for MySQL and for PostgreSQL.
    fn sessions(self) -> (&'static str, &'static str) {
        match self {
            Self::Reader => (MYSQL_READER, POSTGRES_READER),
            Self::Writer => (MYSQL_WRITER, POSTGRES_WRITER),
        }
    }
}

/// The pool by which the tables are brought up to date, whose transactions may take their time. With
/// SQLite it is that of the one writer, with the others that of the readers.
pub async fn connect_patient(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    if backend(url)? == DbBackend::Sqlite {
        check_sqlite()?;
        return connect(url, Kind::Writer, 1).await;
    }
    connect(url, Kind::Reader, connections).await
}

/// Connects; the number is how many connections there are at most.
pub async fn connect(url: &str, kind: Kind, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let url = url.replacen("mariadb:", "mysql:", 1);
    let (mysql, postgres) = kind.sessions();
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
                Box::pin(async move {
                    connection.execute(search_index::CREATE_TERMS_TABLE).await.map(drop)
                })
            }),
            Kind::Writer => options.after_release(|connection, _| {
                Box::pin(async move { is_at_rest(connection).await })
            }),
        })
        .map_sqlx_mysql_pool_opts(move |options| {
            options
                .after_connect(move |connection, _| {
                    Box::pin(async move { connection.execute(mysql).await.map(drop) })
                })
                .after_release(|connection, _| {
                    Box::pin(async move { well(connection.execute("ROLLBACK")).await })
                })
        })
        .map_sqlx_postgres_pool_opts(move |options| {
            options
                .after_connect(move |connection, _| {
                    Box::pin(async move { connection.execute(postgres).await.map(drop) })
                })
                .after_release(|connection, _| {
                    Box::pin(async move { well(connection.execute("ROLLBACK")).await })
                })
        });
    sea_orm::Database::connect(options).await
}

/// REPEATABLE READ, the default, would show a transaction the counters as they were before it had
/// their lock. Nobody waits for a lock longer than for an answer.
const MYSQL_READER: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
     SET SESSION innodb_lock_wait_timeout = 4";
/// Nor for whoever has_facet it and says nothing. MySQL knows no such limit for transactions, so there it
/// is one for every connection: a quiet one is made anew when it is needed.
const MYSQL_WRITER: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
     SET SESSION innodb_lock_wait_timeout = 4 \
     /*M!100300 , SESSION idle_transaction_timeout = 5 */ /*!80000 , SESSION wait_timeout = 5 */";
/// A rollback where there is nothing to roll back (below) is no news.
const POSTGRES_READER: &str = "SET lock_timeout = '4s'; SET client_min_messages = 'error'";
const POSTGRES_WRITER: &str = "SET lock_timeout = '4s'; SET client_min_messages = 'error'; \
     SET idle_in_transaction_session_timeout = '5s'";

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
