//! One interface to a pool and a transaction of any of the databases.

use std::future::Future;

use rusqlite::Connection as SqliteConnection;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, RuntimeErr, Statement, TransactionTrait, prelude::async_trait::async_trait,
    sea_query::SelectStatement,
};

use super::{
    dialect,
    sqlite::{self, RowReader, SqlitePool, SqliteTransaction},
    timeouts::TIMEOUT,
};

/// A pool or a transaction.
pub trait Connection: ConnectionTrait {
    /// Runs statements of SQLite in one visit to a thread that may block. Only with SQLite.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&SqliteConnection) -> Result<T, DbErr> + Send + 'static,
    ) -> impl Future<Output = Result<T, DbErr>> + Send;

    /// Reads the rows of a statement: with SQLite by the positions of the columns, otherwise as sea-orm
    /// does.
    fn fetch_rows<T: Send + 'static>(
        &self,
        select: &SelectStatement,
        from_sqlite: RowReader<T>,
        from_server: fn(&QueryResult) -> Result<T, DbErr>,
    ) -> impl Future<Output = Result<Vec<T>, DbErr>> + Send {
        let select = self.get_database_backend().build(select);
        async move {
            if select.db_backend == DbBackend::Sqlite {
                return self.run(move |db| sqlite::read_rows(db, &select, from_sqlite)).await;
            }
            self.query_all_raw(select).await?.iter().map(from_server).collect()
        }
    }
}

/// Connections to one database. A statement fails after 5 s without a result, because a half-open
/// network connection never returns one.
#[derive(Clone)]
pub enum Pool {
    Sqlite(SqlitePool),
    Server(DatabaseConnection),
}

impl Pool {
    /// Begins a transaction that writes.
    pub(in crate::tables) async fn begin(&self) -> Result<Transaction, DbErr> {
        Ok(match self {
            Self::Sqlite(pool) => Transaction::Sqlite(pool.begin("BEGIN IMMEDIATE").await?),
            Self::Server(pool) => Transaction::Server(pool.begin().await?),
        })
    }

    /// As [`Pool::begin`], for a thread that may block: with SQLite, statements run on it.
    pub(super) async fn begin_here(&self, is_durable: bool) -> Result<Transaction, DbErr> {
        match self {
            Self::Sqlite(pool) => {
                let txn = pool.begin_here("BEGIN IMMEDIATE", is_durable).await?;
                Ok(Transaction::Sqlite(txn))
            }
            Self::Server(_) => self.begin().await,
        }
    }

    /// Runs the reads of a request. With SQLite they run on one thread that may block, and cost no further
    /// switch between threads.
    pub async fn visit<T, E, W>(
        &self,
        work: impl FnOnce(Self) -> W + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
        W: Future<Output = Result<T, E>>,
    {
        match self {
            Self::Sqlite(pool) => pool.visit(|pool| work(Self::Sqlite(pool))).await,
            Self::Server(_) => work(self.clone()).await,
        }
    }

    /// Begins a read-only transaction that sees the state of its first read and blocks no writer.
    pub(super) async fn snapshot(&self) -> Result<Transaction, DbErr> {
        Ok(match self {
            // With SQLite, every transaction reads a snapshot.
            Self::Sqlite(pool) => Transaction::Sqlite(pool.begin("BEGIN").await?),
            Self::Server(pool) => Transaction::Server(dialect::snapshot(pool).await?),
        })
    }

    /// Waits for every connection to finish and closes it.
    pub(super) async fn close(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Server(pool) => pool.close().await?,
        }
        Ok(())
    }
}

/// A transaction. It rolls back when it is dropped.
pub enum Transaction {
    Sqlite(SqliteTransaction),
    Server(DatabaseTransaction),
}

impl Transaction {
    /// Makes the writes durable, and visible to others.
    pub async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(txn) => txn.commit().await,
            Self::Server(txn) => txn.commit().await,
        }
    }

    /// Undoes the writes.
    pub async fn rollback(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(txn) => txn.rollback().await,
            Self::Server(txn) => txn.rollback().await,
        }
    }
}

/// Both have the same variants, whose statements differ only in the timeout.
macro_rules! connection {
    ($Type:ty, $timeout:expr) => {
        impl Connection for $Type {
            async fn run<T: Send + 'static>(
                &self,
                work: impl FnOnce(&SqliteConnection) -> Result<T, DbErr> + Send + 'static,
            ) -> Result<T, DbErr> {
                match self {
                    Self::Sqlite(db) => db.run(work).await,
                    Self::Server(_) => Err(DbErr::Custom("not a connection to SQLite".to_owned())),
                }
            }
        }

        #[async_trait]
        impl ConnectionTrait for $Type {
            fn get_database_backend(&self) -> DbBackend {
                match self {
                    Self::Sqlite(_) => DbBackend::Sqlite,
                    Self::Server(db) => db.get_database_backend(),
                }
            }

            async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
                match self {
                    Self::Sqlite(db) => db.run(move |db| sqlite::execute(db, &statement)).await,
                    Self::Server(db) => $timeout(db.execute_raw(statement)).await,
                }
            }

            async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
                match self {
                    Self::Sqlite(db) => {
                        let sql = sql.to_owned();
                        db.run(move |db| sqlite::execute_script(db, &sql)).await
                    }
                    Self::Server(db) => $timeout(db.execute_unprepared(sql)).await,
                }
            }

            async fn query_one_raw(
                &self,
                statement: Statement,
            ) -> Result<Option<QueryResult>, DbErr> {
                match self {
                    Self::Sqlite(db) => {
                        let rows = db.run(move |db| sqlite::query(db, &statement, 1)).await?;
                        Ok(rows.into_iter().next())
                    }
                    Self::Server(db) => $timeout(db.query_one_raw(statement)).await,
                }
            }

            async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                match self {
                    Self::Sqlite(db) => {
                        db.run(move |db| sqlite::query(db, &statement, usize::MAX)).await
                    }
                    Self::Server(db) => $timeout(db.query_all_raw(statement)).await,
                }
            }
        }
    };
}

connection!(Pool, within_timeout);
connection!(Transaction, std::convert::identity);

/// Fails if the work takes longer than 5 s. SQLite has no timeout, because without a network a slow
/// statement is always still running.
pub async fn with_timeout<T, E: From<DbErr>>(
    backend: DbBackend,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    if backend == DbBackend::Sqlite {
        return work.await;
    }
    within_timeout(work).await
}

async fn within_timeout<T, E: From<DbErr>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match tokio::time::timeout(TIMEOUT, work).await {
        Ok(result) => result,
        Err(_) => {
            let text = format!("the database did not answer within {} s", TIMEOUT.as_secs());
            Err(DbErr::Conn(RuntimeErr::Internal(text)).into())
        }
    }
}
