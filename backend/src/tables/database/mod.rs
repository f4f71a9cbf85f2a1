//! The connections: two pools, and the checks that a commit is what we promise.
//!
//! SQLite has one writer: every write goes through [`Database::writer`], a pool of one, so that
//! writers wait in line here and not in `SQLITE_BUSY`. The other databases take several writers,
//! which lock the rooms that they write to.

use std::{fmt, time::Duration};

use migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::search_index;
use connect::{Kind, connect, connect_patient};

mod connect;
mod dialect;
mod pool;

pub use connect::{sqlite_file, sqlite_url, sqlite_version};
pub use dialect::{
    DbErrorKind, contains_ignoring_case, db_error_kind, last_generated_id, lock_first_account,
    prefix_pattern, row_lock, set_last_generated_id, snapshot, substring_pattern,
};
pub use pool::{Pool, with_timeout};

/// How long the connections to a server may take to be closed. What was asked of them is done, or
/// given up, before that.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

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
        let patient = connect_patient(url, connections).await?;
        migrate(&patient).await?;
        Self::with(patient, url, connections).await
    }

    /// Opens one whose tables are those of this program, and leaves them as they are: a server that
    /// is running on it goes by them.
    pub async fn open_existing(url: &str, connections: u32) -> Result<Self, DbErr> {
        let patient = connect_patient(url, connections).await?;
        check_migrated(&patient).await?;
        Self::with(patient, url, connections).await
    }

    async fn with(patient: DatabaseConnection, url: &str, connections: u32) -> Result<Self, DbErr> {
        let (reader, writer) = match patient.get_database_backend() {
            DbBackend::Sqlite => (connect(url, Kind::Reader, connections).await?, patient),
            _ => (patient, connect(url, Kind::Writer, connections).await?),
        };
        let durability = Durability(dialect::check_durable(&writer).await?);
        Ok(Self { reader: Pool(reader), writer: Pool(writer), durability })
    }

    /// Which of the three it is.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Whether other processes may write here too.
    pub fn is_shared(&self) -> bool {
        self.backend() != DbBackend::Sqlite
    }

    /// A transaction that has_facet the right to write from its first moment: with SQLite, one that
    /// asks for it later can be refused. Only for tasks that nobody cancels: dropped half-way it
    /// would leave its connection inside it (sqlx #4385).
    ///
    /// A database that others share rolls it back when it hears nothing of it for five seconds: this
    /// program or the link may be gone, and what it has locked would stay locked for hours.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        begin_to_write(&self.writer).await
    }

    /// The same for work that waits for somebody else in between, for as long as that takes.
    pub async fn begin_without_idle_timeout(&self) -> Result<DatabaseTransaction, DbErr> {
        begin_to_write(if self.is_shared() { &self.reader } else { &self.writer }).await
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

async fn begin_to_write(pool: &Pool) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    pool.0.begin_with_options(options).await
}

/// Brings the tables up to date. Of several nodes that start at once, one does it and the others
/// wait.
async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Sqlite {
        Migrator::up(db, None).await?;
        return search_index::rebuild_if_outdated(db).await;
    }
    let guard = db.begin_with_config(Some(IsolationLevel::ReadCommitted), None).await?;
    dialect::lock_migrations(&guard).await?;
    Migrator::up(db, None).await?;
    search_index::rebuild_if_outdated(db).await?;
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
