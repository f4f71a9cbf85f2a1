//! Opens connections to a file, with the settings that all of them have.

use std::{
    ffi::CStr,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use sea_orm::{
    ConnectOptions, DatabaseConnection, DbErr,
    sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous},
};

/// The oldest supported version, 3.51.3. Older ones can corrupt a WAL that two connections reset at
/// the same time.
const SQLITE_MIN: i32 = 3_051_003;
/// How long a statement waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The number of prepared statements that a connection keeps, more than the server has frequent ones.
const STATEMENTS_KEPT: usize = 200;

/// Creates the vocabulary of the search index, with one row for each occurrence of a term, in which
/// search looks up terms by prefix. Each connection needs its own, because the table is temporary.
const CREATE_TERMS_TABLE: &str = "CREATE VIRTUAL TABLE temp.message_terms \
     USING fts5vocab (main, message_words, instance)";

/// The limits of the statements of a pool.
#[derive(Clone, Copy, Debug)]
pub struct SqliteLimits {
    /// How long a statement may run.
    pub statement: Option<Duration>,
    /// Whether a statement ends when nobody waits for it any more. Not for writes, which their caller
    /// may believe done.
    pub ends_with_caller: bool,
    /// Whether the connections read the search index.
    pub searches: bool,
}

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

/// Opens a connection. The file exists: migrations have created it.
pub(super) fn open(file: &Path, limits: SqliteLimits) -> rusqlite::Result<Connection> {
    // Only one thread at a time has the connection, so it needs no mutex of its own.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA secure_delete = FAST; PRAGMA temp_store = MEMORY",
    )?;
    if limits.searches {
        connection.execute_batch(CREATE_TERMS_TABLE)?;
    }
    Ok(connection)
}

/// Opens a connection of sea-orm, which runs the migrations.
pub async fn connect_for_migrations(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(|options| {
        options
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("journal_mode", "WAL")
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "FAST")
    });
    sea_orm::Database::connect(options).await
}

/// Fails if the linked SQLite is older than [`SQLITE_MIN`].
pub fn check_version() -> Result<(), DbErr> {
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
