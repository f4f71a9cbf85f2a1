//! A pool with a timeout for every statement.

use std::{future::Future, time::Duration};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement, prelude::async_trait::async_trait,
};

/// How long a statement or a transaction may take. After a timeout it may have been executed
/// anyway.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// Connections to one database. A statement fails after 5 s without a result, because a half-open
/// network connection never returns one.
#[derive(Clone)]
pub struct Pool(pub(super) DatabaseConnection);

impl Pool {
    /// Waits for every connection to finish and closes it.
    pub(super) async fn close(self) -> Result<(), DbErr> {
        self.0.close().await
    }
}

#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        with_timeout(self.get_database_backend(), self.0.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        with_timeout(self.get_database_backend(), self.0.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        with_timeout(self.get_database_backend(), self.0.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        with_timeout(self.get_database_backend(), self.0.query_all_raw(statement)).await
    }
}

/// Fails if the work takes longer than 5 s. SQLite has no timeout, because without a network a slow
/// statement is always still running.
pub async fn with_timeout<T, E: From<DbErr>>(
    backend: DbBackend,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    if backend == DbBackend::Sqlite {
        return work.await;
    }
    match tokio::time::timeout(TIMEOUT, work).await {
        Ok(result) => result,
        Err(_) => {
            let text = format!("the database did not answer within {} s", TIMEOUT.as_secs());
            Err(DbErr::Conn(RuntimeErr::Internal(text)).into())
        }
    }
}
