//! Opens the database: connects, migrates, begins to rebuild an outdated search index, and checks that
//! commits are durable.

use migrations::{Migrator, MigratorTrait};
use sea_orm::{DatabaseConnection, DbErr, IsolationLevel, TransactionTrait};

use super::{
    database::{
        Database, Pool, check_backend, connect_for_migrations, lock_migrations,
        open_for_maintenance, sqlite_file, unlock_migrations,
    },
    search_index,
};

impl Database {
    /// Opens the database (with SQLite, creates the file), and brings the tables up to date. The
    /// reader pool has at most `connections` connections, and so has the writer pool, except that
    /// SQLite has one writer connection. Searches have half as many of their own.
    pub async fn open(url: &str, connections: u32) -> Result<Self, DbErr> {
        check_backend(url)?;
        if sqlite_file(url).is_some() {
            let db = connect_for_migrations(url).await?;
            Migrator::up(&db, None).await?;
            db.close().await?;
        }
        let pool = open_for_maintenance(url).await?;
        match &pool {
            Pool::Sqlite(_) => search_index::begin_if_outdated(&pool).await?,
            Pool::Server(db) => migrate(&pool, db).await?,
        }
        Self::with_pools(pool, url, connections).await
    }

    /// Opens a database without changing its tables, because a running server may be using them.
    /// Fails unless the tables are those of this version.
    pub async fn open_existing(url: &str, connections: u32) -> Result<Self, DbErr> {
        check_backend(url)?;
        if sqlite_file(url).is_some() {
            let db = connect_for_migrations(url).await?;
            check_migrated(&db).await?;
            db.close().await?;
        }
        let pool = open_for_maintenance(url).await?;
        if let Pool::Server(db) = &pool {
            check_migrated(db).await?;
        }
        Self::with_pools(pool, url, connections).await
    }
}

/// Brings the tables of a database server up to date. When several nodes start at once, one migrates and
/// the others wait.
async fn migrate(pool: &Pool, db: &DatabaseConnection) -> Result<(), DbErr> {
    let lock_txn = db.begin_with_config(Some(IsolationLevel::ReadCommitted), None).await?;
    lock_migrations(&lock_txn).await?;
    Migrator::up(db, None).await?;
    search_index::begin_if_outdated(pool).await?;
    unlock_migrations(&lock_txn).await?;
    lock_txn.commit().await
}

/// Fails if migrations are pending.
async fn check_migrated(db: &DatabaseConnection) -> Result<(), DbErr> {
    let pending = Migrator::get_pending_migrations_read_only(db).await?.len();
    let fail = |text: &str| Err(DbErr::Custom(text.to_owned()));
    if pending == Migrator::migrations().len() {
        return fail("the database is empty; `hallway serve` creates the tables");
    }
    if pending > 0 {
        return fail(
            "an older version of Hallway created the tables; `hallway serve` of this version \
             brings them up to date",
        );
    }
    Ok(())
}
