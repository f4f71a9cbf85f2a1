//! A pool that gives up what is not answered.

use std::{future::Future, time::Duration};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement, prelude::async_trait::async_trait,
};

/// How long a question or a transaction may take. It is lost then, and may have been done.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Connections to one database. A statement that gets no answer in five seconds is given up: over a
/// link that is half open none ever comes.
#[derive(Clone)]
pub struct Pool(pub(super) DatabaseConnection);

impl Pool {
    /// Lets every connection finish and closes it.
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

/// Gives up what the database does not answer in time. With SQLite there is no link to be dead, and
/// what takes long is at work.
pub async fn with_timeout<T, E: From<DbErr>>(
    backend: DbBackend,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    if backend == DbBackend::Sqlite {
        return work.await;
    }
    match tokio::time::timeout(ANSWER_WITHIN, work).await {
        Ok(done) => done,
        Err(_) => {
            let text = format!("no answer in {} s", ANSWER_WITHIN.as_secs());
            Err(DbErr::Conn(RuntimeErr::Internal(text)).into())
        }
    }
}
