//! The rows, one file a table, and the connections to them.
//!
//! SQLite has one writer: every write goes through [`Database::writer`], a pool of one, so that
//! writers wait in line here and not in `SQLITE_BUSY`. Reads go through [`Database::reader`].

use std::{ffi::CStr, path::Path, time::Duration};

use chrono::Utc;
use migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait, sqlx::sqlite::SqliteSynchronous,
};
use shared::Timestamp;

pub mod members;
pub mod mentions;
pub mod messages;
pub mod rooms;
pub mod sessions;
pub mod users;

/// SQLite before this can corrupt a WAL that two connections reset at once.
const SQLITE_MIN: i32 = 3_051_003;

/// The two ways to the database.
#[derive(Clone)]
pub struct Database {
    /// For reads: several connections that never block each other.
    pub reader: DatabaseConnection,
    /// For writes: one connection.
    pub writer: DatabaseConnection,
}

impl Database {
    /// Opens (or makes) the database, brings its tables up to date and checks that a commit is
    /// durable.
    pub async fn open(url: &str) -> Result<Self, DbErr> {
        check_sqlite()?;
        let writer = connect(url, 1).await?;
        Migrator::up(&writer, None).await?;
        check_durable(&writer).await?;
        Ok(Self { reader: connect(url, 8).await?, writer })
    }

    /// A transaction that holds the right to write from its first moment: one that asks for it
    /// later can be refused. Only for tasks that nobody cancels: dropped half-way it would leave
    /// its connection inside it (sqlx #4385).
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer.begin_with_options(options).await
    }

    /// Lets every connection finish and closes it; SQLite then folds its WAL into the file.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.writer.close().await
    }
}

/// The address of the SQLite file in a data folder.
pub fn sqlite_url(data: &Path) -> String {
    format!("sqlite://{}?mode=rwc", data.join("hallway.sqlite").display())
}

async fn connect(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|options| {
            options
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(10))
                .pragma("journal_mode", "WAL")
                .synchronous(SqliteSynchronous::Full)
                .pragma("secure_delete", "FAST")
                .pragma("temp_store", "MEMORY")
        });
    sea_orm::Database::connect(options).await
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

async fn check_durable(writer: &DatabaseConnection) -> Result<(), DbErr> {
    let ask = async |pragma: &str| -> Result<String, DbErr> {
        let row = writer.query_one_raw(sea_orm::Statement::from_string(
            writer.get_database_backend(),
            format!("PRAGMA {pragma}"),
        ));
        let row = row.await?.ok_or(DbErr::RecordNotFound(pragma.into()))?;
        row.try_get_by_index::<String>(0)
            .or_else(|_| row.try_get_by_index::<i64>(0).map(|number| number.to_string()))
    };
    let (journal, synchronous) = (ask("journal_mode").await?, ask("synchronous").await?);
    if journal == "wal" && synchronous == "2" {
        return Ok(());
    }
    Err(DbErr::Custom(format!(
        "commits would not be durable: journal_mode={journal} (needs wal), \
         synchronous={synchronous} (needs 2)"
    )))
}

/// Now, as it is stored: microseconds since 1970.
pub fn now() -> i64 {
    Utc::now().timestamp_micros()
}

/// A stored moment as it is shown.
pub fn moment(micros: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(micros).unwrap_or_default()
}
